"""What every package asks of the departments, whose tables are the router's: here they are only read."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import DepartmentNotFound, UnknownDepartment
from services.security import Principal

_KNOWN = text("SELECT EXISTS (SELECT FROM departments WHERE code = :code)")

_WITH_PREDECESSORS = text("""
WITH RECURSIVE these (code) AS (
    SELECT CAST(:code AS text)
    UNION SELECT gone.department FROM department_mergers AS gone JOIN these ON gone.successor = these.code
    WHERE gone.merges_on <= :day
)
SELECT code FROM these
""")


async def with_predecessors(code: str, day: date, connection: AsyncConnection) -> Sequence[str]:
    """Return a department and all that were merged into it by that day: what they did is its own."""
    return (await connection.scalars(_WITH_PREDECESSORS, {"code": code, "day": day})).all()


async def check_known(code: str, connection: AsyncConnection) -> None:
    """Raise `UnknownDepartment` for a code that was said and no department has."""
    if not await connection.scalar(_KNOWN, {"code": code}):
        raise UnknownDepartment(
            f"There is no department {code}. GET /v1/departments lists them.", pointer="/department"
        )


def check_own(code: str, principal: Principal) -> None:
    """Raise `DepartmentNotFound` for what is another department's; the hotline sees them all."""
    if principal.department not in (None, code):
        raise DepartmentNotFound(f"There is no department {code} of yours.")
