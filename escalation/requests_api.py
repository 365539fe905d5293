"""Faces: ask for time, decide about it, resume; what waits for the hotline, and what a ticket was given."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.extend import ask_extension, grant_extension, refuse_extension
from escalation.places import place_of
from escalation.procedure import open_procedure
from escalation.request_store import TimeRequestStore
from escalation.suspend import ask_renewal, ask_suspension, grant_suspension, refuse_suspension, resume
from schemas.base import Schema
from schemas.errors import TicketNotFound
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
from services.commands import CommandsDep, VersionDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, write_cursor
from services.steps import StepTaken, taken
from services.tickets import TicketRow, TicketStore

routes = APIRouter(prefix="/v1", tags=["time"])

UseCase = Callable[..., Awaitable[TicketRow]]


def _command(path: str, says: type[Schema], use_case: UseCase, summary: str) -> None:
    async def take_step(
        ticket_id: str,
        said: Any,
        principal: PrincipalDep,
        resources: ResourcesDep,
        commands: CommandsDep,
        version: VersionDep,
    ) -> Response:
        async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
            ticket = await use_case(ticket_id, said, principal, version, connection, resources)
            return taken(ticket, principal)

        return await commands.run(work)

    take_step.__annotations__["said"] = says
    take_step.__doc__ = summary
    name = path.replace("-", "_")
    routes.post(f"/tickets/{{ticket_id}}/{path}", response_model=StepTaken, name=name)(take_step)


_command(
    "extensions",
    ExtensionRequest,
    ask_extension,
    "Ask for more time (延期), before the deadline: how much, why, and what the caller was told.",
)
_command(
    "grant-extension",
    TimeDecision,
    grant_extension,
    "Grant the extension that waits: the department's clock and the caller's move.",
)
_command("refuse-extension", TimeRefusal, refuse_extension, "Refuse the extension that waits, and say why.")
_command(
    "suspensions",
    SuspensionRequest,
    ask_suspension,
    "Ask that the clocks stand still (挂起), for a reason of the closed list and so many days.",
)
_command(
    "renew-suspension",
    SuspensionRequest,
    ask_renewal,
    "Ask that clocks which stand still do so longer; once.",
)
_command(
    "grant-suspension",
    TimeDecision,
    grant_suspension,
    "Agree to the suspension or renewal that waits: no time is counted from this moment on.",
)
_command(
    "refuse-suspension", TimeRefusal, refuse_suspension, "Refuse the suspension or renewal, and say why."
)
_command(
    "resume",
    Resumption,
    resume,
    "Let the clocks run on (恢复办理); the whole days they had left they still have.",
)
_command(
    "procedure",
    ProcedureRequest,
    open_procedure,
    "Put a ticket into a statutory procedure (转入法定程序): its law says until when; it stays open.",
)


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
    return [_record(row) for row in rows if principal.department in (None, row.department)]


def _record(row: Any) -> TimeRecord:
    known = {name: row._mapping[name] for name in TimeRecord.model_fields if name in row._mapping}
    return TimeRecord(**{**known, "id": str(row.id), "ticket": row.ticket_id})
