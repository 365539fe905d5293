"""Loop: what the calendar brings: months that are over, halts that end."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.monthly import span_of
from escalation.halts import HaltStore, end_what_is_over
from escalation.months import close_months
from services.clock import rest_until
from services.resources import Resources

BELL = "watch"
POLL_SECONDS = 30.0


async def watch(resources: Resources) -> None:
    """Look for ever; any number of processes may, for each thing is done by one transaction only."""
    bell = resources.wakeups.bell(BELL)
    while True:
        looked_at = resources.clock.now()
        upcoming = await resources.database.run(lambda connection: look(connection, resources))
        await rest_until(resources.clock, looked_at, upcoming, bell, POLL_SECONDS)


async def look(connection: AsyncConnection, resources: Resources) -> datetime:
    """Do what is due; return when there is something next."""
    await end_what_is_over(connection, resources)
    await close_months(connection, resources)
    today = resources.clock.now().astimezone(resources.settings.zone).date()
    month_ends = span_of(today.replace(day=1), resources.settings.zone)[1]
    halt_ends = await HaltStore(connection).next_end()
    return month_ends if halt_ends is None else min(month_ends, halt_ends)
