"""Loop: sleep until the earliest rung is due or something changed, then climb."""

from datetime import datetime

from escalation.store import DeadlineStore
from escalation.supervise import BELL, climb_due
from services.resources import Resources

BATCH = 500
POLL_SECONDS = 5.0


async def timer(resources: Resources) -> None:
    """Climb for ever; any number of workers may, for each skips what another holds."""
    bell = resources.wakeups.bell(BELL)
    while True:
        async with resources.database.transaction() as connection:
            climbed = await climb_due(connection, resources, BATCH)
        if not climbed:
            await resources.clock.sleep_until(await _next(resources), bell, POLL_SECONDS)


async def _next(resources: Resources) -> datetime | None:
    async with resources.database.transaction() as connection:
        return await DeadlineStore(connection).next_rung_at()
