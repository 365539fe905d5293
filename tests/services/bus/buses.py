"""The two buses as the tests meet them: processes that come and go, and a bus that breaks."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, ClassVar

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from schemas.errors import Unavailable
from schemas.events import AnyEvent
from services import outbox
from services.bus import Subscription
from services.bus.deadletters import DeadLetters, dead_letters_of
from services.bus.kafka import (
    DEAD_LETTER_TOPICS,
    TOPICS,
    KafkaConsumer,
    KafkaPublisher,
    ensure_topics,
    partitions_of,
    servers,
)
from services.bus.local import LocalBus
from services.bus.relay import relay
from services.resources import Resources, open_resources
from services.roles import Loop, keep_running
from services.settings import Settings
from tests.kafka.broker import KafkaBroker
from tests.services.bus.waiting import PATIENCE, until

ALL_TOPICS = (*TOPICS, *DEAD_LETTER_TOPICS)


class Bus(ABC):
    """
    One bus over one database, and the processes that work on it.

    `shares` says whether processes work side by side; else one does while the others wait.
    """

    shares: ClassVar[bool]

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.settings = resources.settings

    @abstractmethod
    def loops(self, resources: Resources, subscriptions: Sequence[Subscription]) -> list[tuple[str, Loop]]:
        """What the bus runs in a process with these consumers."""

    @abstractmethod
    async def is_settled(self, *consumers: str) -> bool:
        """Whether these consumers have been given everything there is."""

    @abstractmethod
    async def rewind(self, consumer: str) -> None:
        """Make the bus hand everything out once more; nobody works meanwhile."""

    @abstractmethod
    def away(self, process: "Process") -> Any:
        """A context in which the bus is gone."""

    @property
    def dead_letters(self) -> DeadLetters:
        return dead_letters_of(self.resources)

    async def write(self, *events: AnyEvent) -> None:
        """Write events in one transaction."""
        async with self.resources.database.transaction() as connection:
            await outbox.record(connection, events)

    async def insist(self, *events: AnyEvent) -> None:
        """Write events, again when the database is lost meanwhile; what was committed stays."""
        while True:
            with suppress(Unavailable, IntegrityError):
                await self.write(*events)
            if await self.rows("SELECT 1 FROM outbox WHERE event_id = :id", id=events[0].id):
                return

    async def settled(self, *consumers: str) -> None:
        await until(lambda: self.is_settled(*consumers))

    async def rows(self, query: str, **values: Any) -> list[Any]:
        """Rows of the database, asked for again when a connection is lost."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(Unavailable):
                    async with self.resources.database.transaction() as connection:
                        return list((await connection.execute(text(query), values)).all())

    async def count(self, query: str) -> int:
        return int((await self.rows(f"SELECT count(*) FROM {query}"))[0][0])

    async def change(self, statement: str, **values: Any) -> None:
        async with self.resources.database.transaction() as connection:
            await connection.execute(text(statement), values)

    @asynccontextmanager
    async def process(self, *subscriptions: Subscription) -> AsyncIterator["Process"]:
        """A running process with these consumers; it ends with the context."""
        process = Process(self, subscriptions)
        await process.start()
        try:
            yield process
        finally:
            await process.stop()

    async def cut(self) -> None:
        """Terminate every connection to the database, its own too."""
        ours = await self.rows("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        with suppress(Unavailable):
            pids = [row.pid for row in ours]
            await self.change(
                "SELECT pg_terminate_backend(pid) FROM unnest(CAST(:pids AS int[])) AS pid", pids=pids
            )


class Process:
    """What a process of the service does for its bus; `stop` leaves work undone, as a death would."""

    def __init__(self, bus: Bus, subscriptions: Sequence[Subscription]) -> None:
        self._bus = bus
        self._subscriptions = subscriptions
        self._tasks: list[asyncio.Task[None]] = []
        self._open = AsyncExitStack()

    async def start(self) -> None:
        resources = await self._open.enter_async_context(open_resources(self._bus.settings))
        loops: list[tuple[str, Loop]] = [("wakeups", lambda _: resources.wakeups.run())]
        loops += self._bus.loops(resources, self._subscriptions)
        self._tasks = [asyncio.create_task(keep_running(*loop, resources)) for loop in loops]

    async def stop(self) -> None:
        """Cancel everything in the middle of its work; a loop that had failed for good is an error."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        async with asyncio.timeout(PATIENCE):
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        await self._open.aclose()
        for each in ended:
            if each is not None and not isinstance(each, asyncio.CancelledError):
                raise each

    @property
    def healthy(self) -> bool:
        """Whether it runs, and none of its loops has ended."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)


class Local(Bus):
    """The outbox drained in the process."""

    shares = False

    def loops(self, resources: Resources, subscriptions: Sequence[Subscription]) -> list[tuple[str, Loop]]:
        bus = LocalBus(resources, subscriptions)
        return [("local_bus", lambda _: bus.run())]

    async def is_settled(self, *consumers: str) -> bool:
        return not await self.count("outbox WHERE published_at IS NULL")

    async def rewind(self, consumer: str) -> None:
        await self.change("UPDATE outbox SET published_at = NULL")

    @asynccontextmanager
    async def away(self, process: Process) -> AsyncIterator[None]:
        await process.stop()
        yield
        await process.start()


class Kafka(Bus):
    """A real broker, with fresh topics for every test."""

    shares = True

    def __init__(self, resources: Resources, broker: KafkaBroker) -> None:
        super().__init__(resources)
        self._broker = broker

    def loops(self, resources: Resources, subscriptions: Sequence[Subscription]) -> list[tuple[str, Loop]]:
        publisher = KafkaPublisher(resources.settings)
        loops: list[tuple[str, Loop]] = [("relay", lambda each: relay(each, publisher))]
        for subscription in subscriptions:
            consumer = KafkaConsumer(resources, subscription, publisher)
            loops.append((subscription.consumer, lambda _, one=consumer: one.run()))  # type: ignore[misc]
        return loops

    async def is_settled(self, *consumers: str) -> bool:
        if await self.count("outbox WHERE published_at IS NULL"):
            return False
        return all([await self._lag(consumer) == 0 for consumer in consumers])

    async def rewind(self, consumer: str) -> None:
        async with self.reader(f"hotline.{consumer}") as reader:
            await reader.commit(dict.fromkeys(reader.assignment(), 0))

    @asynccontextmanager
    async def away(self, process: Process) -> AsyncIterator[None]:
        await asyncio.to_thread(self._broker.kill)
        try:
            yield
        finally:
            await asyncio.to_thread(self._broker.start)

    async def fresh_topics(self) -> None:
        """Delete what other tests wrote, and what the dead letters' reader remembers of it."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._broker.servers)
        await admin.start()
        try:
            await admin.delete_topics(sorted(set(await admin.list_topics()) & set(ALL_TOPICS)))
        finally:
            await admin.close()
        await ensure_topics(self.settings)
        wanted = len(ALL_TOPICS) * self.settings.kafka_partitions
        await until(lambda: partitions_of(ALL_TOPICS, self.settings), lambda known: len(known) == wanted)
        for consumer in ("dead-letters", "clerk", "auditor"):
            await self.rewind(consumer)

    @asynccontextmanager
    async def reader(self, group: str | None = None) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer outside the product, at the beginning of every topic."""
        known = {"bootstrap_servers": servers(self.settings), "auto_offset_reset": "earliest"}
        reader = AIOKafkaConsumer(group_id=group, enable_auto_commit=False, **known)
        await reader.start()
        try:
            reader.assign(await partitions_of(ALL_TOPICS, self.settings))
            yield reader
        finally:
            await reader.stop()

    async def _lag(self, consumer: str) -> int:
        async with asyncio.timeout(PATIENCE), self.reader(f"hotline.{consumer}") as reader:
            asked = [each for each in reader.assignment() if each.topic in TOPICS]
            ends = await reader.end_offsets(asked)
            return sum([end - (await reader.committed(each) or 0) for each, end in ends.items()])


@asynccontextmanager
async def opened(database_url: str, broker: KafkaBroker | None) -> AsyncIterator[Bus]:
    """A bus with nothing on it."""
    settings = Settings(
        database_url=SecretStr(database_url),
        database_pool=8,
        kafka_servers=broker and broker.servers,
        kafka_partitions=3,
    )
    async with open_resources(settings) as resources:
        if broker is None:
            yield Local(resources)
            return
        bus = Kafka(resources, broker)
        await bus.fresh_topics()
        yield bus
