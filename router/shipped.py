"""The jurisdiction table and the special areas that ship, loaded where the city has none of its own yet."""

from datetime import date, datetime
from functools import cache

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.defaults import SHIPPED_VERSION, rows, sheet
from router.domain.csv_sheet import read_csv
from router.domain.sheet import Sheet
from router.jurisdiction_store import JurisdictionStore, publish, values_of
from router.jurisdiction_tables import jurisdiction_versions

ALWAYS = date(1900, 1, 1)


@cache
def shipped_sheet() -> Sheet:
    """Return the table that ships."""
    return read_csv(sheet("jurisdictions"))


async def seed_table(connection: AsyncConnection, now: datetime) -> None:
    """Load the example; what the city has is left as it is."""
    await JurisdictionStore(connection).seed_areas(rows("areas"), now)
    if await connection.scalar(select(jurisdiction_versions.c.version).limit(1)) is not None:
        return
    table = [values_of(each) for each in shipped_sheet().rows]
    # A ticket of last week, brought today, is placed like any other: the first table has none before it.
    await publish(connection, SHIPPED_VERSION, table, "示例,待市里确认", now, valid_from=ALWAYS)
