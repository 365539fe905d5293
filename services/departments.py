"""What is asked of the departments outside the router, whose table it is: here it is only read."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import DepartmentNotFound, UnknownDepartment
from services.security import Principal

_KNOWN = text("SELECT EXISTS (SELECT FROM departments WHERE code = :code)")


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
