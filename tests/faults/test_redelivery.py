"""A storm of cards over Kafka: members come and go, broker and database stop, all is handed out again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from pydantic import SecretStr
from structlog.testing import capture_logs

from escalation.consumer import supervision
from escalation.timer import timer
from schemas.errors import Unavailable
from services.bus import Subscription
from services.bus.kafka import ensure_topics
from services.bus.local import LocalBus
from services.clock import RehearsalClock
from services.postgres import EmbeddedPostgres
from services.resources import Resources, open_resources
from services.roles import Loop
from services.settings import Settings
from tests.conftest import MONDAY, ROLES
from tests.inprocess import InProcess
from tests.kafka.broker import KafkaBroker
from tests.kafka.fixtures import running_broker
from tests.services.bus.buses import Kafka, Process
from tests.services.bus.waiting import until

pytestmark = pytest.mark.kafka

NOISE = {"category": "020100", "division": "460106002000"}
GROUP = "hotline.escalation"
WAVE = 40
WAVES = 7
RUNGS = {
    ("sign", 0): "2026-11-23 01:22:30",
    ("sign", 1): "2026-11-23 01:30:00",
    ("contact", 0): "2026-11-23 09:30:00",
    ("contact", 1): "2026-11-24 09:30:00",
    ("completion", 0): "2026-11-27 09:30:00",
    ("completion", 1): "2026-11-30 09:30:00",
    ("completion", 2): "2026-12-01 09:30:00",
    ("completion", 3): "2026-12-03 09:30:00",
    ("completion", 4): "2026-12-07 09:30:00",
}
"""All that a ticket comes to which is left alone since Monday at nine, and when each fell due."""

WAITING = """
    SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query NOT LIKE '%SKIP LOCKED%'
"""
GIVEN_OUT = "UPDATE outbox SET published_at = NULL WHERE key = ANY (CAST(:tickets AS text[]))"
FOUND = """
    SELECT ticket_id, stage, level, to_char(fell_due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS at
    FROM escalations WHERE clock <> 'sign_reds'
"""
COUNTED = """
    SELECT (SELECT count(*) FROM escalations) AS cards, (SELECT count(*) FROM supervision_notices) AS notices,
           (SELECT count(*) FROM ticket_history WHERE step = 'escalate') AS noted,
           (SELECT count(*) FROM outbox WHERE headers ->> 'ce_type' = 'ticket.escalated') AS events
"""


class Storm(Kafka):
    """Calls that come in waves while time leaps on; its processes climb as well as consume."""

    def __init__(self, resources: Resources, broker: KafkaBroker, clock: RehearsalClock) -> None:
        super().__init__(resources, broker)
        self.tickets: list[str] = []
        self._clock = clock
        self._given_out = 0

    def loops(self, resources: Resources, subscriptions: Sequence[Subscription]) -> list[tuple[str, Loop]]:
        return [*super().loops(resources, subscriptions), ("timer", timer)]

    async def wave(self, days: float) -> None:
        """Let so many days have passed, give out the events of more tickets; return once cards are."""
        before = await self.count("escalations")
        await self._give_out(days)
        await until(lambda: self.count("escalations"), lambda now: now > before)

    @asynccontextmanager
    async def amid(self, days: float) -> AsyncIterator[None]:
        """The same, but yield while a consumer is in the middle of it: it has begun, and cannot commit."""
        with suppress(Unavailable):
            async with self.resources.database.transaction() as connection:
                await connection.exec_driver_sql("LOCK TABLE deadlines IN EXCLUSIVE MODE")
                await self._give_out(days)
                await until(lambda: self.rows(WAITING))
                yield

    async def _give_out(self, days: float) -> None:
        self._clock.set(MONDAY + timedelta(days=days))
        wave = self.tickets[self._given_out : self._given_out + WAVE]
        self._given_out += WAVE
        await self.change(GIVEN_OUT, tickets=wave)

    async def members(self) -> int:
        """How many consume for escalation, once they have agreed on who does what; else none."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._broker.servers)
        await admin.start()
        try:
            (answer,) = await admin.describe_consumer_groups([GROUP])
            ((_, _, state, _, _, members, *_),) = answer.groups
            return len(members) if state == "Stable" else 0
        finally:
            await admin.close()


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with running_broker(tmp_path_factory.mktemp("storm")) as broker:
        yield broker


@pytest.fixture
async def storm(own_broker: KafkaBroker, database_url: str, tmp_path: Path) -> AsyncIterator[Storm]:
    """A storm about to begin: every call is routed, and supervision has not heard of one."""
    clock = RehearsalClock(tmp_path / "clock.json")
    clock.set(MONDAY)
    settings = Settings(
        database_url=SecretStr(database_url),
        database_pool=8,
        kafka_servers=own_broker.servers,
        kafka_partitions=3,
        rehearsal_clock=tmp_path / "clock.json",
    )
    await ensure_topics(settings)
    async with open_resources(settings) as resources:
        storm = Storm(resources, own_broker, clock)
        storm.tickets = await routed(database_url)
        with capture_logs():
            yield storm


async def routed(database_url: str) -> list[str]:
    async with InProcess.opened(database_url, ROLES, MONDAY) as hotline:
        others = [each for role in ROLES[:2] for each in role.consumers]
        hotline.bus = LocalBus(hotline.resources, others)
        callers = [{"phone": f"139{number:08}"} for number in range(WAVE * WAVES)]
        numbers = [(await hotline.register(**NOISE, caller=caller))["id"] for caller in callers]
        await hotline.drain()
        return numbers


async def test_a_storm_with_every_trouble_of_broker_and_database_fires_each_rung_once(
    storm: Storm, postgres: EmbeddedPostgres
) -> None:
    everything = len(storm.tickets) * len(RUNGS)
    async with storm.process(supervision) as first:
        await storm.wave(0.1)
        async with storm.amid(1.5):
            await first.stop()
        await all_is_handed_out_again(storm, first)
        await another_joins_and_leaves(storm, 2.5)
        await the_broker_is_killed_and_started(storm, first, 4.5)
        async with storm.amid(9):
            try:
                await asyncio.to_thread(postgres.stop)
            finally:
                postgres.start()
        await storm.wave(15)
        await until(lambda: storm.rows(FOUND), lambda found: len(found) >= everything)
        await first.stop()
        await all_is_handed_out_again(storm, first)
        await storm.settled("escalation")
    found = await storm.rows(FOUND)
    assert Counter(map(tuple, found)) == Counter(
        (ticket, stage, level, at) for ticket in storm.tickets for (stage, level), at in RUNGS.items()
    )
    (given,) = await storm.rows(COUNTED)
    assert set(given) == {len(found) + 1}  # that the department was red at signing too often
    assert await storm.dead_letters.all() == []


async def all_is_handed_out_again(storm: Storm, stopped: Process) -> None:
    await storm.rewind("escalation")
    await stopped.start()


async def another_joins_and_leaves(storm: Storm, days: float) -> None:
    async with AsyncExitStack() as stack:
        await until(storm.members, lambda count: count == 1)
        async with storm.amid(days):
            await stack.enter_async_context(storm.process(supervision))
            await until(storm.members, lambda count: count == 0)  # it waits for what is under way
        await until(storm.members, lambda count: count == 2)
    await until(storm.members, lambda count: count == 1)


async def the_broker_is_killed_and_started(storm: Storm, process: Process, days: float) -> None:
    async with AsyncExitStack() as stack:
        async with storm.amid(days):
            await stack.enter_async_context(storm.away(process))
        await storm.wave(days + 3)  # what is known falls due without a broker
        await process.stop()  # with what it could not publish
        await process.start()
