"""Part of a preview: which department a matter would go to, and why."""

from sqlalchemy.ext.asyncio import AsyncConnection

from router.choose import choose
from schemas.preview import LikelyDepartment
from services.resources import Resources
from services.tickets import Case


async def likely_department(
    case: Case, connection: AsyncConnection, resources: Resources
) -> LikelyDepartment:
    """Return who would have it, as `dispatch` would act on it."""
    choice = await choose(case, connection, resources)
    return LikelyDepartment(
        department=choice.department,
        name=choice.name,
        because=choice.because,
        candidates=choice.candidates,
        co_handlers=list(choice.co_handlers),
        cc=list(choice.cc),
    )
