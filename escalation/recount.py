"""What a publication makes of open deadlines: asked for a preview, written by the recompute."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.calendars import calendars_from
from escalation.commitments import commitments_of, kept_promise
from escalation.defaults import ladder_from, limits_from
from escalation.domain.ladder import Rung
from escalation.domain.policy import CO_HANDLING, Clock, Commitment, LimitRule, Stage, limits_of
from escalation.domain.publication import Outcome, Standing, differs_from, on_calendar, on_limit
from escalation.domain.publication_note import Told
from escalation.domain.reckoning import Terms, reckon
from escalation.domain.worktime import Due, WorkCalendar
from escalation.new_stages import MAY_BE_NEW, new_to
from escalation.recompute_store import EMPTY, Running
from escalation.rulebook import CALENDAR, LADDER, LIMITS, PublishedRules, Rulebook
from escalation.terms import terms_of
from schemas.events import Matter
from schemas.ticket import CallerType, Kind, Urgency
from services.resources import Resources

Promises = dict[tuple[str, date], list[Commitment]]
OF_LAW = (Stage.STATUTORY,)
"""Stages whose time was fixed when they began: a case goes on by the law it was filed under."""


@dataclass(frozen=True, slots=True)
class Recount:
    """
    A deadline and what becomes of it.

    `gone` says that it has no limit any more, `new` that its stage had none before: then `row` is to be.
    """

    row: Running
    outcome: Outcome
    limit: LimitRule | None = None
    gone: bool = False
    new: bool = False
    ladder: tuple[Rung, ...] | None = None

    @property
    def goes_on(self) -> bool:
        """Whether it ran before and does so still."""
        return not (self.gone or self.new)

    @property
    def moved(self) -> bool:
        """Whether it is due at another time."""
        return bool(self.outcome.due.at != self.row.due_at)

    @property
    def kept(self) -> bool:
        """Whether it would have come earlier, and keeps its date."""
        return self.outcome.kept is not None

    @property
    def differs(self) -> bool:
        """Whether whoever has it must be told: another date, kept, no more provisional, over, new."""
        return (
            self.gone
            or self.new
            or self.kept
            or self.moved
            or self.outcome.due.provisional != self.row.provisional
        )

    @property
    def told(self) -> Told:
        """What is said of it."""
        row, due = self.row, self.outcome.due
        was = row.clock, row.stage, row.due_at
        return Told(*was, due.at, due.provisional, self.outcome.kept, self.gone, self.new)


class Recounting:
    """
    What the rules of a kind, in force or drafted, make of deadlines; nothing is written.

    `since`: from when on stages are counted that had no limit before; without it none begin.
    """

    def __init__(
        self,
        kind: str,
        rulebook: Rulebook,
        connection: AsyncConnection,
        resources: Resources,
        since: datetime | None = None,
    ) -> None:
        self._kind = kind
        self._rulebook = rulebook
        self._connection = connection
        self._resources = resources
        self._since = since
        self._limits: dict[tuple[object, ...], dict[Stage, LimitRule]] = {}

    async def of(self, rows: Sequence[Running]) -> list[Recount]:
        """Return those of these deadlines that the rules have to do with, what becomes of each with it."""
        if self._kind == CALENDAR:
            found = await self._by_calendar(rows)
        elif self._kind == LIMITS:
            found = [*await self._by_limits(rows), *await self._begun(rows)]
        else:
            found = [self._by_ladder(row) for row in rows if row.versions[LADDER] != self._version]
        return [each for each in found if each is not None]

    @property
    def _version(self) -> str:
        return self._rulebook.versions[self._kind]

    async def _by_calendar(self, rows: Sequence[Running]) -> list[Recount | None]:
        rules = self._resources.part(PublishedRules)
        versions = {row.versions[CALENDAR] for row in rows} - {self._version}
        before = {each: await rules.calendars(self._connection, each) for each in versions}
        return [
            self._on_calendar(row, before[old].of(row.department))
            for row in rows
            if (old := row.versions[CALENDAR]) in before
        ]

    def _on_calendar(self, row: Running, before: WorkCalendar) -> Recount | None:
        after = self._rulebook.calendar_of(row.department)
        since = differs_from(before, after)
        if since is None or (row.due_at <= since and _last_rung(row) <= since):
            return None
        standing = _standing(row)
        return Recount(row, on_calendar(standing, before, after))

    async def _by_limits(self, rows: Sequence[Running]) -> list[Recount | None]:
        rows = [row for row in rows if row.clock != CO_HANDLING and row.stage not in OF_LAW]
        promises = await self._promises(rows)
        return [self._on_limit(row, promises) for row in rows if row.versions[LIMITS] != self._version]

    def _on_limit(self, row: Running, promises: Promises) -> Recount | None:
        matter = _matter(row)
        calendar = self._rulebook.calendar_of(row.department)
        limit = self._limits_of(row.clock, matter).get(Stage(row.stage))
        standing = _standing(row)
        if limit is None:
            return Recount(row, Outcome(standing.terms, standing.due), gone=True)
        said = promises.get((row.department or "", _day(row, self._rulebook.calendar)), ())
        limit = kept_promise(limit, said, matter, row.started_at, calendar)
        if limit.amount == standing.terms.limit:
            return None
        outcome = on_limit(standing, limit.amount, calendar)
        return Recount(row, outcome, limit)

    async def _begun(self, rows: Sequence[Running]) -> list[Recount]:
        """Return the clocks of stages that are new to the limits of assignments under way."""
        since = self._since
        if since is None:
            return []
        own = [row for row in rows if row.clock == Clock.DEPARTMENT and _is_of_lead(row)]
        leads = {row.ticket_id: row for row in sorted(own, key=attrgetter("started_at"), reverse=True)}
        run = {(row.ticket_id, row.stage) for row in own}
        limits = {ticket: self._limits_of(Clock.DEPARTMENT, _matter(lead)) for ticket, lead in leads.items()}
        wanted = {
            ticket: [each for each in MAY_BE_NEW if each in limits[ticket] and (ticket, each) not in run]
            for ticket in leads
        }
        new = await new_to(self._connection, {ticket: stages for ticket, stages in wanted.items() if stages})
        return [
            self._beginning(leads[ticket], limits[ticket][stage], since)
            for ticket, stages in new.items()
            for stage in stages
        ]

    def _beginning(self, lead: Running, limit: LimitRule, since: datetime) -> Recount:
        terms = Terms(max(lead.started_at, since), limit.amount)
        due = reckon(terms, self._rulebook.calendar_of(lead.department))
        return Recount(_to_be(lead, limit, terms, due), Outcome(terms, due), limit, new=True)

    def _limits_of(self, clock: str, matter: Matter) -> dict[Stage, LimitRule]:
        of = (matter.urgency, matter.kind, matter.live, matter.caller_type, matter.category)
        key = (clock, *of, matter.statutory_procedure)
        if key not in self._limits:
            found = limits_of(self._rulebook.limits, clock, matter)
            self._limits[key] = {each.stage: each for each in found}
        return self._limits[key]

    async def _promises(self, rows: Sequence[Running]) -> Promises:
        wanted: dict[date, set[str]] = {}
        for row in rows:
            if row.department and row.stage == Stage.COMPLETION:
                wanted.setdefault(_day(row, self._rulebook.calendar), set()).add(row.department)
        return {
            (department, day): said
            for day, departments in wanted.items()
            for department, said in (await commitments_of(self._connection, departments, day)).items()
        }

    def _by_ladder(self, row: Running) -> Recount:
        standing = _standing(row)
        return Recount(row, Outcome(standing.terms, standing.due), ladder=self._rulebook.ladder)


def drafted(rulebook: Rulebook, kind: str, version: str, content: Any) -> Rulebook:
    """Return the rules as they would be with a draft of one kind; it was read before without a fault."""
    versions = {**rulebook.versions, kind: version}
    if kind == CALENDAR:
        calendars = calendars_from(content, version)
        return replace(
            rulebook, calendar=calendars.city, of_departments=calendars.of_departments, versions=versions
        )
    if kind == LIMITS:
        return replace(rulebook, limits=limits_from(content), versions=versions)
    return replace(rulebook, ladder=ladder_from(content), versions=versions)


def _last_rung(row: Running) -> datetime:
    """Return when the last rung still to climb falls due; the due itself where none is left."""
    return row.due_at if row.next_rung is None else datetime.fromisoformat(row.schedule[-1][1])


def _is_of_lead(row: Running) -> bool:
    return row.assignment_id is not None and row.assignment_id == row.lead_assignment


def _to_be(lead: Running, limit: LimitRule, terms: Terms, due: Due) -> Running:
    """Return the row of a stage that begins beside what the lead has; it stands still where that does."""
    return replace(
        lead,
        id=uuid4(),
        stage=limit.stage,
        started_at=terms.start,
        amount=limit.amount.count,
        unit=str(limit.amount.unit),
        pauses_text=EMPTY,
        extensions_text=EMPTY,
        fixed=None,
        paused_at=None if lead.paused_at is None else max(lead.paused_at, terms.start),
        due_at=due.at,
        provisional=due.provisional,
        schedule_text=EMPTY,
        next_rung=None,
        next_rung_at=None,
    )


def _standing(row: Running) -> Standing:
    return Standing(terms_of(row), Due(row.due_at, row.provisional))


def _day(row: Running, calendar: WorkCalendar) -> date:
    return row.started_at.astimezone(calendar.zone).date()


def _matter(row: Running) -> Matter:
    return Matter.model_construct(
        hotline=row.hotline,
        kind=Kind(row.ticket_kind),
        urgency=Urgency(row.urgency),
        live=row.live,
        category=row.category,
        caller_type=CallerType(row.caller_type),
        accepted_at=row.accepted_at,
        statutory_procedure=row.statutory_procedure,
    )
