"""A simulated system under way: its address, its endpoint with the hotline, its people."""

import secrets
import socket
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

from schemas.errors import Misconfigured, Unavailable
from services.department_sim.behaviour import Behaviour
from services.department_sim.book import Book
from services.department_sim.clerk import Clerk
from services.department_sim.reception import Reception, Say
from services.webhooks.announce import TYPES
from services.webhooks.domain.signing import SECRET_BYTES, show_secret

ENDPOINTS = "/v1/webhooks/endpoints"
CLOSING_SECONDS = 1.0
"""How long answers under way are waited for."""


@dataclass(frozen=True)
class Hotline:
    """The service as a department reaches it: its address, and the department's key."""

    url: str
    key: str
    department: str


@dataclass(frozen=True)
class System:
    """
    What a simulated system is to be: how it behaves, where it listens, what it knows.

    Without a `hotline` it only takes webhooks, signed by `secret` or one it makes.
    With a `book` it goes on where it was left, and its endpoint stays registered.
    """

    host: str
    port: int
    behaves: Collection[Behaviour]
    hotline: Hotline | None
    secret: str | None
    book: Path | None
    pause: float
    slow_seconds: float
    say: Say

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[str, str]]:
        """Yield its address and its secret while it runs."""
        async with AsyncExitStack() as stack:
            listener = stack.enter_context(socket.create_server((self.host, self.port)))
            url = f"http://{self.host}:{listener.getsockname()[1]}"
            book = Book(self.book, self.behaves)
            stack.callback(book.close)
            client = await stack.enter_async_context(self._client())
            secret = self.secret or book.settings.get("secret")
            secret = secret or await self._registered(book, client, url, stack)
            clerk = Clerk(client, book, self.pause, self.say)
            stack.push_async_callback(clerk.leave)
            if self.hotline:
                for each in book.undone():
                    clerk.begin(each)
            hear = clerk.hear if self.hotline else _do_nothing
            reception = Reception(secret, book, self.behaves, TYPES, self.slow_seconds, self.say, hear)
            runner = web.AppRunner(
                reception.app(), access_log=None, handler_cancellation=True, shutdown_timeout=CLOSING_SECONDS
            )
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.SockSite(runner, listener).start()
            yield url, secret

    def _client(self) -> httpx.AsyncClient:
        if self.hotline is None:
            return httpx.AsyncClient()
        headers = {"authorization": f"Bearer {self.hotline.key}"}
        return httpx.AsyncClient(base_url=self.hotline.url, headers=headers, timeout=30)

    async def _registered(
        self, book: Book, client: httpx.AsyncClient, url: str, stack: AsyncExitStack
    ) -> str:
        """Register this address with the hotline and return its secret; without a hotline, make one."""
        if self.hotline is None:
            return show_secret(secrets.token_bytes(SECRET_BYTES))
        new = {"department": self.hotline.department, "url": f"{url}/hook", "types": list(TYPES)}
        try:
            answer = await client.post(ENDPOINTS, json=new)
        except httpx.TransportError as fault:
            raise Unavailable(f"The service at {self.hotline.url} does not answer: {fault}") from fault
        endpoint = answer.json()
        if not answer.is_success:
            raise Misconfigured(f"The endpoint was refused: {endpoint['detail']}")
        secret = str(endpoint["secret"])
        if self.book is None:
            stack.push_async_callback(_end, client, endpoint["id"])
        else:
            book.keep(secret=secret)
        return secret


async def _end(client: httpx.AsyncClient, endpoint_id: str) -> None:
    with suppress(httpx.TransportError):
        await client.delete(f"{ENDPOINTS}/{endpoint_id}")


def _do_nothing(_: Mapping[str, Any]) -> None:
    return
