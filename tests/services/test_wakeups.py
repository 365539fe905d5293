"""A bell is heard in other processes, also after the connection that carries it was cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from services.resources import driver_dsn
from services.wakeups import Wakeups
from tests.inprocess import InProcess
from tests.lingering import lingering

PATIENCE = 20
LISTENERS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(driver_dsn(database_url))
    yield connection
    await connection.close()


@asynccontextmanager
async def carrying(wakeups: Wakeups) -> AsyncIterator[None]:
    task = asyncio.create_task(wakeups.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def listener(desk: "asyncpg.Connection[asyncpg.Record]", but_not: int | None = None) -> int:
    """The server's process that serves the one listener, once there is one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = [row["pid"] for row in await desk.fetch(LISTENERS) if row["pid"] != but_not]
            if len(found) == 1:
                return int(found[0])
            await asyncio.sleep(0.01)


async def test_who_is_cut_off_listens_again_without_ringing_first(
    database_url: str, desk: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    deaf = Wakeups(driver_dsn(database_url))
    async with carrying(deaf):
        cut = await listener(desk)
        await desk.execute("SELECT pg_terminate_backend($1)", cut)
        await listener(desk, but_not=cut)
        bell = deaf.bell("outbox")
        async with asyncio.timeout(PATIENCE):
            while not bell.is_set():
                await desk.execute("SELECT pg_notify('hotline_wakeups', 'outbox')")
                await asyncio.sleep(0.05)


async def test_whoever_waited_while_nobody_listened_looks_again(
    database_url: str, desk: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    deaf = Wakeups(driver_dsn(database_url))
    async with carrying(deaf):
        cut = await listener(desk)
        bell = deaf.bell("outbox")
        bell.clear()
        await desk.execute("SELECT pg_terminate_backend($1)", cut)
        async with asyncio.timeout(PATIENCE):
            await bell.wait()


async def test_who_listens_again_rings_no_bell_of_its_own(
    database_url: str, desk: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    deaf = Wakeups(driver_dsn(database_url))
    async with carrying(deaf):
        cut = await listener(desk)
        heard: asyncio.Queue[object] = asyncio.Queue()
        await desk.add_listener("hotline_wakeups", lambda *said: heard.put_nowait(said[-1]))
        await desk.execute("SELECT pg_terminate_backend($1)", cut)
        await listener(desk, but_not=cut)
        deaf.ring("outbox")
        async with asyncio.timeout(PATIENCE):
            assert await heard.get() == "outbox"


async def test_who_rings_by_a_way_that_just_ends_listens_again(
    database_url: str, desk: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path
) -> None:
    async with lingering(database_url, tmp_path) as (url, way):
        ringing = Wakeups(driver_dsn(url))
        async with carrying(ringing):
            ended = await listener(desk)
            await desk.execute("SELECT pg_terminate_backend($1)", ended)
            await way.goodbye()
            ringing.ring("outbox")
            await listener(desk, but_not=ended)


async def test_who_is_told_to_stop_stops_though_the_server_does_not_answer(
    database_url: str, desk: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path
) -> None:
    async with lingering(database_url, tmp_path) as (url, _):
        task = asyncio.create_task(Wakeups(driver_dsn(url)).run())
        await listener(desk)
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE)
        assert task.cancelled()


async def test_a_step_of_a_ticket_wakes_who_brings_its_event_on(hotline: InProcess) -> None:
    ticket = await hotline.call(category="020100", division="460106000000")
    bell = hotline.resources.wakeups.bell("outbox")
    bell.clear()
    owner = await hotline.client("department", ticket["department"])
    signed = await owner.post(f"/v1/tickets/{ticket['id']}/sign", json={})
    assert signed.status_code == 200, signed.text
    assert bell.is_set()
