"""Face: what a department's systems sent, and what became of each command."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query

from schemas.base import Instant, Schema
from services.authorization import PrincipalDep
from services.departments import check_own
from services.hooks.store import InboxStore
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, read_cursor, write_cursor

routes = APIRouter(prefix="/v1/hooks/{department}/commands", tags=["hooks"])


class HookCommand(Schema):
    """A command as it was read, when it was decided about, and how; `code` is the problem's."""

    id: str
    message_id: str
    command: str | None
    ticket: str | None
    occurred_at: Instant | None
    version: int | None
    by: dict[str, Any] | None
    outcome: Literal["applied", "refused", "stale"]
    code: str | None
    decided_at: Instant


@routes.get("")
async def list_commands(
    department: Annotated[str, Path(max_length=41)],
    principal: PrincipalDep,
    resources: ResourcesDep,
    ticket: Annotated[str | None, Query(max_length=40)] = None,
    outcome: Annotated[Literal["applied", "refused", "stale"] | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[HookCommand]:
    """List the commands of a department's systems, newest first; a department sees its own."""
    check_own(department, principal)
    place: tuple[datetime, str] | None = read_cursor(cursor)
    async with resources.database.transaction() as connection:
        found = await InboxStore(connection, department).page(ticket, outcome, place, limit + 1)
    rows, last = cut(found, limit)
    following = write_cursor(last.decided_at, last.id) if last else None
    return Page(items=[_shown(row) for row in rows], next=following)


def _shown(row: Any) -> HookCommand:
    fields = {name: row._mapping[name] for name in HookCommand.model_fields if name != "ticket"}
    return HookCommand(ticket=row.ticket_id, **fields)
