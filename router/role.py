"""The router at a glance."""

from router.api import routes
from router.consumer import router as dispatching
from router.store import PublishedTable, seed
from schemas.errors import Misconfigured
from services.resources import Resources
from services.roles import Role


async def has_table(resources: Resources) -> None:
    """Refuse to serve without a published jurisdiction table."""
    async with resources.database.transaction() as connection:
        table = await resources.part(PublishedTable).current(connection)
    if not table.rows:
        raise Misconfigured("The jurisdiction table is empty: run `hotline migrate`.")


router = Role("router", faces=[routes], consumers=[dispatching], checks=[has_table], seeds=[seed])
