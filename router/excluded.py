"""Use case: say who may not have a ticket, whatever the table or a person says."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from router.department_store import UnitStore
from router.domain.exclusion import excluded
from router.domain.units import acting
from router.store import AssignmentStore
from schemas.places import ACCUSED
from services.tickets import TicketRow


async def excluded_from(ticket: TicketRow, day: date, connection: AsyncConnection) -> frozenset[str]:
    """
    Return the departments that returned a ticket, and the one it is about with all below it (回避).

    It is also about the one that has that one's matters by now.
    """
    returned = await AssignmentStore(connection).returned_by(ticket.id) if ticket.version > 1 else ()
    accused = ticket.attributes.get(ACCUSED)
    if accused is None:
        return frozenset(returned)
    units = await UnitStore(connection).units()
    parents = {code: unit.parent for code, unit in units.items()}
    successor = acting(accused, units, day)
    found = excluded(returned, accused, parents)
    return found if successor is None else found | excluded((), successor.code, parents)
