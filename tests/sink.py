"""A department's system at the other end of a webhook: a real HTTP server on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
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
    """
    Keeps what it is sent, and answers with `status`, `headers` and `says`.

    It answers as long as it is `awake`; `most_at_once` counts the posts that waited together.
    """

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    says: bytes = b""
    received: list[Received] = field(default_factory=list)
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    most_at_once: int = 0
    _under_way: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(headers, body))
        self._news.set()
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            await self.awake.wait()
        finally:
            self._under_way -= 1
        return web.Response(status=self.status, headers=self.headers, body=self.says)

    async def wait(self, enough: Callable[[list[Received]], bool], seconds: float = 20) -> list[Received]:
        """Return what was received, once it is enough."""
        async with asyncio.timeout(seconds):
            while not enough(self.received):
                self._news.clear()
                await self._news.wait()
        return self.received


@asynccontextmanager
async def opened_sink(tls: SSLContext | None = None) -> AsyncIterator[Sink]:
    sink = Sink()
    sink.awake.set()
    app = web.Application()
    app.router.add_post("/hook", sink.take)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    sink.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/hook"
    try:
        yield sink
    finally:
        sink.awake.set()
        await runner.cleanup()
