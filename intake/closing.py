"""Use case: close a ticket, with what came of asking its caller (结案)."""

from intake.held import Held
from schemas.events import Closing, TicketClosed
from schemas.lifecycle import Step
from schemas.ticket import ClosedAs


async def close(held: Held, result: ClosedAs, because: str, step: Step = Step.CLOSE) -> None:
    """Close a locked ticket."""
    ticket = held.ticket
    told = Closing(
        assignment_id=ticket.assignment_id, department=ticket.department, note=because, result=result
    )
    await held.step(step, TicketClosed, told, because, closed_as=result)
