"""Events set apart: show them with their error codes, and bring them back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from sqlalchemy import delete, func, select, update

from schemas.errors import Unavailable
from schemas.events import DEAD_LETTER_SUFFIX
from schemas.wire import Message
from services.bus.handling import ADDRESSEE
from services.bus.kafka import DEAD_LETTER_TOPICS, KafkaPublisher, from_record, partitions_of, servers
from services.database import ring_after_commit
from services.outbox import BELL
from services.resources import Resources
from services.tables import dead_letters, outbox

FETCH_WAIT_MS = 1_000


@dataclass(frozen=True)
class DeadLetter:
    """An event some consumer could not handle, and why."""

    event_id: str
    ticket: str
    type: str
    consumer: str
    code: str
    reason: str


class DeadLetters(Protocol):
    """Where a bus keeps what it set apart."""

    async def all(self) -> list[DeadLetter]:
        """Return what waits, oldest first."""

    async def replay(self) -> int:
        """Bring everything back to the bus and return how many; handled consumers skip it."""


def dead_letters_of(resources: Resources) -> DeadLetters:
    """Return the dead letters of the bus this service runs on."""
    return KafkaDeadLetters(resources) if resources.settings.kafka_servers else LocalDeadLetters(resources)


class LocalDeadLetters:
    """The embedded bus marks them beside the outbox; replay makes the outbox row unpublished again."""

    def __init__(self, resources: Resources) -> None:
        self._database = resources.database

    async def all(self) -> list[DeadLetter]:
        """Return what waits, oldest first."""
        joined = dead_letters.join(outbox, outbox.c.event_id == dead_letters.c.event_id)
        query = select(dead_letters, outbox.c.key, outbox.c.headers).select_from(joined)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query.order_by(dead_letters.c.id))).all()
        return [
            DeadLetter(
                str(each.event_id),
                each.key,
                each.headers.get("ce_type", "?"),
                each.consumer,
                each.code,
                each.reason,
            )
            for each in rows
        ]

    async def replay(self) -> int:
        """Bring everything back; the embedded service hands it out again."""
        async with self._database.transaction() as connection:
            # An event still under way is marked published at its end, which would undo the replay.
            settled = select(outbox.c.event_id).where(outbox.c.published_at.is_not(None))
            taken = (
                delete(dead_letters)
                .where(dead_letters.c.event_id.in_(settled))
                .returning(dead_letters.c.event_id)
                .cte("taken")
            )
            events = select(taken.c.event_id)
            again = update(outbox).where(outbox.c.event_id.in_(events)).values(published_at=None)
            counted = select(func.count()).select_from(taken).add_cte(again.cte("again"))
            count = await connection.scalar(counted)
            ring_after_commit(connection, BELL)
        return count or 0


class KafkaDeadLetters:
    """A topic beside each topic; a group of its own remembers what was replayed."""

    def __init__(self, resources: Resources) -> None:
        self._settings = resources.settings

    async def all(self) -> list[DeadLetter]:
        """Return what has not been replayed."""
        async with self._reader() as reader:
            return [_shown(record) async for record in _to_the_end(reader)]

    async def replay(self) -> int:
        """Publish everything again where it came from, for who buried it, then commit how far we are."""
        publisher = KafkaPublisher(self._settings)
        count = 0
        try:
            async with self._reader() as reader:
                async for record in _to_the_end(reader):
                    await publisher.publish([_revived(from_record(record))])
                    await reader.commit({_partition(record): record.offset + 1})
                    count += 1
        finally:
            await publisher.close()
        return count

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[AIOKafkaConsumer]:
        reader = AIOKafkaConsumer(
            bootstrap_servers=servers(self._settings),
            group_id="hotline.dead-letters",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            await reader.start()
            reader.assign(await partitions_of(DEAD_LETTER_TOPICS, self._settings))
            yield reader
        except (KafkaError, OSError) as fault:
            raise Unavailable(f"Kafka does not answer: {fault}") from fault
        finally:
            await reader.stop()


async def _to_the_end(reader: AIOKafkaConsumer) -> AsyncIterator[ConsumerRecord]:
    ends = await reader.end_offsets(list(reader.assignment()))
    while True:
        open_ends = [each for each, end in ends.items() if await reader.position(each) < end]
        if not open_ends:
            return
        for records in (await reader.getmany(*open_ends, timeout_ms=FETCH_WAIT_MS)).values():
            for record in records:
                if record.offset < ends[_partition(record)]:
                    yield record


def _revived(message: Message) -> Message:
    """Return a dead letter as it came, addressed to the one consumer that could not handle it."""
    headers = {name: value for name, value in message.headers.items() if not name.startswith("dead_")}
    if consumer := message.headers.get("dead_consumer"):
        headers[ADDRESSEE] = consumer
    topic = message.topic.removesuffix(DEAD_LETTER_SUFFIX)
    return message.model_copy(update={"topic": topic, "headers": headers})


def _partition(record: ConsumerRecord) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def _shown(record: ConsumerRecord) -> DeadLetter:
    message = from_record(record)
    header = message.headers.get
    return DeadLetter(
        header("ce_id", "?"),
        message.key,
        header("ce_type", "?"),
        header("dead_consumer", "?"),
        header("dead_code", "?"),
        header("dead_reason", "?"),
    )
