"""Whose a ticket is: its department leads, others may help, to everybody else it is not there."""

from sqlalchemy.ext.asyncio import AsyncConnection

from router.choose import civil_day
from schemas.errors import TicketNotFound
from services import departments
from services.access import may_see
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketRow


def check_party(ticket: TicketRow, principal: Principal) -> None:
    """Raise `TicketNotFound` for a ticket that is not there for the caller."""
    if not may_see(ticket._asdict(), principal):
        raise TicketNotFound(f"There is no ticket {ticket.id}.")


async def with_predecessors(
    department: str | None, connection: AsyncConnection, resources: Resources
) -> frozenset[str]:
    """Return a department and those it has succeeded by today: what they did with a ticket is its own."""
    if department is None:
        return frozenset()
    day = civil_day(resources.clock.now(), resources)
    return frozenset(await departments.with_predecessors(department, day, connection))
