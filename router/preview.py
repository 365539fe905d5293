"""Part of a preview: which department a matter would go to, and why."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from router.by_suggestion import suggested
from router.choose import choose, civil_day
from router.excluded import accused_by
from schemas.preview import LikelyDepartment
from services.resources import Resources
from services.tickets import Case


async def likely_department(
    case: Case, _found: Mapping[str, Any], connection: AsyncConnection, resources: Resources
) -> LikelyDepartment:
    """Return who would have it, as `dispatch` would act on it."""
    day = civil_day(resources.clock.now(), resources)
    excluded = await accused_by(case.matter.attributes, day, connection)
    choice = await choose(case, connection, resources, excluded)
    by = await suggested(case, choice, excluded, connection, resources) or choice
    return LikelyDepartment(
        department=by.department,
        name=by.name,
        because=by.because,
        candidates=choice.candidates,
        co_handlers=list(choice.co_handlers),
        cc=list(choice.cc),
    )
