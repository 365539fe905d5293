"""Use case: what was closed is archived (归档) once its time is up; from then on nothing about it changes."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.archive_store import ArchiveStore
from escalation.climb import WORKER
from schemas.events import Remark, TicketArchived
from schemas.lifecycle import Status, Step
from services.clock import rest_until
from services.resources import Resources
from services.tickets import TicketStore

BELL = "archive"
SAID = "结案期满,自动归档"
BATCH = 500
POLL_SECONDS = 30.0


async def archive_due(connection: AsyncConnection, resources: Resources) -> int:
    """
    Archive some closed tickets whose time is up; return at how many deadlines it looked.

    The deadline is the timer: whoever holds its row archives its ticket, and settles it in the same commit.
    """
    now, store = resources.clock.now(), ArchiveStore(connection)
    due = await store.claim_due(now, BATCH)
    locked = await TicketStore(connection).lock_all(each.ticket_id for each in due)
    closed = [each for each in locked if each.status == Status.CLOSED]
    told = Remark(note=SAID)
    await TicketStore(connection).advance_all(
        closed, Step.ARCHIVE, TicketArchived, told, at=now, actor=WORKER, note=SAID
    )
    await store.settle([each.id for each in due], now)
    return len(due)


async def archiving(resources: Resources) -> None:
    """Loop: archive what is due."""
    bell = resources.wakeups.bell(BELL)
    while True:
        looked_at = resources.clock.now()
        count, until = await resources.database.run(lambda connection: _look(connection, resources))
        if not count:
            await rest_until(resources.clock, looked_at, until, bell, POLL_SECONDS)


async def _look(connection: AsyncConnection, resources: Resources) -> tuple[int, datetime | None]:
    """Archive what is due; return how many, and when the next is."""
    looked_at = await archive_due(connection, resources)
    return looked_at, await ArchiveStore(connection).next_due()
