"""Use case: open the clocks of a ticket and settle them, as its events tell."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.climb import WORKER, climb
from escalation.clock_store import ClockStore, Taken, steps_of
from escalation.commitments import with_promises
from escalation.counted_rungs import take_back_findings
from escalation.domain.ending import ending
from escalation.domain.policy import LimitRule, is_promise, is_silent, limits_of
from escalation.domain.reason import because_of
from escalation.domain.reckoning import Terms, reckon
from escalation.domain.schedule import ahead_of, times_of
from escalation.domain.told import RUNS_ON
from escalation.domain.worktime import Due, WorkCalendar, utc
from escalation.move import run_on
from escalation.rulebook import PublishedRules, Rulebook
from escalation.store import BELL, DeadlineStore, EscalationStore, Which
from escalation.tell import take_back
from escalation.terms import columns_of
from schemas.events import Event, HandOver, Matter, RungWithdrawn, TicketEscalationWithdrawn
from schemas.lifecycle import Step
from services.database import ring_after_commit
from services.resources import Resources
from services.tickets import TicketStore

End = tuple[datetime, str]
Climbed = frozenset[tuple[int, datetime]]

IN_TIME, UNFOUNDED = "答复时未到期", "所依据的红牌已撤销"


class Clocks:
    """The clocks of one ticket, while one event about it is handled."""

    def __init__(
        self, event: Event, rulebook: Rulebook, connection: AsyncConnection, resources: Resources
    ) -> None:
        self.event = event
        self.rulebook = rulebook
        self._connection = connection
        self._resources = resources
        self._now = resources.clock.now()
        self._zone = ZoneInfo(resources.settings.time_zone)

    @classmethod
    async def of(cls, event: Event, connection: AsyncConnection, resources: Resources) -> "Clocks":
        """Take the rules in force."""
        rulebook = await resources.part(PublishedRules).current(connection)
        return cls(event, rulebook, connection, resources)

    async def start(
        self,
        matter: Matter,
        clock: str,
        stages: Sequence[str],
        at: datetime,
        *,
        assignment_id: UUID | None = None,
        department: str | None = None,
        climbed: Climbed = frozenset(),
        kept: Terms | None = None,
        since: datetime | None = None,
    ) -> None:
        """
        Open the clocks these stages have by the limits in force, counted from `at`.

        An event may be handled long after it happened: of what the ticket has
        done since, a stage is settled with the time it was done, and gets the
        cards of what fell due before. A clock that goes on from an earlier
        assignment does not climb again what was `climbed` then, and no rung of
        it is dated before the moment `since` which it goes on.
        """
        limits = limits_of(self.rulebook.limits, clock, matter)
        wanted = [each for each in limits if each.stage in stages]
        calendar = self.rulebook.calendar_of(department)
        limits = await with_promises(wanted, department, matter, at, calendar, self._connection)
        whose = {"assignment_id": assignment_id, "department": department}
        await self.begin(
            limits, at, whose, historical=matter.historical, climbed=climbed, kept=kept, since=since
        )

    async def begin(
        self,
        limits: Iterable[LimitRule],
        at: datetime,
        whose: Mapping[str, Any],
        *,
        historical: bool = False,
        climbed: Climbed = frozenset(),
        kept: Terms | None = None,
        since: datetime | None = None,
    ) -> None:
        """Open the clocks of these limits; what is `kept` of an earlier one is all but start and limit."""
        steps = await steps_of(self._connection, [self.event.ticket])
        later = self.later(steps.get(self.event.ticket, ()))
        begun = self.begun(
            limits, at, whose, later, historical=historical, climbed=climbed, kept=kept, since=since
        )
        await TicketStore(self._connection).promise_all(begun.promises)
        await self.open(begun.clocks)

    def later(self, steps: Iterable[Taken]) -> list[tuple[str, datetime]]:
        """Return of a ticket's steps those it has taken since the event."""
        return [(each.step, each.at) for each in steps if each.version > self.event.version]

    def begun(
        self,
        limits: Iterable[LimitRule],
        at: datetime,
        whose: Mapping[str, Any],
        later: Sequence[tuple[str, datetime]],
        *,
        historical: bool = False,
        climbed: Climbed = frozenset(),
        kept: Terms | None = None,
        since: datetime | None = None,
    ) -> "Begun":
        """Return the clocks of these limits, of a ticket that has taken those steps `later`."""
        begun = Begun([], [])
        calendar = self.rulebook.calendar_of(whose.get("department"))
        for limit in limits:
            terms = Terms(at, limit.amount)
            if kept is not None:
                terms = replace(kept, start=at, limit=limit.amount)
            due = reckon(terms, calendar)
            row = self.row(limit, terms, due, calendar, historical=historical, climbed=climbed, since=since)
            row = {**row, **columns_of(terms), **whose}
            begun.clocks.append((row, ending(limit.clock, limit.stage, later)))
            if is_promise(limit):
                because = because_of(limit, at.astimezone(self._zone), self.rulebook.versions)
                begun.promises.append((self.event.ticket, due.at, because, due.provisional))
        return begun

    async def open(self, clocks: Sequence[tuple[dict[str, Any], End | None]]) -> None:
        """Open clocks; of one that has ended meanwhile, when and why is given with it."""
        await open_all([(self, clocks)], self._connection)

    async def settle(
        self, clock: str, stages: Sequence[str], because: str, assignment_id: UUID | None = None
    ) -> None:
        """
        Stop clocks at the event's time; those opened by a later event run on.

        Rungs that fell due before it and that the timer has not reached yet are
        climbed; rungs climbed that fell due after it are withdrawn.
        """
        await self.settle_at(Which(clock, stages, assignment_id), self.event.time, because)

    async def hand_over(self, told: HandOver) -> None:
        """Put the open clocks of an assignment under the one that goes on with it; no time is given."""
        store = DeadlineStore(self._connection)
        await store.hand_over(self.event.ticket, told.continues, told.assignment_id, told.department)

    async def is_first(self, step: Step) -> bool:
        """Say whether the ticket had not taken this step before the event."""
        steps = await steps_of(self._connection, [self.event.ticket])
        return not any(
            each.step == step and each.version < self.event.version for each in steps[self.event.ticket]
        )

    async def settle_at(self, which: Which, at: datetime, because: str) -> None:
        """Stop clocks at a moment, as `settle` does at the event's."""
        store = DeadlineStore(self._connection)
        still = await ClockStore(self._connection).standing_still(self.event, which, at)
        await run_on(still, at, RUNS_ON, self._connection, self._resources)
        while missed := await store.claim_missed(self.event, which, at):
            await climb(missed, self._connection, self._resources)
        await self.take_back(await store.settle(self.event, which, at, because), at)

    async def take_back(self, settled: Sequence[UUID], at: datetime) -> None:
        """Withdraw the rungs of clocks settled at a moment that fell due after it."""
        withdrawn = await EscalationStore(self._connection).withdraw(settled, at, self._now)
        found = await take_back_findings(withdrawn, self._connection, self._resources)
        whys = [*((row, IN_TIME) for row in withdrawn), *((row, UNFOUNDED) for row in found)]
        notes = [
            (_withdrawal(row, at, self._now), Step.WITHDRAW_ESCALATION, f"{row.name}撤销:{why}")
            for row, why in whys
        ]
        await TicketStore(self._connection).note(notes, actor=WORKER)
        await take_back([row.id for row, _ in whys], self._connection, self._now)

    def row(
        self,
        limit: LimitRule,
        terms: Terms,
        due: Due,
        calendar: WorkCalendar,
        *,
        historical: bool = False,
        climbed: Climbed = frozenset(),
        since: datetime | None = None,
    ) -> dict[str, Any]:
        """Return the row of a clock that runs from then to then, with its rungs."""
        times = times_of(self.rulebook.ladder, limit.stage, terms, due.at, calendar)
        if is_silent(limit):
            times = ()  # this one is shown and listed
        plan = ahead_of(times, climbed, since or utc(terms.start))
        first = plan.following
        if historical:
            behind = [each for each in plan.rungs[first or 0 :] if each[1] < self._now]
            first = None if first is None or first + len(behind) == len(plan.rungs) else first + len(behind)
        return {
            "id": uuid4(),
            "ticket_id": self.event.ticket,
            "opened_by": self.event.id,
            "clock": limit.clock,
            "stage": limit.stage,
            "started_at": terms.start,
            "amount": limit.amount.count,
            "unit": str(limit.amount.unit),
            "fixed": None,
            "due_at": due.at,
            "provisional": due.provisional,
            "rule": limit.rule,
            "layer": str(limit.layer),
            "source": limit.source,
            "versions": self.rulebook.versions,
            "schedule": [[level, each.isoformat()] for level, each in plan.rungs],
            "changed_at": since,
            "next_rung": first,
            "next_rung_at": None if first is None else plan.rungs[first][1],
            "settled_at": None,
            "settled_because": None,
        }


