"""Where a department's system takes webhooks: it verifies, stores, answers, and says what it holds."""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from services.department_sim.behaviour import Behaviour
from services.department_sim.book import Book

LARGEST_BODY = 1_000_000
LONG_BODY = 16_000
ANY_SIZE = 2**30

Say = Callable[[str], None]
Taken = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Reception:
    """Takes posts into a book and tells of each; `taken` is called with every event that is new."""

    secret: str
    book: Book
    behaves: Collection[Behaviour]
    known: Collection[str]
    slow_seconds: float
    say: Say
    taken: Taken

    def app(self) -> web.Application:
        """Return its faces: `/hook` for webhooks, `/status` for what it holds of a ticket."""
        largest = ANY_SIZE if Behaviour.TAKES_ANY_SIZE in self.behaves else LARGEST_BODY
        app = web.Application(client_max_size=largest)
        app.router.add_post("/hook", self.take)
        app.router.add_get("/status", self.status)
        return app

    async def take(self, request: web.Request) -> web.Response:
        """Take a post: 204 once it is stored, 401 when it is not the hotline's."""
        if Behaviour.SLOW in self.behaves:
            await asyncio.sleep(self.slow_seconds)
        answer = self._always(request) or await self._read(request)
        self.say(f"{request.headers.get('webhook-id', 'no id'):<36}  {answer.status} {answer.reason}")
        return answer

    async def status(self, request: web.Request) -> web.Response:
        """Say what is held of a ticket, as the conformance kit asks; 404 for one that is not known."""
        held = self.book.tickets.get(request.query.get("ticket", ""))
        if held is None:
            return web.Response(status=404)
        return web.json_response({"version": held.version, "taken": held.taken})

    async def _read(self, request: web.Request) -> web.Response:
        try:
            return self._judged(await request.read(), request.headers)
        except web.HTTPRequestEntityTooLarge as fault:
            return web.Response(status=fault.status)

    def _always(self, request: web.Request) -> web.Response | None:
        if Behaviour.RESET in self.behaves and request.transport is not None:
            request.transport.abort()
            return web.Response(status=500)
        if Behaviour.BUSY in self.behaves:
            return web.Response(status=429, headers={"retry-after": "1"})
        for behaviour in (Behaviour.FAILS, Behaviour.GONE):
            if behaviour in self.behaves:
                return web.Response(status=int(behaviour))
        return None

    def _judged(self, body: bytes, headers: Mapping[str, str]) -> web.Response:
        id_ = headers.get("webhook-id", "")
        try:
            self._verify(body, headers)
            posted = json.loads(body)
        except (WebhookVerificationError, ValueError) as fault:
            if Behaviour.REMEMBERS_FORGED in self.behaves:
                self.book.remember(id_)
            odd = isinstance(fault, ValueError) and Behaviour.FAILS_ON_ODD_SIGNATURES in self.behaves
            return web.Response(status=500 if odd else 401)
        return self._stored(id_, posted, len(body))

    def _stored(self, id_: str, posted: dict[str, Any], size: int) -> web.Response:
        if Behaviour.REFUSES_LARGE in self.behaves and size > LONG_BODY:
            return web.Response(status=413)
        if posted["type"] not in self.known:
            return web.Response(status=400 if Behaviour.REFUSES_UNKNOWN in self.behaves else 204)
        if self.book.take(id_, posted):
            data = posted["data"]
            self.say(f"{id_}  {posted['type']}  {data['ticket']}  version {data['version']}")
            self.taken(posted)
        return web.Response(status=204)

    def _verify(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Raise `WebhookVerificationError` or `ValueError` for a post that is not the hotline's."""
        told = {name.lower(): value for name, value in headers.items()}
        if Behaviour.TAKES_UNSIGNED in self.behaves:
            return
        if Behaviour.FIRST_SIGNATURE_ONLY in self.behaves:
            told["webhook-signature"] = told.get("webhook-signature", "").partition(" ")[0]
        if Behaviour.TAKES_OLD in self.behaves:
            self._verify_at_any_time(body, told)
        else:
            Webhook(self.secret).verify(body, told)

    def _verify_at_any_time(self, body: bytes, told: Mapping[str, str]) -> None:
        signed_at = datetime.fromtimestamp(int(told.get("webhook-timestamp", "")), UTC)
        right = Webhook(self.secret).sign(told.get("webhook-id", ""), signed_at, body.decode())
        if right not in told.get("webhook-signature", "").split():
            raise WebhookVerificationError("No matching signature found")
