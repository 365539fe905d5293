"""Use case and face: a department asks for the number to call back, says why, and is written down."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Schema, Text
from schemas.errors import Forbidden, NotTheLead, TicketNotFound
from schemas.events import Remark, TicketNoted
from schemas.lifecycle import Step
from schemas.ticket import Caller
from services.access import leads, may_see
from services.authorization import PrincipalDep
from services.commands import CommandsDep
from services.http import ResourcesDep
from services.tickets import TicketStore

routes = APIRouter(prefix="/v1", tags=["intake"])


class RevealRequest(Schema):
    """Why the number is needed."""

    reason: Annotated[Text, StringConstraints(min_length=2, max_length=500)]


class Contact(Schema):
    """Whom to call back: the caller, or the proxy who called for them."""

    name: str | None
    phone: str | None


@routes.post("/tickets/{ticket_id}/reveal", response_model=Contact)
async def reveal_contact(
    ticket_id: str,
    said: RevealRequest,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """
    Read the name and number to call back; the reason is kept in the ticket's history.

    Refused for a caller who is withheld: the hotline calls them back.
    """

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        store = TicketStore(connection)
        ticket = await store.lock(ticket_id)
        if not may_see(ticket._asdict(), principal):
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        if not leads(ticket._asdict(), principal):
            raise NotTheLead("Only the department that leads speaks to the caller.")
        caller = Caller.model_validate(ticket.caller)
        if caller.withheld:
            raise Forbidden("This caller is withheld (保密): ask the hotline to call them back.")
        note = f"查看诉求人联系方式:{said.reason}"
        told = Remark(department=ticket.department)
        now, actor = resources.clock.now(), principal.actor
        await store.advance(ticket, Step.NOTE, TicketNoted, told, at=now, actor=actor, note=note)
        speaks = caller.proxy or caller
        return Contact(name=speaks.name, phone=speaks.phone), {}

    return await commands.run(work)
