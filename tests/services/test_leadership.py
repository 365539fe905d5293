"""One leader at a time, and a leader that lost its office stops."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import text

from schemas.errors import Unavailable
from services.leadership import leadership
from services.resources import Resources, open_resources
from services.settings import Settings
from tests.kafka.broker import free_ports

PATIENCE = 20
HOLDERS = """
    SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND datname = current_database()
"""
ASKING = """
    SELECT pid FROM pg_stat_activity
    WHERE query LIKE 'SELECT pg_try_advisory_lock%' AND datname = current_database()
"""


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    async with open_resources(Settings.model_validate({"database_url": database_url})) as opened:
        yield opened


async def test_only_one_leads_and_the_next_follows_when_it_leaves(resources: Resources) -> None:
    second_leads = asyncio.Event()

    async def second() -> None:
        async with leadership(resources, "office"):
            second_leads.set()

    async with leadership(resources, "office"):
        waiting = asyncio.create_task(second())
        await asyncio.wait([waiting], timeout=1.5)
        assert not second_leads.is_set()
    async with asyncio.timeout(PATIENCE):
        await waiting
    assert second_leads.is_set()


async def test_offices_do_not_stand_in_each_others_way(resources: Resources) -> None:
    async with asyncio.timeout(PATIENCE), leadership(resources, "relay"), leadership(resources, "other"):
        pass


async def test_a_leader_whose_lock_is_lost_is_stopped_and_not_cancelled(resources: Resources) -> None:
    async def work() -> None:
        await dismiss(resources)
        await asyncio.Event().wait()

    async with asyncio.timeout(PATIENCE):
        with pytest.raises(Unavailable):
            await lead(resources, work)
    assert not cancelling()


async def test_a_leader_whose_work_fails_as_its_lock_is_lost_is_not_cancelled_later(
    resources: Resources,
) -> None:
    """A database that goes away in mid-work turns the cancellation into an error of its own."""

    async def work() -> None:
        try:
            await dismiss(resources)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError("the rollback failed too") from None

    for _ in range(2):
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(Unavailable):
                await lead(resources, work)
        assert not cancelling()


async def test_a_leader_that_is_told_to_stop_is_cancelled(resources: Resources) -> None:
    leads = asyncio.Event()

    async def work() -> None:
        leads.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(lead(resources, work))
    async with asyncio.timeout(PATIENCE):
        await leads.wait()
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()


async def test_waiting_for_an_office_ends_with_its_connection(resources: Resources) -> None:
    async with asyncio.timeout(PATIENCE), leadership(resources, "office"):
        leader = await pids(resources, HOLDERS)
        waiting = asyncio.create_task(lead(resources, nothing))
        while len(there := await pids(resources, ASKING)) < 2:
            await asyncio.sleep(0.05)
        await terminate(resources, *(set(there) - set(leader)))
        with pytest.raises(Unavailable):
            await waiting


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_without_a_database_there_is_no_office(host: str) -> None:
    (port,) = free_ports(1)
    url = f"postgresql+asyncpg://nobody@{host}:{port}/nothing"
    async with open_resources(Settings.model_validate({"database_url": url})) as resources:
        with pytest.raises(Unavailable):
            await lead(resources, nothing)


async def lead(resources: Resources, work: Callable[[], Awaitable[None]]) -> None:
    async with leadership(resources, "office"):
        await work()


async def nothing() -> None:
    """No work at all."""


async def dismiss(resources: Resources) -> None:
    """Terminate the connection that holds the lock."""
    await terminate(resources, *await pids(resources, HOLDERS))


async def terminate(resources: Resources, *found: int) -> None:
    assert found
    for pid in found:
        await pids(resources, f"SELECT {pid} WHERE pg_terminate_backend({pid})")


async def pids(resources: Resources, query: str) -> list[int]:
    async with resources.database.transaction() as connection:
        return [int(pid) for pid in (await connection.scalars(text(query))).all()]


def cancelling() -> int:
    task = asyncio.current_task()
    return task.cancelling() if task else 0
