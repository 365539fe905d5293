"""Faces: ask for everything that is missing (一次性告知), supply it, and what is waited for."""

from typing import Any

from fastapi import APIRouter

from router.returns_api import place_of
from router.supplements import ask_supplement, supplement
from router.supplements_store import SupplementStore
from router.whose import check_party
from schemas.lifecycle import Step
from schemas.scrubbing import names_in, scrubbed
from schemas.supplements import SupplementAnswer, SupplementRecord, SupplementRequest, Supplements
from services.access import reads_secrets
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, write_cursor
from services.ticket_commands import TicketCommand, add_routes
from services.tickets import TicketStore

routes = APIRouter(prefix="/v1", tags=["supplements"])

COMMANDS = (
    TicketCommand(
        Step.ASK_SUPPLEMENT,
        "ask-supplement",
        SupplementRequest,
        ask_supplement,
        "Tell once and whole what is missing (一次性告知): the caller is asked for it, the clocks run on.",
        example={"missing": ["漏水部位的照片", "房屋权属证明"], "note": "用于认定维修责任"},
    ),
    TicketCommand(
        Step.SUPPLEMENT,
        "supplement",
        SupplementAnswer,
        supplement,
        "Take down what the caller supplied; the department that asked is told.",
        example={"note": "照片已上传附件,房产证号已核对"},
    ),
)
add_routes(routes, COMMANDS)


@routes.get("/tickets/{ticket_id}/supplements")
async def list_supplements(ticket_id: str, principal: PrincipalDep, resources: ResourcesDep) -> Supplements:
    """Read what was asked for on a ticket and what was supplied; a department reads what it asked itself."""
    async with resources.database.transaction() as connection:
        ticket = await TicketStore(connection).get(ticket_id)
        check_party(ticket, principal)
        rows = await SupplementStore(connection).of(ticket_id)
    if principal.department is None:
        return Supplements(items=[_shown(row) for row in rows])
    hidden = names_in(ticket.caller, ticket.former_callers)
    own = [_shown(row) for row in rows if row.department == principal.department]
    scrub = [{"answer": each.answer and scrubbed(each.answer, hidden)} for each in own]
    return Supplements(items=[each.model_copy(update=said) for each, said in zip(own, scrub, strict=True)])


@routes.get("/supplements")
async def list_waiting_supplements(
    principal: PrincipalDep, resources: ResourcesDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[SupplementRecord]:
    """List what callers are still to be asked for, longest waiting first."""
    async with resources.database.transaction() as connection:
        sees_all = reads_secrets(principal)
        found = await SupplementStore(connection).waiting(place_of(cursor), limit + 1, sees_all=sees_all)
    rows, last = cut(found, limit)
    following = write_cursor(last.asked_at, str(last.id)) if last else None
    return Page(items=[_shown(row) for row in rows], next=following)


def _shown(row: Any) -> SupplementRecord:
    known = [name for name in SupplementRecord.model_fields if name in row._mapping and name != "id"]
    fields = {name: row._mapping[name] for name in known}
    return SupplementRecord(id=str(row.id), ticket=row.ticket_id, **fields)
