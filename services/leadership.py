"""One leader among processes, by an advisory lock that ends with its connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zlib import crc32

import asyncpg

from schemas.errors import Unavailable
from services.resources import Resources, database_url, driver_dsn

RETRY_SECONDS = 1.0


@asynccontextmanager
async def leadership(resources: Resources, office: str) -> AsyncIterator[None]:
    """
    Wait until this process holds `office`, and hold it while the body runs.

    When the connection that holds it breaks, another process may lead at once;
    the body is then stopped with `Unavailable`, so that there are never two.
    """
    try:
        connection = await asyncpg.connect(driver_dsn(database_url(resources.settings)))
    except (OSError, asyncpg.PostgresError) as fault:
        raise Unavailable("The database does not answer.") from fault
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    try:
        await _win(connection, crc32(office.encode()))
        async with _while_not(lost):
            yield
    except (asyncpg.InterfaceError, asyncpg.PostgresConnectionError, OSError) as fault:
        raise Unavailable("The lock of this office was lost.") from fault
    finally:
        await connection.close(timeout=1)


async def _win(connection: "asyncpg.Connection[asyncpg.Record]", lock: int) -> None:
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock):
        await asyncio.sleep(RETRY_SECONDS)


@asynccontextmanager
async def _while_not(lost: asyncio.Event) -> AsyncIterator[None]:
    body = asyncio.current_task()
    cut = False

    async def watch() -> None:
        nonlocal cut
        await lost.wait()
        cut = True
        if body is not None:
            body.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if cut and body is not None:
            body.uncancel()
            raise Unavailable("The lock of this office was lost.") from None
        raise
    finally:
        watcher.cancel()
