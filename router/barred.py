"""Use case: a department wants to return what was adjudicated to it; it may not, and that is told."""

from uuid import uuid5

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events import DepartmentStep, TicketReturnBarred
from schemas.lifecycle import Step
from services.resources import Resources
from services.security import Principal
from services.tables import ticket_history
from services.tickets import TicketStore

SAID = "裁定后仍要求退单,不予受理退单"


async def note_barred(
    ticket_id: str, principal: Principal, connection: AsyncConnection, resources: Resources
) -> None:
    """Note the wish of the department that has the ticket, once for its assignment."""
    store = TicketStore(connection)
    ticket = await store.lock(ticket_id)
    if ticket.assignment_id is None or principal.department != ticket.department:
        return
    event_id = uuid5(ticket.assignment_id, "return_barred")
    known = exists().where(ticket_history.c.ticket_id == ticket_id, ticket_history.c.event_id == event_id)
    if await connection.scalar(select(known)):
        return
    data = DepartmentStep(assignment_id=ticket.assignment_id, department=ticket.department)
    event = TicketReturnBarred(id=event_id, ticket=ticket_id, time=resources.clock.now(), data=data)
    await store.note([(event, Step.NOTE, SAID)], actor=principal.actor)
