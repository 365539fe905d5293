"""Faces: ask for time, decide about it, resume; what waits for the hotline, and what a ticket was given."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from escalation.extend import ask_extension, grant_extension, refuse_extension
from escalation.places import place_of
from escalation.procedure import open_procedure
from escalation.request_store import TimeRequestStore
from escalation.suspend import ask_renewal, ask_suspension, grant_suspension, refuse_suspension, resume
from schemas.errors import TicketNotFound
from schemas.lifecycle import Step
from schemas.scrubbing import names_in, scrubbed
from schemas.time_requests import (
    ExtensionRequest,
    ProcedureRequest,
    Resumption,
    SuspensionRequest,
    TimeDecision,
    TimeRecord,
    TimeRefusal,
)
from services.access import may_see, reads_secrets
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, write_cursor
from services.ticket_commands import TicketCommand, add_routes
from services.tickets import TicketStore

routes = APIRouter(prefix="/v1", tags=["time"])

COMMANDS = (
    TicketCommand(
        Step.ASK_EXTENSION,
        "extensions",
        ExtensionRequest,
        ask_extension,
        "Ask for more time (延期), before the deadline: how much, why, and what the caller was told.",
        example={
            "reason": "testing",
            "amount": 3,
            "note": "需委托第三方检测",
            "told": "已电话告知需延长三个工作日",
        },
    ),
    TicketCommand(
        Step.GRANT_EXTENSION,
        "grant-extension",
        TimeDecision,
        grant_extension,
        "Grant the extension that waits: the department's clock and the caller's move.",
        example={"note": "同意"},
    ),
    TicketCommand(
        Step.REFUSE_EXTENSION,
        "refuse-extension",
        TimeRefusal,
        refuse_extension,
        "Refuse the extension that waits, and say why.",
        example={"note": "理由不充分"},
    ),
    TicketCommand(
        Step.ASK_SUSPENSION,
        "suspensions",
        SuspensionRequest,
        ask_suspension,
        "Ask that the clocks stand still (挂起), for a reason of the closed list and so many days.",
        example={
            "reason": "appraisal",
            "days": 7,
            "note": "房屋安全鉴定需七日",
            "told": "已告知诉求人等待鉴定结果",
        },
    ),
    TicketCommand(
        "renew_suspension",
        "renew-suspension",
        SuspensionRequest,
        ask_renewal,
        "Ask that clocks which stand still do so longer; once.",
        example={
            "reason": "appraisal",
            "days": 5,
            "note": "鉴定机构需补充取样",
            "told": "已告知诉求人鉴定延后",
        },
    ),
    TicketCommand(
        Step.SUSPEND,
        "grant-suspension",
        TimeDecision,
        grant_suspension,
        "Agree to the suspension or renewal that waits: no time is counted from this moment on.",
        example={"note": "同意"},
    ),
    TicketCommand(
        Step.REFUSE_SUSPENSION,
        "refuse-suspension",
        TimeRefusal,
        refuse_suspension,
        "Refuse the suspension or renewal, and say why.",
        example={"note": "不属于可挂起的情形"},
    ),
    TicketCommand(
        Step.RESUME,
        "resume",
        Resumption,
        resume,
        "Let the clocks run on (恢复办理); the whole days they had left they still have.",
        example={"note": "鉴定结果已出"},
    ),
    TicketCommand(
        Step.OPEN_PROCEDURE,
        "procedure",
        ProcedureRequest,
        open_procedure,
        "Put a ticket into a statutory procedure (转入法定程序): its law says until when; it stays open.",
        example={
            "procedure": "LABOUR-INSPECTION",
            "case_number": "琼海劳监〔2026〕18号",
            "legal_basis": "《劳动保障监察条例》第十七条",
            "note": "已立案",
            "told": "已告知诉求人立案及办理期限",
        },
    ),
)
add_routes(routes, COMMANDS)


@routes.get("/time-requests")
async def list_time_requests(
    principal: PrincipalDep,
    resources: ResourcesDep,
    kind: Annotated[Literal["extension", "suspension", "renewal"] | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[TimeRecord]:
    """List the requests for time that wait for the hotline, longest waiting first."""
    async with resources.database.transaction() as connection:
        found = await TimeRequestStore(connection).waiting(
            kind, place_of(cursor), limit + 1, sees_all=reads_secrets(principal)
        )
    rows, last = cut(found, limit)
    return Page(
        items=[_record(row) for row in rows],
        next=write_cursor(last.asked_at, str(last.id)) if last else None,
    )


@routes.get("/tickets/{ticket_id}/time-requests")
async def list_time_requests_of_ticket(
    ticket_id: str, principal: PrincipalDep, resources: ResourcesDep
) -> list[TimeRecord]:
    """List every request for time about a ticket and what was decided; a department reads its own."""
    async with resources.database.transaction() as connection:
        ticket = await TicketStore(connection).get(ticket_id)
        if not may_see(ticket._asdict(), principal):
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        rows = await TimeRequestStore(connection).of(ticket_id)
    if principal.department is None:
        return [_record(row) for row in rows]
    hidden = names_in(ticket.caller, ticket.former_callers)
    return [_for_department(row, hidden) for row in rows if row.department == principal.department]


def _for_department(row: Any, hidden: tuple[str, ...]) -> TimeRecord:
    """Return a department's own request; what was decided, without who called."""
    whole = _record(row)
    because = whole.decided_because and scrubbed(whole.decided_because, hidden)
    return whole.model_copy(update={"decided_because": because})


def _record(row: Any) -> TimeRecord:
    known = {name: row._mapping[name] for name in TimeRecord.model_fields if name in row._mapping}
    return TimeRecord(**{**known, "id": str(row.id), "ticket": row.ticket_id})
