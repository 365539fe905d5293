"""Use case: open clocks, settle them, and climb the rungs that have fallen due."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.ladder import rung_times
from escalation.domain.policy import LimitRule, limits_for
from escalation.domain.worktime import Due, add
from escalation.rulebook import PublishedRules, Rulebook
from escalation.store import DeadlineStore, EscalationStore
from schemas.events import (
    Event,
    Matter,
    Rung,
    RungWithdrawn,
    TicketEscalated,
    TicketEscalationWithdrawn,
)
from schemas.lifecycle import Step
from services.database import ring_after_commit
from services.resources import Resources
from services.tickets import TicketStore

CITIZEN, DEPARTMENT = "citizen", "department"
WORKER = "escalation"
BELL = "deadlines"

UNITS = {
    "wall_minutes": "分钟",
    "working_minutes": "工作分钟",
    "working_days": "个工作日(当日不计)",
    "calendar_days": "个自然日(当日不计)",
}


class Clocks:
    """The clocks of one ticket, while one event about it is handled."""

    def __init__(
        self, event: Event, rulebook: Rulebook, connection: AsyncConnection, resources: Resources
    ) -> None:
        self._event = event
        self._rulebook = rulebook
        self._connection = connection
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
    ) -> None:
        """Open the clocks these stages have by the limits in force, counted from `at`."""
        limits = limits_for(
            self._rulebook.limits, clock=clock, urgency=matter.urgency, kind=matter.kind, live=matter.live
        )
        rows = []
        for limit in limits:
            if limit.stage not in stages:
                continue
            due = add(at, limit.amount, self._rulebook.calendar)
            row = self._row(limit, at, due, historical=matter.historical)
            rows.append({**row, "assignment_id": assignment_id, "department": department})
            if clock == CITIZEN and limit.stage == "completion":
                await self._promise(limit, at, due)
        await DeadlineStore(self._connection).open(rows)
        ring_after_commit(self._connection, BELL)

    async def settle(self, clock: str, stages: Sequence[str], because: str) -> None:
        """
        Stop clocks at the event's time.

        Rungs that fell due before it and that the timer has not reached yet are
        climbed; rungs climbed that fell due after it are withdrawn.
        """
        at = self._event.time
        store = DeadlineStore(self._connection)
        while missed := await store.claim_missed(self._event.ticket, clock, stages, at):
            await _climb(missed, self._rulebook, self._connection, self._now)
        settled = await store.settle(self._event.ticket, clock, stages, at, because)
        withdrawn = await EscalationStore(self._connection).withdraw(settled, at, self._now)
        notes = [
            (_withdrawal(row, at, self._now), Step.WITHDRAW_ESCALATION, f"{row.name}撤销:答复时未到期")
            for row in withdrawn
        ]
        await TicketStore(self._connection).note(notes, actor=WORKER)

    def _row(self, limit: LimitRule, at: datetime, due: Due, *, historical: bool) -> dict[str, Any]:
        times = rung_times(
            self._rulebook.ladder,
            stage=limit.stage,
            start=at,
            due=due.at,
            limit=limit.amount,
            calendar=self._rulebook.calendar,
        )
        if limit.clock == CITIZEN and limit.stage == "completion":
            times = ()  # cards go by the department's clock; this one is shown and listed
        first = next((i for i, (_, each) in enumerate(times) if not (historical and each < self._now)), None)
        return {
            "id": uuid4(),
            "ticket_id": self._event.ticket,
            "opened_by": self._event.id,
            "clock": limit.clock,
            "stage": limit.stage,
            "started_at": at,
            "amount": limit.amount.count,
            "unit": str(limit.amount.unit),
            "due_at": due.at,
            "provisional": due.provisional,
            "rule": limit.rule,
            "versions": self._rulebook.versions,
            "schedule": [[rung.level, each.isoformat()] for rung, each in times],
            "next_rung": first,
            "next_rung_at": None if first is None else times[first][1],
        }

    async def _promise(self, limit: LimitRule, at: datetime, due: Due) -> None:
        versions = self._rulebook.versions
        start = f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"
        because = (
            f"自{start}受理起{limit.amount.count}{UNITS[limit.amount.unit]},"
            f"依据{limit.rule}({limit.source}),日历{versions['calendar']}"
        )
        await TicketStore(self._connection).promise(
            self._event.ticket, due.at, because, provisional=due.provisional
        )


async def climb_due(connection: AsyncConnection, resources: Resources, limit: int) -> int:
    """
    Climb one rung of every deadline that is due, at most `limit`; return how many.

    Card, history, event and the pointer to the next rung commit together. A
    rung is dated when it fell due; when it was detected is kept beside it.
    """
    now = resources.clock.now()
    due = await DeadlineStore(connection).claim_due(now, limit)
    if not due:
        return 0
    rulebook = await resources.part(PublishedRules).current(connection)
    await _climb(due, rulebook, connection, now)
    return len(due)


async def _climb(due: Sequence[Any], rulebook: Rulebook, connection: AsyncConnection, now: datetime) -> None:
    rungs = [(row, _rung(row, rulebook, now)) for row in due]
    await EscalationStore(connection).add([_record(row, rung) for row, rung in rungs])
    notes = [
        (TicketEscalated(ticket=row.ticket_id, time=now, data=rung), Step.ESCALATE, _sentence(rung))
        for row, rung in rungs
    ]
    await TicketStore(connection).note(notes, actor=WORKER)
    await DeadlineStore(connection).climb([_pointer(row) for row in due])


def _rung(row: Any, rulebook: Rulebook, now: datetime) -> Rung:
    level, fell_due_at = row.schedule[row.next_rung]
    rung = rulebook.rung(level)
    return Rung(
        deadline_id=row.id,
        clock=row.clock,
        stage=row.stage,
        level=level,
        name=rung.name,
        card=rung.card,
        receiver=rung.receiver,
        effect=rung.effect,
        department=row.department,
        due_at=row.due_at,
        fell_due_at=datetime.fromisoformat(fell_due_at),
        detected_at=now,
    )


def _record(row: Any, rung: Rung) -> dict[str, Any]:
    return {"id": uuid4(), "ticket_id": row.ticket_id, **rung.model_dump()}


def _pointer(row: Any) -> dict[str, Any]:
    following = row.next_rung + 1
    if following >= len(row.schedule):
        return {"deadline": row.id, "rung": None, "at": None}
    return {
        "deadline": row.id,
        "rung": following,
        "at": datetime.fromisoformat(row.schedule[following][1]),
    }


def _sentence(rung: Rung) -> str:
    return f"{rung.name}({rung.stage}),应于{rung.fell_due_at.isoformat()}发出,{rung.effect}"


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
