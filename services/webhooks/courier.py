"""Loop: post due deliveries, note how it went, come back for what failed."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from aiohttp import ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from schemas.errors import Unavailable
from services.clock import rest_until, wall_clock
from services.resources import Resources
from services.webhooks.domain.schedule import GONE, accepted, asked_wait, wait_after
from services.webhooks.domain.signing import signed_headers
from services.webhooks.guard import Guard, check_url, hosts_of
from services.webhooks.store import BELL, DeliveryStore, EndpointStore

POLL_SECONDS = 1.0
ANSWER_BYTES = 64_000
SHARES = 4
"""One endpoint has at most the fourth part of the posts under way."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: the receiver's status, or what went wrong; and how long it asks us to wait."""

    status: int | None = None
    fault: str | None = None
    asked: timedelta | None = None


async def courier(resources: Resources) -> None:
    """Deliver for ever; any number of processes may."""
    settings = resources.settings.webhooks
    guard = Guard(hosts_of(settings.allow_hosts))
    async with ClientSession(
        connector=TCPConnector(limit=settings.concurrency, resolver=guard),
        timeout=ClientTimeout(total=settings.timeout_seconds),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
    ) as client:
        sender = Sender(resources, client)
        async with asyncio.TaskGroup() as group:
            while True:
                claimed = await sender.claim()
                for delivery in claimed:
                    group.create_task(sender.deliver(delivery))
                if not claimed:
                    await sender.rest()


class Sender:
    """
    Claims deliveries, posts them, records the outcome.

    An endpoint that does not answer holds its own posts up, not those of
    others: it has a share of what may be under way, and after a failure one
    post at a time until it takes one again.
    """

    def __init__(self, resources: Resources, client: ClientSession) -> None:
        self._resources = resources
        self._client = client
        self._settings = resources.settings.webhooks
        self._allow_hosts = hosts_of(self._settings.allow_hosts)
        self._bell = resources.wakeups.bell(BELL)
        self._under_way: Counter[UUID] = Counter()
        self.failing: set[UUID] = set()

    async def claim(self) -> Sequence[Any]:
        """Lease as many due deliveries as may be posted now."""
        limit, busy = self._room()
        if limit < 1:
            return []
        lease = timedelta(seconds=max(self._settings.lease_seconds, 2 * self._settings.timeout_seconds))
        async with self._resources.database.transaction() as connection:
            store = DeliveryStore(connection)
            due = await store.claim(self._resources.clock.now(), lease, limit, busy, self._left)
        self._under_way.update(each.endpoint_id for each in due)
        return due

    def _room(self) -> tuple[int, Sequence[UUID]]:
        """Return how many to claim at most, whosesoever they are, and the endpoints to leave out."""
        busy = [each for each in self._under_way if self._left(each) < 1]
        return self._settings.concurrency - self._under_way.total(), busy

    def _left(self, endpoint: UUID) -> int:
        """Return how many posts to an endpoint may still be begun."""
        share = 1 if endpoint in self.failing else max(self._settings.concurrency // SHARES, 1)
        return share - self._under_way[endpoint]

    async def rest(self) -> None:
        """Wait until the next delivery is due, something new is queued, or a post is done."""
        limit, busy = self._room()
        due_at = None
        if limit > 0:
            async with self._resources.database.transaction() as connection:
                due_at = await DeliveryStore(connection).next_due(busy)
                if self.failing:
                    self.failing &= await EndpointStore(connection).alive(self.failing)
        await rest_until(self._resources.clock, due_at, self._bell, POLL_SECONDS)

    async def deliver(self, delivery: Any) -> None:
        """Post once and note the outcome; what cannot be noted is due again when its lease ends."""
        outcome = await self.post(delivery)
        if not accepted(outcome.status):
            log.warning(
                "delivery_failed", ticket_id=delivery.ticket_id, status=outcome.status, fault=outcome.fault
            )
        try:
            await self._note(delivery, outcome)
        except Unavailable as fault:
            log.warning("delivery_not_noted", ticket_id=delivery.ticket_id, fault=str(fault))
        finally:
            self._now_free(delivery.endpoint_id, taken=accepted(outcome.status))

    def _now_free(self, endpoint: UUID, *, taken: bool) -> None:
        self._under_way[endpoint] -= 1
        if not self._under_way[endpoint]:
            del self._under_way[endpoint]
        if taken:
            self.failing.discard(endpoint)
        else:
            self.failing.add(endpoint)
        self._bell.set()

    async def _note(self, delivery: Any, outcome: Outcome) -> None:
        now = self._resources.clock.now()
        wait = wait_after(delivery.attempts, outcome.asked)
        how = {"last_status": outcome.status, "last_fault": outcome.fault}
        async with self._resources.database.transaction() as connection:
            store = DeliveryStore(connection)
            if accepted(outcome.status):
                await store.delivered(delivery, now, **how)
            elif outcome.status == GONE:
                await EndpointStore(connection).disable(delivery.endpoint_id, now, "410 Gone")
                await store.note(delivery, last_status=GONE)
            elif wait is None:
                await store.failed(delivery, dead_at=now, next_attempt_at=None, **how)
            else:
                await store.failed(delivery, next_attempt_at=now + wait, **how)

    async def post(self, delivery: Any) -> Outcome:
        """Post one delivery; whatever the receiver does, return an outcome."""
        try:
            check_url(delivery.url, self._allow_hosts)
            headers = signed_headers(delivery.secret, delivery.event_id, wall_clock(), delivery.body)
            async with self._client.post(
                delivery.url, data=delivery.body, headers=headers, allow_redirects=False
            ) as answer:
                await _read_some(answer)
                asked = asked_wait(answer.headers.get("retry-after"), wall_clock())
                return Outcome(answer.status, asked=asked)
        except Exception as fault:
            return Outcome(fault=f"{type(fault).__name__}: {fault}".rstrip(": ")[:500])


async def _read_some(answer: ClientResponse) -> None:
    """Read a short answer to its end, so that the connection can be used again; drop a long one."""
    size = 0
    async for chunk in answer.content.iter_any():
        size += len(chunk)
        if size > ANSWER_BYTES:
            answer.close()
            return
