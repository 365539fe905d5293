"""Faces: who is late, how late, why, since when; what falls due soon; every card."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from escalation.domain.worktime import WorkCalendar, working_minutes_between
from escalation.rulebook import PublishedRules
from escalation.store import DeadlineStore, EscalationStore
from escalation.summary import Summary, summarize
from schemas.base import Instant, Schema
from schemas.errors import BadCursor, TicketNotFound
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, read_cursor, write_cursor
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketStore

routes = APIRouter(prefix="/v1", tags=["escalation"])

Clock = Annotated[Literal["citizen", "department"] | None, Query(description="The caller's or theirs.")]
Stage = Annotated[str | None, Query(max_length=20, description="sign, contact, completion, triage…")]
Department = Annotated[str | None, Query(max_length=41)]


class Deadline(Schema):
    """
    A clock of a ticket.

    `late_minutes` are wall minutes after `due_at`, `late_working_minutes` those
    of them inside office hours; both 0 while it is in time or when it was met.
    """

    id: UUID
    ticket: str
    clock: str
    stage: str
    department: str | None
    started_at: Instant
    amount: int
    unit: str
    due_at: Instant
    provisional: bool
    rule: str
    versions: dict[str, str]
    settled_at: Instant | None
    settled_because: str | None
    late_minutes: int
    late_working_minutes: int


class Escalation(Schema):
    """A rung that was climbed; `fell_due_at` is its date, `detected_at` when the worker woke."""

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
        found = await EscalationStore(connection).page(where, _place(cursor), limit + 1)
    rows, last = cut(found, limit)
    known = [name for name in Escalation.model_fields if name != "ticket"]
    items = [Escalation(ticket=row.ticket_id, **{name: row._mapping[name] for name in known}) for row in rows]
    return Page(items=items, next=write_cursor(last.fell_due_at, str(last.id)) if last else None)


@routes.get("/supervision/summary")
async def read_summary(resources: ResourcesDep) -> Summary:
    """Count tickets by status and cards by name, and what is overdue now."""
    async with resources.database.transaction() as connection:
        return await summarize(connection, resources.clock.now())


@routes.get("/tickets/{ticket_id}/deadlines")
async def list_deadlines(ticket_id: str, principal: PrincipalDep, resources: ResourcesDep) -> list[Deadline]:
    """List every clock a ticket has or had; a department sees its own and the caller's."""
    async with resources.database.transaction() as connection:
        ticket = await TicketStore(connection).get(ticket_id)
        if principal.department not in (None, ticket.department):
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        rows = await DeadlineStore(connection).of(ticket_id)
        calendar = (await resources.part(PublishedRules).current(connection)).calendar
    now = resources.clock.now()
    return [_shown(row, now, calendar) for row in rows if _may_see(row, principal)]


def _may_see(row: Any, principal: Principal) -> bool:
    return principal.department is None or row.department in (None, principal.department)


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
        found = await store.open_between(after, until, where, _place(cursor), limit + 1)
        calendar = (await resources.part(PublishedRules).current(connection)).calendar
    rows: Sequence[Any]
    rows, last = cut(found, limit)
    now = resources.clock.now()
    return Page(
        items=[_shown(row, now, calendar) for row in rows],
        next=write_cursor(last.due_at, str(last.id)) if last else None,
    )


def _place(cursor: str | None) -> tuple[datetime, UUID] | None:
    place = read_cursor(cursor)
    if place is None:
        return None
    try:
        return place[0], UUID(place[1])
    except ValueError as fault:
        raise BadCursor("This is not a cursor of ours.", pointer="query:cursor") from fault


def _shown(row: Any, now: datetime, calendar: WorkCalendar) -> Deadline:
    end = row.settled_at or now
    late = max(end - row.due_at, timedelta(0))
    known = [name for name in Deadline.model_fields if name in row._mapping]
    return Deadline(
        ticket=row.ticket_id,
        late_minutes=int(late.total_seconds() // 60),
        late_working_minutes=int(working_minutes_between(row.due_at, end, calendar)) if late else 0,
        **{name: row._mapping[name] for name in known},
    )