@dataclass(frozen=True, slots=True)
class Begun:
    """Clocks as their rows, each with when and why it has ended by now; and what the caller is promised."""

    clocks: list[tuple[dict[str, Any], End | None]]
    promises: list[tuple[str, datetime, str, bool]]


async def open_all(
    begun: Iterable[tuple[Clocks, Iterable[tuple[dict[str, Any], End | None]]]], connection: AsyncConnection
) -> None:
    """Open clocks of several tickets; of one that has ended meanwhile, when and why is given with it."""
    rows, late = [], []
    for clocks, opened in begun:
        for row, end in opened:
            if end and row["next_rung_at"] and row["next_rung_at"] < end[0]:
                late.append((clocks, Which(row["clock"], (row["stage"],), row["assignment_id"]), *end))
                rows.append(row)
            else:
                rows.append({**row, **_settled(*end)} if end else row)
    await DeadlineStore(connection).open(rows)
    for clocks, which, settled_at, because in late:
        await clocks.settle_at(which, settled_at, because)
    ring_after_commit(connection, BELL)


def _settled(at: datetime, because: str) -> dict[str, Any]:
    return {"settled_at": at, "settled_because": because, "next_rung": None, "next_rung_at": None}


def _withdrawal(row: Any, settled_at: datetime, now: datetime) -> TicketEscalationWithdrawn:
    data = RungWithdrawn(
        deadline_id=row.deadline_id,
        clock=row.clock,
        stage=row.stage,
        level=row.level,
        department=row.department,
        fell_due_at=row.fell_due_at,
        settled_at=settled_at,
    )
    return TicketEscalationWithdrawn(ticket=row.ticket_id, time=now, data=data)
