"""The embedded bus: the outbox drained in this process, a row published once all have handled it."""

import asyncio
from collections.abc import Sequence
from zlib import crc32

import structlog
from sqlalchemy.dialects.postgresql import insert

from schemas.errors import Unavailable
from schemas.wire import Message
from services import outbox
from services.bus import Subscription
from services.bus.handling import ReadOnce, event_id, handle
from services.leadership import leadership
from services.resources import Resources
from services.tables import dead_letters

BATCH = 400
LANES = 4
POLL_SECONDS = 0.5
BACK_OFF_SECONDS = 0.5

Row = tuple[int, Message]

log = structlog.get_logger()


class LocalBus:
    """
    Hands outbox rows to the consumers of this process.

    One ticket's events always run in one lane, in their order; lanes run side
    by side. What a lane could not do stays unpublished and comes again: the
    outbox is the back-pressure.
    """

    def __init__(self, resources: Resources, subscriptions: Sequence[Subscription]) -> None:
        self._resources = resources
        self._subscriptions = subscriptions

    async def run(self) -> None:
        """Drain the outbox for ever; only one process at a time does."""
        async with leadership(self._resources, "local_bus"):
            bell = self._resources.wakeups.bell(outbox.BELL)
            while True:
                if not await self.drain_once():
                    await self._resources.clock.sleep_until(None, bell, POLL_SECONDS)

    async def drain_once(self) -> int:
        """Handle one batch; return how many rows were published."""
        async with self._resources.database.transaction() as connection:
            rows = await outbox.unpublished(connection, BATCH)
        lanes: list[list[Row]] = [[] for _ in range(LANES)]
        for each in rows:
            lanes[crc32(each[1].key.encode()) % LANES].append(each)
        async with asyncio.TaskGroup() as group:  # told to stop, it waits until every lane has stopped
            tasks = [group.create_task(self._lane(lane)) for lane in lanes if lane]
        done = sum(task.result() for task in tasks)
        if rows and not done:
            await asyncio.sleep(BACK_OFF_SECONDS)
        return done

    async def _lane(self, rows: Sequence[Row]) -> int:
        messages, read = [message for _, message in rows], ReadOnce()
        try:
            for subscription in self._subscriptions:
                await handle(subscription, messages, self._resources, self._bury, read)
            async with self._resources.database.transaction() as connection:
                ids = [row_id for row_id, _ in rows]
                await outbox.mark_published(connection, ids, self._resources.clock.now())
        except Unavailable:
            log.warning("bus_waits", rows=len(rows), exc_info=True)
            return 0
        return len(rows)

    async def _bury(self, message: Message, consumer: str, code: str, reason: str) -> None:
        row = {
            "event_id": event_id(message),
            "consumer": consumer,
            "code": code,
            "reason": reason,
            "buried_at": self._resources.clock.now(),
        }
        async with self._resources.database.transaction() as connection:
            await connection.execute(insert(dead_letters).values(row).on_conflict_do_nothing())
