"""The router at a glance."""

from router.api import routes
from router.consumer import router as dispatching
from router.domain.matching import table_faults
from router.store import PublishedTable, seed
from schemas.errors import Misconfigured
from services.resources import Resources
from services.roles import Role


async def table_holds(resources: Resources) -> None:
    """Refuse to serve without a published jurisdiction table, or with one that contradicts itself."""
    async with resources.database.transaction() as connection:
        table = await resources.part(PublishedTable).current(connection)
    if not table.rows:
        raise Misconfigured("The jurisdiction table is empty: run `hotline migrate`.")
    if faults := table_faults(table):
        raise Misconfigured(f"The jurisdiction table {table.version} is out of order: {'; '.join(faults)}.")


router = Role("router", faces=[routes], consumers=[dispatching], checks=[table_holds], seeds=[seed])
