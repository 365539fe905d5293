"""Apache Kafka through aiokafka: what is sent is safe, what is committed was handled."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, ProducerClosed, for_code

from schemas.errors import Unavailable
from schemas.events import CONFIDENTIAL_TOPIC, DEAD_LETTER_SUFFIX, TOPIC
from schemas.wire import Message
from services.bus import Subscription
from services.bus.connection import tell_lost_connections
from services.bus.handling import handle
from services.database import is_passing
from services.resources import Resources
from services.settings import Settings

TOPICS = (TOPIC, CONFIDENTIAL_TOPIC)
DEAD_LETTER_TOPICS = tuple(topic + DEAD_LETTER_SUFFIX for topic in TOPICS)
BATCH = 400
FETCH_WAIT_MS = 500
BACK_OFF_SECONDS = 1.0
ALREADY_EXISTS = 36
DEAD_LETTER_BYTES = 2 * 1024 * 1024
"""Twice what a topic takes by default, so that the largest message can be buried with its reason."""

log = structlog.get_logger()

tell_lost_connections()


def servers(settings: Settings) -> list[str]:
    """Return the brokers to ask first."""
    return [each.strip() for each in (settings.kafka_servers or "").split(",") if each.strip()]


def to_headers(headers: dict[str, str]) -> list[tuple[str, bytes]]:
    """Return headers as Kafka carries them."""
    return [(name, value.encode()) for name, value in headers.items()]


def from_record(record: ConsumerRecord) -> Message:
    """Return a Kafka record as a message, however malformed: bytes that are no text are replaced."""
    return Message(
        topic=record.topic,
        key=(record.key or b"").decode(errors="replace"),
        headers={name: (value or b"").decode(errors="replace") for name, value in record.headers},
        body=record.value or b"",
    )


async def ensure_topics(settings: Settings) -> None:
    """Create the topics and their dead-letter topics where they are missing."""
    shape = (settings.kafka_partitions, settings.kafka_replication)
    larger = {"max.message.bytes": str(DEAD_LETTER_BYTES)}
    new = [NewTopic(each, *shape) for each in TOPICS]
    new += [NewTopic(each, *shape, topic_configs=larger) for each in DEAD_LETTER_TOPICS]
    async with _admin(settings) as admin:
        answer = await admin.create_topics(new)
    for topic, code, *_ in answer.topic_errors:
        if code not in (0, ALREADY_EXISTS):
            raise Unavailable(f"Topic {topic}: {for_code(code).__name__}.")


async def partitions_of(topics: Sequence[str], settings: Settings) -> list[TopicPartition]:
    """Return every partition of these topics; one that does not exist has none."""
    async with _admin(settings) as admin:
        described = await admin.describe_topics(list(topics))
    return [
        TopicPartition(topic["topic"], each["partition"])
        for topic in described
        for each in topic["partitions"]
    ]


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers(settings))
    try:
        await admin.start()
        yield admin
    except (KafkaError, OSError) as fault:
        raise Unavailable(f"Kafka does not answer: {fault}") from fault
    finally:
        await admin.close()


class KafkaPublisher:
    """An idempotent producer, acks=all; after an error it starts anew, as aiokafka's may be stuck."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return once every message is stored by all replicas in sync."""
        if not messages:
            return
        try:
            producer = await self._started()
        except (KafkaError, OSError) as fault:
            raise Unavailable(f"Kafka does not answer: {fault}") from fault
        try:
            waiting = [
                await producer.send(
                    each.topic, each.body, each.key.encode(), headers=to_headers(each.headers)
                )
                for each in messages
            ]
            await asyncio.gather(*waiting)
        except (KafkaError, OSError) as fault:
            await self._drop(producer)
            raise Unavailable(f"Kafka does not answer: {fault}") from fault

    async def close(self) -> None:
        """Let go of the producer, and of what a cancelled publish left in it; the next starts another."""
        if self._producer is not None:
            await self._drop(self._producer)

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = _producer(self._settings)
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def _drop(self, producer: AIOKafkaProducer) -> None:
        if self._producer is producer:
            self._producer = None
        with suppress(KafkaError, OSError):
            # stop() alone waits until the broker has taken what is left: for ever when it is away.
            await producer._sender.close()
            producer._message_accumulator.fail_all(ProducerClosed())
            await producer.stop()


def _producer(settings: Settings) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        bootstrap_servers=servers(settings),
        enable_idempotence=True,
        acks="all",
        linger_ms=2,
        max_request_size=DEAD_LETTER_BYTES,
    )


class KafkaConsumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """One consumer group's member: handles a partition's batch, then commits its offset."""

    def __init__(self, resources: Resources, subscription: Subscription, publisher: KafkaPublisher) -> None:
        self._resources = resources
        self._subscription = subscription
        self._publisher = publisher
        self._busy: dict[TopicPartition, asyncio.Task[None]] = {}
        self._owned: set[TopicPartition] = set()

    async def run(self) -> None:
        """Consume for ever; a passing fault seeks back and tries again."""
        async with self._member() as consumer:
            self._busy.clear()
            while True:
                batches = await consumer.getmany(timeout_ms=FETCH_WAIT_MS, max_records=BATCH)
                async with asyncio.TaskGroup() as group:  # told to stop, it waits until all have stopped
                    for partition, records in batches.items():
                        work = self._partition(consumer, partition, records)
                        self._busy[partition] = group.create_task(work)
                self._busy.clear()

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Take up partitions at their committed offsets."""
        self._owned = set(assigned)

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Finish what is under way before another member takes it up."""
        self._owned -= set(revoked)
        under_way = [self._busy[each] for each in revoked if each in self._busy]
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _partition(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, records: list[ConsumerRecord]
    ) -> None:
        if partition not in self._owned:
            return
        messages = [from_record(record) for record in records]
        try:
            await handle(self._subscription, messages, self._resources, self._bury)
        except Exception as fault:
            if not is_passing(fault):
                raise
            log.warning("consumer_waits", consumer=self._subscription.consumer, exc_info=True)
            await self._step_back(consumer, partition, records[0].offset)
            return
        await self._commit(consumer, partition, records[-1].offset + 1)

    async def _step_back(self, consumer: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> None:
        with suppress(IllegalStateError):  # the partition is no longer ours: its new owner goes on
            consumer.seek(partition, offset)
        await asyncio.sleep(BACK_OFF_SECONDS)

    async def _commit(self, consumer: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> None:
        try:
            await consumer.commit({partition: offset})
        except (CommitFailedError, IllegalStateError):
            # A new generation owns the partition and reads these again; the inbox knows them.
            log.info("commit_passed_over", partition=partition.partition, offset=offset)
        except KafkaError as fault:
            log.warning("commit_failed", partition=partition.partition, fault=repr(fault))

    async def _bury(self, message: Message, consumer: str, code: str, reason: str) -> None:
        marks = {"dead_consumer": consumer, "dead_code": code, "dead_reason": reason}
        dead = message.model_copy(
            update={
                "topic": message.topic + DEAD_LETTER_SUFFIX,
                "headers": {**message.headers, **marks},
            }
        )
        await self._publisher.publish([dead])

    @asynccontextmanager
    async def _member(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=servers(self._resources.settings),
            group_id=f"hotline.{self._subscription.consumer}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(RangePartitionAssignor,),
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
        )
        consumer.subscribe(topics=list(TOPICS), listener=self)
        try:
            await consumer.start()
            yield consumer
        except (KafkaError, OSError) as fault:
            raise Unavailable(f"Kafka does not answer: {fault}") from fault
        finally:
            with suppress(KafkaError, OSError):
                await consumer.stop()
