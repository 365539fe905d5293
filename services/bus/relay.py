"""Carry outbox rows to Kafka, in their order, by one leader."""

from collections.abc import Sequence
from typing import Protocol

from schemas.wire import Message
from services import outbox
from services.leadership import leadership
from services.resources import Resources

BATCH = 500
POLL_SECONDS = 0.5


class Publisher(Protocol):
    """Whatever takes messages and answers when they are safe."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return once every message is stored by the bus; raises `Unavailable` otherwise."""

    async def close(self) -> None:
        """Send nothing more of what was published before."""


async def relay(resources: Resources, publisher: Publisher) -> None:
    """Publish for ever; a row is marked only after the bus has it, so it may come twice, never not."""
    try:
        async with leadership(resources, "relay"):
            bell = resources.wakeups.bell(outbox.BELL)
            while True:
                if not await relay_once(resources, publisher):
                    await resources.clock.sleep_until(None, bell, POLL_SECONDS)
    finally:
        await publisher.close()


async def relay_once(resources: Resources, publisher: Publisher) -> int:
    """Publish one batch; return how many rows it had."""
    async with resources.database.transaction() as connection:
        rows = await outbox.unpublished(connection, BATCH)
    await publisher.publish([message for _, message in rows])
    async with resources.database.transaction() as connection:
        await outbox.mark_published(connection, [row_id for row_id, _ in rows], resources.clock.now())
    return len(rows)
