"""One leader among processes, by an advisory lock that ends with its connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias
from zlib import crc32

import asyncpg

from schemas.errors import Unavailable
from services.database import reached, told_apart
from services.resources import Resources, database_url, driver_dsn

RETRY_SECONDS = 1.0

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@asynccontextmanager
async def leadership(resources: Resources, office: str) -> AsyncIterator[None]:
    """
    Wait until this process holds `office`, and hold it while the body runs.

    When the connection that holds it breaks, another process may lead at once;
    the body is then stopped with `Unavailable`, so that there are never two.
    """
    connection = await _connect(resources)
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    try:
        await _win(connection, crc32(office.encode()))
        async with _while_not(lost):
            yield
    finally:
        # Not close(): it waits for the server, and when that hangs its TimeoutError hides a cancellation.
        connection.terminate()


async def _connect(resources: Resources) -> Connection:
    with told_apart(), reached():
        return await asyncpg.connect(driver_dsn(database_url(resources.settings)))


async def _win(connection: Connection, lock: int) -> None:
    with told_apart():
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock):
            await asyncio.sleep(RETRY_SECONDS)


@asynccontextmanager
async def _while_not(lost: asyncio.Event) -> AsyncIterator[None]:
    body = asyncio.current_task()
    assert body is not None
    cut = False

    async def watch() -> None:
        nonlocal cut
        await lost.wait()
        cut = body.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()
        # Whatever the body made of it, the cancellation was ours unless somebody else cancelled too.
        if cut and body.uncancel() == 0:
            raise Unavailable("The lock of this office was lost.")
