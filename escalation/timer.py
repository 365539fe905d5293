"""Loop: sleep until the earliest rung is due or something changed, then climb."""

import asyncio
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.climb import climb_due
from escalation.pulse import Pulse
from escalation.store import BELL, DeadlineStore
from services.clock import rest_until
from services.resources import Resources

BATCH = 500
DRAIN = 2_000
"""Of what an outage has left: more share what a batch costs but once, and it holds its tickets longer."""
LANES = 2
"""While the database writes one batch, the next is made out."""
POLL_SECONDS = 5.0
GATHER_SECONDS = 0.01
"""What falls due, and who rings, so soon after each other is looked at together."""


async def timer(resources: Resources) -> None:
    """Climb for ever; any number of workers may, for each skips what another holds."""
    bell, pulse = resources.wakeups.bell(BELL), resources.part(Pulse)
    while True:
        looked_at = resources.clock.now()
        pulse.looked(looked_at)
        upcoming, full = await resources.database.run(lambda connection: _look(connection, resources))
        if full:
            async with asyncio.TaskGroup() as group:
                for _ in range(LANES):
                    group.create_task(_catch_up(resources))
        else:
            await asyncio.sleep(GATHER_SECONDS)
            await rest_until(resources.clock, looked_at, upcoming, bell, POLL_SECONDS)


async def _look(connection: AsyncConnection, resources: Resources) -> tuple[datetime | None, bool]:
    """Climb what is due; return when the next rung is, and whether there was a full batch."""
    if await climb_due(connection, resources, BATCH) == BATCH:
        return None, True
    return await DeadlineStore(connection).next_rung_at(), False


async def _catch_up(resources: Resources) -> None:
    """Climb batch after batch while they are full."""
    while await resources.database.run(lambda each: climb_due(each, resources, DRAIN)) == DRAIN:
        pass
