"""Where a ticket stands after a step, as it is answered."""

from schemas.base import Schema
from schemas.lifecycle import Status, Step
from services.access import steps_for
from services.security import Principal
from services.tickets import TicketRow


class StepTaken(Schema):
    """Where the ticket stands now, and what this caller may do next."""

    id: str
    status: Status
    version: int
    department: str | None
    actions: list[Step]


def taken(ticket: TicketRow, principal: Principal) -> tuple[StepTaken, dict[str, str]]:
    """Return the answer to a step, with the ticket's new version as its tag."""
    answer = StepTaken(
        id=ticket.id,
        status=ticket.status,
        version=ticket.version,
        department=ticket.department,
        actions=steps_for(ticket._asdict(), principal),
    )
    return answer, {"etag": f'"{ticket.version}"'}
