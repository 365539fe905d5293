"""What lint checks codes against, read from the city's own tables; intake's are only read."""

from datetime import date

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from router.domain.area import by_code
from router.domain.known import Known, KnownDepartment
from router.jurisdiction_store import JurisdictionStore
from router.tables import departments
from schemas.errors import UnknownCategory, UnknownDivision


async def refuse_unknown(connection: AsyncConnection, category: str | None, division: str | None) -> None:
    """Raise `UnknownCategory` or `UnknownDivision`."""
    query = text("SELECT EXISTS (SELECT FROM categories WHERE code = :code)")
    if category is not None and not await connection.scalar(query, {"code": category}):
        raise UnknownCategory(f"There is no category {category}.", pointer="query:category")
    query = text("SELECT EXISTS (SELECT FROM divisions WHERE code = :code)")
    if division is not None and not await connection.scalar(query, {"code": division}):
        raise UnknownDivision(f"There is no division {division}.", pointer="query:division")


async def known_on(connection: AsyncConnection, day: date) -> Known:
    """Return what a table that is to be in force from a day may speak of."""
    columns = departments.c
    query = select(
        columns.code, columns.name, columns.level, columns.division, columns.valid_from, columns.valid_to
    )
    found = [KnownDepartment(*row) for row in await connection.execute(query)]
    areas = await JurisdictionStore(connection).areas()
    return Known(
        day,
        await _names(connection, "categories"),
        await _names(connection, "divisions"),
        {each.code: each for each in found},
        by_code(areas),
    )


async def _names(connection: AsyncConnection, table: str) -> dict[str, str]:
    query = text(f"SELECT code, name FROM {table}")  # noqa: S608 - a name of ours
    return {row.code: row.name for row in await connection.execute(query)}
