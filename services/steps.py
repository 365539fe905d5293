"""Whether a caller may take a step on a ticket, and where it stands after, as it is answered."""

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Schema
from schemas.errors import Forbidden, NotTheLead, TicketNotFound
from schemas.guards import Who
from schemas.lifecycle import RULES, Status, Step, advance
from services.access import may_see, standing
from services.offers import offered
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketRow, check_version


class StepTaken(Schema):
    """Where the ticket stands now, and what this caller may do next."""

    id: str
    status: Status
    version: int
    department: str | None
    actions: list[Step]


def check_step(ticket: TicketRow, step: Step, principal: Principal, version: int | None = None) -> None:
    """
    Raise unless the lifecycle lets this caller take the step now, at the version they read.

    `TicketNotFound` for a ticket that is not there for them, `NotTheLead` for one they only help with,
    `Stale`, `IllegalTransition`. What else must hold is asked by who takes the step.
    """
    row = ticket._asdict()
    if not may_see(row, principal):
        raise TicketNotFound(f"There is no ticket {ticket.id}.")
    who = standing(row, principal)
    if who not in RULES[step].who:
        if who is Who.CO_HANDLER:
            raise NotTheLead(f"{ticket.department_name} leads; you answer to it.", lead=ticket.department)
        raise Forbidden(f"A key of role {principal.role} may not do this.")
    check_version(ticket, version)
    advance(Status(ticket.status), step)


async def taken(
    ticket: TicketRow, principal: Principal, connection: AsyncConnection, resources: Resources
) -> tuple[StepTaken, dict[str, str]]:
    """Return the answer to a step, with the ticket's new version as its tag."""
    answer = StepTaken(
        id=ticket.id,
        status=ticket.status,
        version=ticket.version,
        department=ticket.department,
        actions=await offered(ticket._asdict(), principal, connection, resources),
    )
    return answer, {"etag": f'"{ticket.version}"'}
