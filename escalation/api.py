"""Faces: who is late, how late, why, since when; what falls due soon; every card."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from fastapi import APIRouter, Query
from pydantic import Field

from escalation.domain.charge import Charged, Span, charged_to
from escalation.domain.policy import CO_HANDLING, is_promise
from escalation.domain.rungs_due import late_by
from escalation.domain.worktime import WorkCalendar, working_minutes_between
from escalation.explained import NONSENSE, DeadlineExplanation, explained
from escalation.places import place_of
from escalation.rulebook import PublishedRules
from escalation.store import DeadlineStore, EscalationStore
from escalation.summary import Summary, summarize
from schemas.base import Instant, Schema
from schemas.errors import TicketNotFound
from services.access import may_see
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, write_cursor
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketRow, TicketStore

log = structlog.get_logger()
routes = APIRouter(prefix="/v1", tags=["escalation"])

Clock = Annotated[
    Literal["citizen", "department", "co_handling"] | None,
    Query(description="The caller's, the lead's, or that of who helps."),
]
Stage = Annotated[str | None, Query(max_length=20, description="sign, contact, completion, triage…")]
Department = Annotated[str | None, Query(max_length=41)]


class Deadline(Schema):
    """
    A clock of a ticket.

    `late_minutes` are wall minutes after `due_at`, `late_working_minutes` those
    of them inside office hours; both 0 while it is in time or when it was met. `layer` is who says
    how long, `source` by which paper. It stands still since `paused_at`; `pauses` have ended.
    One that is `unreadable` was spoilt in the database; it is listed with what can be read of it.
    """

    id: UUID
    ticket: str
    clock: str
    stage: str
    department: str | None
    started_at: Instant
    amount: int
    unit: str
    pauses: list[tuple[Instant, Instant]] = []
    extensions: list[tuple[int, str]] = Field([], description="Amount and unit of each that was granted.")
    paused_at: Instant | None = None
    due_at: Instant
    provisional: bool
    rule: str
    layer: Literal["statute", "commitment", "default"]
    source: str
    versions: dict[str, str]
    settled_at: Instant | None
    settled_because: str | None
    late_minutes: int
    late_working_minutes: int
    charged_to: Charged | None = Field(
        None, description="Of the caller's clock, once late: counts against the lead, or the dispatcher."
    )
    unreadable: bool = False


class ExplainedDeadline(Deadline):
    """A clock of a ticket, and why its deadline is when it is."""

    explanation: DeadlineExplanation


class Escalation(Schema):
    """
    A rung that was climbed; `fell_due_at` is its date, `detected_at` when the worker woke.

    `late_by` are the seconds between them, when it was more than a minute.
    """

    id: UUID
    ticket: str
    clock: str
    stage: str
    level: int
    name: str
    card: str | None
    receiver: str
    effect: str
    department: str | None
    due_at: Instant
    fell_due_at: Instant
    detected_at: Instant
    late_by: int | None
    withdrawn_at: Instant | None


@routes.get("/supervision/overdue")
async def list_overdue(
    principal: PrincipalDep,
    resources: ResourcesDep,
    clock: Clock = None,
    stage: Stage = None,
    department: Department = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Deadline]:
    """List open deadlines that have passed, longest overdue first; a department sees its own."""
    now = resources.clock.now()
    where = {"clock": clock, "stage": stage, "department": principal.department or department}
    return await _open_between(None, now, where, cursor, limit, resources)


@routes.get("/supervision/due-soon")
async def list_due_soon(
    principal: PrincipalDep,
    resources: ResourcesDep,
    hours: Annotated[int, Query(ge=1, le=24 * 90)] = 24,
    clock: Clock = None,
    stage: Stage = None,
    department: Department = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Deadline]:
    """List open deadlines that fall due within so many hours, soonest first."""
    now = resources.clock.now()
    where = {"clock": clock, "stage": stage, "department": principal.department or department}
    return await _open_between(now, now + timedelta(hours=hours), where, cursor, limit, resources)


@routes.get("/supervision/escalations")
async def list_escalations(
    principal: PrincipalDep,
    resources: ResourcesDep,
    card: Annotated[Literal["yellow", "red"] | None, Query()] = None,
    ticket: Annotated[str | None, Query(max_length=40)] = None,
    department: Department = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Escalation]:
    """List the rungs climbed, newest first; a department sees its own."""
    where = {"card": card, "ticket_id": ticket, "department": principal.department or department}
    async with resources.database.transaction() as connection:
        found = await EscalationStore(connection).page(where, place_of(cursor), limit + 1)
    rows, last = cut(found, limit)
    return Page(
        items=[_as_card(row) for row in rows],
        next=write_cursor(last.fell_due_at, str(last.id)) if last else None,
    )


@routes.get("/supervision/summary")
async def read_summary(resources: ResourcesDep) -> Summary:
    """Count tickets by status and cards by name, and what is overdue now."""
    async with resources.database.transaction() as connection:
        return await summarize(connection, resources.clock.now())


@routes.get("/tickets/{ticket_id}/deadlines")
async def list_deadlines(
    ticket_id: str, principal: PrincipalDep, resources: ResourcesDep
) -> list[ExplainedDeadline]:
    """
    List every clock a ticket has or had, and why each deadline is when it is.

    Each is explained by the calendar that decided it, also when another is in force now. A
    department sees its own clocks, its helpers' and the caller's.
    """
    async with resources.database.transaction() as connection:
        ticket = await TicketStore(connection).get(ticket_id)
        if not may_see(ticket._asdict(), principal):
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        found = await DeadlineStore(connection).of(ticket_id)
        rows = [row for row in found if _may_see(row, ticket, principal)]
        why = await explained(rows, connection, resources)
        spans = await DeadlineStore(connection).completions([ticket_id])
        calendar = (await resources.part(PublishedRules).current(connection)).calendar
    now = resources.clock.now()
    return [
        ExplainedDeadline(**dict(_shown(row, now, calendar, spans)), explanation=each)
        for row, each in zip(rows, why, strict=True)
    ]


def _may_see(row: Any, ticket: TicketRow, principal: Principal) -> bool:
    helps_me = row.clock == CO_HANDLING and principal.department == ticket.department
    return helps_me or principal.department is None or row.department in (None, principal.department)


async def _open_between(
    after: datetime | None,
    until: datetime,
    where: dict[str, str | None],
    cursor: str | None,
    limit: int,
    resources: Resources,
) -> Page[Deadline]:
    async with resources.database.transaction() as connection:
        store = DeadlineStore(connection)
        found = await store.open_between(after, until, where, place_of(cursor), limit + 1)
        spans = await store.completions([row.ticket_id for row in found if row.clock == "citizen"])
        calendar = (await resources.part(PublishedRules).current(connection)).calendar
    rows: Sequence[Any]
    rows, last = cut(found, limit)
    now = resources.clock.now()
    return Page(
        items=[_listed(row, now, calendar, spans) for row in rows],
        next=write_cursor(last.due_at, str(last.id)) if last else None,
    )


def _listed(row: Any, now: datetime, calendar: WorkCalendar, spans: Mapping[str, Sequence[Span]]) -> Deadline:
    """Return a deadline of a list, which one that says nonsense must not take away from its reader."""
    try:
        return _shown(row, now, calendar, spans)
    except NONSENSE as fault:
        log.warning("deadline_unreadable", deadline=str(row.id), fault=str(fault))
    late = max((row.settled_at or row.paused_at or now) - row.due_at, timedelta(0))
    said = {name: row._mapping[name] for name in Deadline.model_fields if name in row._mapping}
    plain = {"layer": "default", "versions": {}, "pauses": [], "extensions": []}
    minutes = {"late_minutes": int(late.total_seconds() // 60), "late_working_minutes": 0}
    return Deadline(ticket=row.ticket_id, unreadable=True, **{**said, **plain, **minutes})


def _as_card(row: Any) -> Escalation:
    known = {name: row._mapping[name] for name in Escalation.model_fields if name in row._mapping}
    return Escalation(ticket=row.ticket_id, late_by=late_by(row.fell_due_at, row.detected_at), **known)


def _shown(row: Any, now: datetime, calendar: WorkCalendar, spans: Mapping[str, Sequence[Span]]) -> Deadline:
    ended = row.settled_at or row.paused_at
    end = ended or now
    late = max(end - row.due_at, timedelta(0))
    known = [name for name in Deadline.model_fields if name in row._mapping]
    callers = late and is_promise(row)
    return Deadline(
        ticket=row.ticket_id,
        late_minutes=int(late.total_seconds() // 60),
        late_working_minutes=int(working_minutes_between(row.due_at, end, calendar)) if late else 0,
        charged_to=charged_to(ended, now, spans.get(row.ticket_id, ())) if callers else None,
        **{name: row._mapping[name] for name in known},
    )
