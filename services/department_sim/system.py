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
from services.department_sim.behaviour import Behaviour, Sending
from services.department_sim.book import Book
from services.department_sim.clerk import Clerk
from services.department_sim.hand import ByHook, ByRest, Hand, Way
from services.department_sim.reception import Reception, Say, Taken
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
    With a `book` it goes on where it was left, at the port where its endpoint stays registered. It
    acts `by` its hook or by REST; `sends` are the faults of what it sends by hook.
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
    by: Way = Way.HOOK
    sends: Collection[Sending] = ()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[str, str]]:
        """Yield its address and its secret while it runs."""
        async with AsyncExitStack() as stack:
            book = Book(self.book, self.behaves)
            stack.callback(book.close)
            listener = stack.enter_context(socket.create_server((self.host, self._port(book))))
            url = f"http://{self.host}:{listener.getsockname()[1]}"
            client = await stack.enter_async_context(self._client())
            secret = self.secret or book.settings.get("secret")
            secret = secret or await self._registered(book, client, url, stack)
            hear: Taken = _do_nothing
            if self.hotline:
                hand = await self._hand(self.hotline, book, client, stack)
                clerk = Clerk(hand, book, self.pause, self.say)
                stack.push_async_callback(clerk.leave)
                for each in book.undone():
                    clerk.begin(each)
                hear = clerk.hear
            reception = Reception(secret, book, self.behaves, TYPES, self.slow_seconds, self.say, hear)
            runner = web.AppRunner(
                reception.app(), access_log=None, handler_cancellation=True, shutdown_timeout=CLOSING_SECONDS
            )
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.SockSite(runner, listener).start()
            yield url, secret

    def _port(self, book: Book) -> int:
        """Return where to listen: a book's endpoint is posted to where it was registered alone."""
        registered = int(book.settings.get("port", self.port))
        if self.port not in (0, registered):
            raise Misconfigured(
                f"The endpoint of this book is registered at port {registered}, and posted to there alone: "
                "leave out --port, or take another book."
            )
        return registered

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
        secret = await self._made("endpoint", ENDPOINTS, new, client, stack)
        if self.book is not None:
            book.keep(secret=secret, port=str(httpx.URL(url).port))
        return secret

    async def _hand(
        self, hotline: Hotline, book: Book, client: httpx.AsyncClient, stack: AsyncExitStack
    ) -> Hand:
        """Return what it acts by; a hook signs with the secret its book knows, or a new one."""
        if self.by is Way.REST:
            return ByRest(client)
        secret = book.settings.get("hook_secret")
        if secret is None:
            path = f"/v1/hooks/{hotline.department}/secrets"
            secret = await self._made("hook's secret", path, {}, client, stack)
            if self.book is not None:
                book.keep(hook_secret=secret)
        keyless = await stack.enter_async_context(httpx.AsyncClient(base_url=hotline.url, timeout=30))
        return ByHook(keyless, hotline.department, secret, self.sends)

    async def _made(
        self, what: str, path: str, new: Mapping[str, Any], client: httpx.AsyncClient, stack: AsyncExitStack
    ) -> str:
        """Register something and return its secret; without a book it is ended in the end."""
        try:
            answer = await client.post(path, json=new)
        except httpx.TransportError as fault:
            raise Unavailable(f"The service at {client.base_url} does not answer: {fault}") from fault
        made = answer.json()
        if not answer.is_success:
            raise Misconfigured(f"The {what} was refused: {made['detail']}")
        if self.book is None:
            stack.push_async_callback(_end, client, f"{path}/{made['id']}")
        return str(made["secret"])


async def _end(client: httpx.AsyncClient, path: str) -> None:
    with suppress(httpx.TransportError):
        await client.delete(path)


def _do_nothing(_: Mapping[str, Any]) -> None:
    return
