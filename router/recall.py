"""Use case: take a ticket back from its department, and from all who help it."""

from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from router.co_handling import end_co_handling
from router.store import AssignmentStore
from schemas.events import Recall, TicketRecalled
from schemas.lifecycle import Step
from services.tickets import TicketRow, TicketStore, matter_of

HELD = ("department", "assignment_id", "department_name", "department_because", "return_until_at")
"""What a ticket says of the department that has it."""


async def recall(
    ticket: TicketRow,
    because: str,
    ended: Literal["corrected", "joined"],
    connection: AsyncConnection,
    *,
    at: datetime,
    actor: str,
) -> TicketRow:
    """Take back a locked ticket that is under way, and tell all who had it; return it as it then waits."""
    told = Recall(
        assignment_id=ticket.assignment_id,
        department=ticket.department,
        note=because,
        matter=matter_of(ticket),
    )
    store = TicketStore(connection)
    await AssignmentStore(connection).end(ticket.id, at, ended)
    await store.advance(
        ticket,
        Step.RECALL,
        TicketRecalled,
        told,
        at=at,
        actor=actor,
        note=because,
        **dict.fromkeys(HELD),
        co_departments=[],
    )
    await end_co_handling(ticket.id, "recalled", connection, at=at, actor=actor)
    return await store.get(ticket.id)
