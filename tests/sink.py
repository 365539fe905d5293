"""A department's system at the other end of a webhook: a real HTTP server on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Received:
    """One post, as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.body)  # type: ignore[no-any-return]


@dataclass
class Sink:
    """Keeps what it is sent, and answers with `status`."""

    url: str = ""
    status: int = 200
    received: list[Received] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(headers, body))
        self._news.set()
        return web.Response(status=self.status)

    async def wait(self, enough: Callable[[list[Received]], bool], seconds: float = 20) -> list[Received]:
        """Return what was received, once it is enough."""
        async with asyncio.timeout(seconds):
            while not enough(self.received):
                self._news.clear()
                await self._news.wait()
        return self.received


@asynccontextmanager
async def opened_sink() -> AsyncIterator[Sink]:
    sink = Sink()
    app = web.Application()
    app.router.add_post("/hook", sink.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    sink.url = f"http://127.0.0.1:{port}/hook"
    try:
        yield sink
    finally:
        await runner.cleanup()
