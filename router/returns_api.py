"""Faces: return a ticket, decide about it, adjudicate a dispute; what waits, and how often who returned."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from router.adjudicate import adjudicate
from router.barred import note_barred
from router.choose import civil_day
from router.department_store import UnitStore
from router.returns import give_back, grant, refuse
from router.returns_store import ReturnStore
from schemas.base import AskedInstant, Schema
from schemas.errors import AdjudicationBinds, BadCursor, HotlineError
from schemas.lifecycle import Step
from schemas.returns import AdjudicationRequest, Grant, Refusal, ReturnCount, ReturnRecord, ReturnRequest
from services.access import reads_secrets
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, read_cursor, read_key, write_cursor, write_key
from services.resources import Resources
from services.security import Principal
from services.ticket_commands import TicketCommand, add_routes

routes = APIRouter(prefix="/v1", tags=["returns"])


async def _note_barred(
    refusal: HotlineError,
    ticket_id: str,
    principal: Principal,
    connection: AsyncConnection,
    resources: Resources,
) -> None:
    if isinstance(refusal, AdjudicationBinds):
        await note_barred(ticket_id, principal, connection, resources)


COMMANDS = (
    TicketCommand(
        Step.RETURN,
        "return",
        ReturnRequest,
        give_back,
        "Return a ticket (退单): why, by which law, and whose it is; the second return makes it a dispute.",
        when_refused=_note_barred,
        example={
            "reason": "not_our_duty",
            "note": "供水管网漏水不属本单位职责",
            "legal_basis": "《海口市供水条例》第五条",
            "competent": "water-group",
        },
    ),
    TicketCommand(
        Step.GRANT_RETURN,
        "grant-return",
        Grant,
        grant,
        "Agree to a return: the ticket goes to the department named, or is routed again without them.",
        example={"note": "情况属实,重新派单"},
    ),
    TicketCommand(
        Step.REFUSE_RETURN,
        "refuse-return",
        Refusal,
        refuse,
        "Refuse a return: the same assignment goes on, and the return counts as improper.",
        example={"note": "属本单位职责,请继续办理"},
    ),
    TicketCommand(
        Step.ADJUDICATE,
        "adjudicate",
        AdjudicationRequest,
        adjudicate,
        "Adjudicate a dispute (裁定): exactly one lead, and who helps; binding, nobody returns it then.",
        example={"lead": "water-group", "note": "经会商,由供水单位主办"},
    ),
)
add_routes(routes, COMMANDS)


@routes.get("/returns")
async def list_returns(
    principal: PrincipalDep,
    resources: ResourcesDep,
    disputed: Annotated[bool | None, Query(description="Only disputes, or only returns to review.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ReturnRecord]:
    """List the returns and disputes that wait for the hotline, longest waiting first."""
    async with resources.database.transaction() as connection:
        store, sees_all = ReturnStore(connection), reads_secrets(principal)
        found = await store.waiting(disputed, place_of(cursor), limit + 1, sees_all=sees_all)
    rows, last = cut(found, limit)
    items = [
        ReturnRecord.model_validate(
            {**_fields(ReturnRecord, row), "id": str(row.id), "ticket": row.ticket_id}
        )
        for row in rows
    ]
    return Page(items=items, next=write_cursor(last.asked_at, str(last.id)) if last else None)


@routes.get("/supervision/returns")
async def count_returns(
    resources: ResourcesDep,
    since: Annotated[AskedInstant | None, Query(description="Returned at this moment or later.")] = None,
    until: Annotated[AskedInstant | None, Query(description="Returned before this moment.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ReturnCount]:
    """
    Count each department's returns: granted, refused, improper, and those that made a dispute.

    What a department returned that is merged into another counts as the other's.
    """
    async with resources.database.transaction() as connection:
        gone = await UnitStore(connection).succeeded(civil_day(resources.clock.now(), resources))
        found = await ReturnStore(connection).counts(since, until, read_key(cursor), limit + 1, gone)
    rows, last = cut(found, limit)
    items = [ReturnCount(**_fields(ReturnCount, row)) for row in rows]
    return Page(items=items, next=write_key(last.department) if last else None)


def place_of(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Return the moment and id a cursor names; raises `BadCursor`."""
    place = read_cursor(cursor)
    if place is None:
        return None
    try:
        return place[0], UUID(place[1])
    except ValueError as fault:
        raise BadCursor("This is not a cursor of ours.", pointer="query:cursor") from fault


def _fields(schema: type[Schema], row: Any) -> dict[str, Any]:
    return {name: row._mapping[name] for name in schema.model_fields if name in row._mapping}
