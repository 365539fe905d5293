"""Events set apart: show them with their error codes, and bring them back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from sqlalchemy import delete, select, update

from schemas.errors import Unavailable
from schemas.events import DEAD_LETTER_SUFFIX
from services.bus.kafka import TOPICS, KafkaPublisher, from_record, servers
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
            taken = delete(dead_letters).returning(dead_letters.c.event_id)
            ids = (await connection.scalars(taken)).all()
            again = update(outbox).where(outbox.c.event_id.in_(ids)).values(published_at=None)
            await connection.execute(again)
            ring_after_commit(connection, BELL)
        return len(ids)


class KafkaDeadLetters:
    """A topic beside each topic; a group of its own remembers what was replayed."""

    def __init__(self, resources: Resources) -> None:
        self._settings = resources.settings

    async def all(self) -> list[DeadLetter]:
        """Return what has not been replayed."""
        async with self._reader() as reader:
            return [_shown(record) async for record in _to_the_end(reader)]

    async def replay(self) -> int:
        """Publish everything again where it came from, then commit how far we are."""
        publisher = KafkaPublisher(self._settings)
        count = 0
        try:
            async with self._reader() as reader:
                async for record in _to_the_end(reader):
                    message = from_record(record)
                    headers = {k: v for k, v in message.headers.items() if not k.startswith("dead_")}
                    topic = message.topic.removesuffix(DEAD_LETTER_SUFFIX)
                    await publisher.publish([message.model_copy(update={"topic": topic, "headers": headers})])
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
            known = [name + DEAD_LETTER_SUFFIX for name in TOPICS]
            reader.assign(
                [
                    TopicPartition(topic, number)
                    for topic in known
                    for number in reader.partitions_for_topic(topic) or ()
                ]
            )
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
