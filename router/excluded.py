"""Use case: say who may not have a ticket, whatever the table or a person says."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from router.department_store import UnitStore
from router.domain.exclusion import below
from router.domain.units import acting
from router.store import AssignmentStore
from schemas.places import ACCUSED
from services.tickets import TicketRow


async def excluded_from(ticket: TicketRow, day: date, connection: AsyncConnection) -> frozenset[str]:
    """Return the departments that returned a ticket, and those it is about."""
    returned = await AssignmentStore(connection).returned_by(ticket.id) if ticket.version > 1 else ()
    return frozenset(returned) | await accused_by(ticket.attributes, day, connection)


async def accused_by(attributes: Mapping[str, str], day: date, connection: AsyncConnection) -> frozenset[str]:
    """
    Return the department a matter is about with all below it (回避), none if it is about none.

    It is also about the one that has that one's matters by now.
    """
    accused = attributes.get(ACCUSED)
    if accused is None:
        return frozenset()
    units = await UnitStore(connection).units()
    parents = {code: unit.parent for code, unit in units.items()}
    successor = acting(accused, units, day)
    found = below(accused, parents)
    return found if successor is None else found | below(successor.code, parents)
