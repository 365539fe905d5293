"""One attempt: signed, posted to a checked address, and whatever the receiver does, an outcome."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from schemas.webhooks import Fault
from services.clock import wall_clock
from services.settings import WebhookSettings
from services.webhooks.domain.schedule import asked_wait
from services.webhooks.domain.signing import signed_headers, still_signing
from services.webhooks.faults import detail_of, fault_of, fault_of_status
from services.webhooks.guard import Guard, check_url, hosts_of

ANSWER_BYTES = 64_000
ANSWER_KEPT = 1_000
SLOW_TIMES = 4
MOST_CONNECTIONS = 512
"""What may be under way when receivers take long, in times of the usual and as a process may open files."""
USER_AGENT = "hotline-12345-webhooks"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: what was sent, the receiver's status and words, or what went wrong."""

    at: datetime
    took_ms: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    answer: str | None = None
    fault: Fault | None = None
    detail: str | None = None
    asked: timedelta | None = None
    """How long the receiver asks us to wait."""


def most_under_way(settings: WebhookSettings) -> int:
    """Return how many posts are under way at most, also when no receiver answers."""
    return max(settings.concurrency, min(SLOW_TIMES * settings.concurrency, MOST_CONNECTIONS))


@asynccontextmanager
async def opened_client(settings: WebhookSettings) -> AsyncIterator[ClientSession]:
    """Yield the client all posts go by: it connects to checked addresses, and keeps no cookies."""
    guard = Guard(hosts_of(settings.allow_hosts))
    async with ClientSession(
        connector=TCPConnector(limit=most_under_way(settings), resolver=guard),
        timeout=ClientTimeout(total=settings.timeout_seconds),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        headers={"user-agent": USER_AGENT},
    ) as client:
        yield client


class Poster:
    """Posts deliveries, one at a time as asked."""

    def __init__(self, client: ClientSession, settings: WebhookSettings) -> None:
        self._client = client
        self._allow_hosts = hosts_of(settings.allow_hosts)

    async def post(self, delivery: Any, now: datetime) -> Outcome:
        """Post one delivery; never raises for what the receiver does. `now` is the service's time."""
        start = asyncio.get_running_loop().time()
        headers: dict[str, str] = {}
        said: dict[str, Any] = {}
        try:
            check_url(delivery.url, self._allow_hosts)
            secrets = still_signing(delivery.secret, delivery.old_secrets, now)
            headers = signed_headers(secrets, delivery.event_id, wall_clock(), delivery.body)
            async with self._client.post(
                delivery.url, data=delivery.body, headers=headers, allow_redirects=False
            ) as answer:
                said = _said(answer)
                said |= await _read_some(answer)
        except Exception as raised:
            # An answer that broke off in its body was one: the receiver has said whether it took it.
            said = {"fault": fault_of(raised), "detail": detail_of(raised), **said}
        took_ms = round(1000 * (asyncio.get_running_loop().time() - start))
        return Outcome(at=now, took_ms=took_ms, headers=headers, **said)


def _said(answer: ClientResponse) -> dict[str, Any]:
    status, told = answer.status, answer.headers
    asked = asked_wait(status, told.get("retry-after"), wall_clock(), told.get("date"))
    return {"status": status, "fault": fault_of_status(status), "asked": asked}


async def _read_some(answer: ClientResponse) -> dict[str, Any]:
    """Read a short answer to its end, so that the connection can be used again; drop a long one."""
    kept, size = b"", 0
    async for chunk in answer.content.iter_any():
        kept, size = (kept + chunk)[: 4 * ANSWER_KEPT], size + len(chunk)
        if size > ANSWER_BYTES:
            answer.close()
            break
    text = kept.decode(errors="replace").replace("\x00", "")[:ANSWER_KEPT]
    said: dict[str, Any] = {"answer": text or None}
    if size > ANSWER_BYTES:
        said |= {"fault": Fault.TOO_LONG, "detail": f"The answer is longer than {ANSWER_BYTES} bytes."}
    return said
