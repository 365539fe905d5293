"""Use case and face: a supervisor urges the department of a ticket (催办)."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.receivers import Role, Whose
from escalation.inform import Message, inform
from escalation.notice_api import Notice, notice_of
from escalation.notice_store import NoticeStore
from escalation.tables import deadlines
from schemas.base import Schema, Words
from schemas.errors import TicketNotFound
from schemas.events import TicketUrged, Urge
from schemas.lifecycle import Status, Step
from schemas.scrubbing import names_in, scrubbed
from schemas.ticket import Urgency
from services.access import may_see
from services.authorization import PrincipalDep
from services.commands import CommandsDep
from services.http import ResourcesDep
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketRow, TicketStore

DISTRICT = 6

routes = APIRouter(prefix="/v1/supervision", tags=["escalation"])


class Urging(Schema):
    """What a supervisor says to whoever handles a ticket."""

    note: Annotated[Words, Field(max_length=1000)]


@routes.post("/tickets/{ticket_id}/urge", status_code=201, response_model=Notice)
async def urge_ticket(
    ticket_id: str,
    said: Urging,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """
    Urge whoever handles an open ticket: its operator is told by name, and the department's system.

    Each is counted and stands in the history; no clock is touched. Before it is assigned the desk
    is urged.
    """

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        row = await urge(ticket_id, said.note, principal, connection, resources)
        return notice_of(row), {"location": f"/v1/supervision/notices?ticket={ticket_id}"}

    return await commands.run(work, 201)


async def urge(
    ticket_id: str, said: str, principal: Principal, connection: AsyncConnection, resources: Resources
) -> dict[str, Any]:
    """Urge; return the notice. Raises `TicketNotFound`, or `IllegalTransition` for one that has ended."""
    store, now = TicketStore(connection), resources.clock.now()
    ticket = await store.lock(ticket_id)
    if not may_see(ticket._asdict(), principal):
        raise TicketNotFound(f"There is no ticket {ticket_id}.")
    count = await NoticeStore(connection).urged(ticket_id) + 1
    words = f"第{count}次催办:{said}"
    told = Urge(note=said, department=ticket.department, count=count, by="supervisor")
    await store.advance(ticket, Step.URGE, TicketUrged, told, at=now, actor=principal.actor, note=words)
    message = Message(
        "urge",
        "催办",
        scrubbed(words, names_in(ticket.caller, ticket.former_callers)),
        (Role.OPERATOR, Role.DEPARTMENT_CONTACT, Role.DEPARTMENT_LEADER),
        ticket=ticket_id,
        urgent=ticket.urgency == Urgency.URGENT,
    )
    row = await inform(message, await _whose(ticket, connection, resources), connection, resources)
    empty = dict.fromkeys(Notice.model_fields)
    return {**empty, **row}


async def _whose(ticket: TicketRow, connection: AsyncConnection, resources: Resources) -> Whose:
    passed = exists().where(
        deadlines.c.ticket_id == ticket.id,
        deadlines.c.assignment_id == ticket.assignment_id,
        deadlines.c.stage == "sign",
        deadlines.c.settled_at.is_(None),
        deadlines.c.due_at <= resources.clock.now(),
    )
    unsigned = ticket.status == Status.ASSIGNED and bool(await connection.scalar(select(passed)))
    district = ticket.division[:DISTRICT] if ticket.division else None
    return Whose(ticket.department, district, unsigned=unsigned)
