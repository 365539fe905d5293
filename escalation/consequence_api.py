"""Faces: what follows from rungs, as it stands, and the daily bulletin (每日通报)."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.consequences import CHINESE, Consequence
from escalation.notice_store import ConsequenceStore
from escalation.places import place_of
from schemas.base import FIRST_YEAR, LAST_YEAR, Instant, Schema, Words
from schemas.errors import Conflict, Forbidden, NotFound
from services.authorization import PrincipalDep
from services.commands import CommandsDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, write_cursor
from services.resources import Resources
from services.security import Principal

EARLIEST, LATEST = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)

State = Literal["open", "done", "dropped", "withdrawn"]

routes = APIRouter(prefix="/v1/supervision", tags=["escalation"])


class ConsequenceShown(Schema):
    """What followed from a rung (`escalation_id`, also its notice's id) or from a month, and its state."""

    id: UUID
    escalation_id: UUID
    kind: Consequence
    name: str = Field(description="Its name in Chinese.")
    ticket: str | None
    department: str | None
    level: int
    dated_at: Instant = Field(description="When the rung fell due.")
    due_at: Instant | None
    late: bool = Field(description="It has a due time, and was or is not done by then.")
    state: State
    note: str | None
    settled_at: Instant | None
    settled_by: str | None


class Settlement(Schema):
    """How a consequence ended: done, with what was explained or decided; or dropped, and why."""

    state: Literal["done", "dropped"] = "done"
    note: Annotated[Words, Field(max_length=2000)]


@routes.get("/consequences")
async def list_consequences(
    principal: PrincipalDep,
    resources: ResourcesDep,
    kind: Annotated[Consequence | None, Query()] = None,
    state: Annotated[State | None, Query()] = None,
    ticket: Annotated[str | None, Query(max_length=40)] = None,
    department: Annotated[str | None, Query(max_length=41)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ConsequenceShown]:
    """List what follows from rungs, oldest first; a department reads what concerns it."""
    own = principal.department or department
    where = {"kind": kind, "state": state, "ticket_id": ticket, "department": own}
    return await _page(where, None, cursor, limit, resources)


@routes.get("/bulletin")
async def read_bulletin(
    resources: ResourcesDep,
    on: Annotated[
        date | None, Query(ge=EARLIEST, le=LATEST, description="The civil day; by default today.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ConsequenceShown]:
    """Read the bulletin of a day: what fell due on it, by the city's calendar, to be listed there."""
    zone = resources.settings.zone
    day = on or resources.clock.now().astimezone(zone).date()
    begins, ends = (datetime.combine(day + timedelta(days=more), time.min, zone) for more in (0, 1))
    where: dict[str, str | None] = {"kind": Consequence.BULLETIN}
    return await _page(where, (begins, ends), cursor, limit, resources)


@routes.post("/consequences/{consequence_id}/settle", response_model=ConsequenceShown)
async def settle_consequence(
    consequence_id: UUID,
    said: Settlement,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """Explain in writing (the department itself), or note what supervisors have done about the rest."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        store, now = ConsequenceStore(connection), resources.clock.now()
        row = await store.lock(consequence_id)
        _check(row, said, principal)
        settled = await store.settle(consequence_id, said.state, said.note, principal.actor, now)
        return _shown(settled, now), {}

    return await commands.run(work)


def _check(row: Row[Any], said: Settlement, principal: Principal) -> None:
    if principal.department not in (None, row.department):
        raise NotFound(f"There is no consequence {row.id}.")
    explains = row.kind == Consequence.EXPLANATION and said.state == "done"
    if principal.department is not None and not explains:
        raise Forbidden("A department explains; the rest is the supervisors'.")
    if row.state != "open":
        raise Conflict(f"This is {row.state} already.", state=row.state)


async def _page(
    where: dict[str, str | None],
    dated: tuple[datetime, datetime] | None,
    cursor: str | None,
    limit: int,
    resources: Resources,
) -> Page[ConsequenceShown]:
    async with resources.database.transaction() as connection:
        found = await ConsequenceStore(connection).page(where, dated, place_of(cursor), limit + 1)
    rows, last = cut(found, limit)
    now = resources.clock.now()
    return Page(
        items=[_shown(row, now) for row in rows],
        next=write_cursor(last.dated_at, str(last.id)) if last else None,
    )


def _shown(row: Row[Any], now: datetime) -> ConsequenceShown:
    ended = row.settled_at or now
    known = {
        name: row._mapping[name]
        for name in ConsequenceShown.model_fields
        if name not in ("ticket", "name", "late")
    }
    return ConsequenceShown(
        ticket=row.ticket_id,
        name=CHINESE[Consequence(row.kind)],
        late=row.due_at is not None and row.state != "withdrawn" and ended > row.due_at,
        **known,
    )
