"""A way to the database that stays open after the server has ended it, as for a moment every one does."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy import make_url

PATIENCE = 20


class Lingering:
    """Carries bytes both ways, and what the server said at last; closes to the client once `ended` is set."""

    def __init__(self, server: str) -> None:
        self.ended, self._goodbye = asyncio.Event(), asyncio.Event()
        self._server = server

    async def goodbye(self) -> None:
        """Return once the server has closed a connection, and the client has heard all it said there."""
        async with asyncio.timeout(PATIENCE):
            await self._goodbye.wait()
        await asyncio.sleep(0)

    async def carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Carry one connection until the client closes it."""
        from_server, to_server = await asyncio.open_unix_connection(self._server)
        answers = asyncio.create_task(self._answer(from_server, writer))
        try:
            await _pass_on(reader, to_server)
        finally:
            answers.cancel()
            to_server.close()
            writer.close()

    async def _answer(self, reader: StreamReader, writer: StreamWriter) -> None:
        await _pass_on(reader, writer)
        self._goodbye.set()
        await self.ended.wait()
        writer.close()


async def _pass_on(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)


@asynccontextmanager
async def lingering(url: str, folder: Path) -> AsyncIterator[tuple[str, Lingering]]:
    """Yield another address of a database, by a socket in this folder, and the way that begins there."""
    address = make_url(url)
    name = f".s.PGSQL.{address.query['port']}"
    way = Lingering(f"{address.query['host']}/{name}")
    async with await asyncio.start_unix_server(way.carry, folder / name):
        by_here = address.update_query_dict({"host": str(folder)})
        yield by_here.render_as_string(hide_password=False), way
