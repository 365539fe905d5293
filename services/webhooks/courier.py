"""Loop: post due deliveries, note how it went, come back for what failed."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import structlog

from schemas.errors import BadEndpoint
from services.clock import wall_clock
from services.resources import Resources
from services.webhooks.domain.schedule import GONE, accepted, wait_after
from services.webhooks.domain.signing import signed_headers
from services.webhooks.guard import resolve
from services.webhooks.store import BELL, DeliveryStore, EndpointStore

POLL_SECONDS = 1.0
ANSWER_BYTES = 64_000

Outcome = tuple[int | None, str | None]
"""The receiver's status, or what went wrong."""

log = structlog.get_logger()


async def courier(resources: Resources) -> None:
    """Deliver for ever; any number of processes may."""
    settings = resources.settings.webhooks
    limits = httpx.Limits(max_connections=settings.concurrency)
    async with httpx.AsyncClient(
        timeout=settings.timeout_seconds, limits=limits, follow_redirects=False, trust_env=False
    ) as client:
        sender = Sender(resources, client)
        async with asyncio.TaskGroup() as group:
            under_way: set[asyncio.Task[None]] = set()
            while True:
                claimed = await sender.claim(settings.concurrency - len(under_way))
                for delivery in claimed:
                    task = group.create_task(sender.deliver(delivery))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                if len(under_way) >= settings.concurrency:
                    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                elif not claimed:
                    await sender.rest()


class Sender:
    """Claims deliveries, posts them, records the outcome."""

    def __init__(self, resources: Resources, client: httpx.AsyncClient) -> None:
        self._resources = resources
        self._client = client
        self._settings = resources.settings.webhooks
        self._allowed = frozenset(filter(None, self._settings.allow_hosts.split(",")))

    async def claim(self, limit: int) -> list[Any]:
        """Lease up to `limit` due deliveries."""
        if limit < 1:
            return []
        lease = timedelta(seconds=self._settings.lease_seconds)
        async with self._resources.database.transaction() as connection:
            due = DeliveryStore(connection)
            return list(await due.claim(self._resources.clock.now(), lease, limit))

    async def rest(self) -> None:
        """Wait until the next delivery is due, or something new is queued."""
        async with self._resources.database.transaction() as connection:
            due_at = await DeliveryStore(connection).next_due()
        bell = self._resources.wakeups.bell(BELL)
        await self._resources.clock.sleep_until(due_at, bell, POLL_SECONDS)

    async def deliver(self, delivery: Any) -> None:
        """Post once and note the outcome."""
        status, fault = await self.post(delivery)
        now = self._resources.clock.now()
        wait = wait_after(delivery.attempts)
        async with self._resources.database.transaction() as connection:
            store = DeliveryStore(connection)
            outcome = {"last_status": status, "last_fault": fault}
            if accepted(status):
                await store.settle(delivery.id, {**outcome, "delivered_at": now, "next_attempt_at": None})
                self._resources.wakeups.ring(BELL)
            elif status == GONE:
                await EndpointStore(connection).disable(delivery.endpoint_id, now, "410 Gone")
            elif wait is None:
                await store.settle(delivery.id, {**outcome, "dead_at": now, "next_attempt_at": None})
            else:
                await store.settle(delivery.id, {**outcome, "next_attempt_at": now + wait})
        if not accepted(status):
            log.warning("delivery_failed", ticket_id=delivery.ticket_id, status=status, fault=fault)

    async def post(self, delivery: Any) -> Outcome:
        """Post one delivery; whatever the receiver does, return an outcome."""
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                target = await resolve(delivery.url, self._allowed)
                headers = signed_headers(delivery.secret, delivery.event_id, wall_clock(), delivery.body)
                request = self._client.build_request(
                    "POST",
                    target.url,
                    content=delivery.body,
                    headers={**headers, "host": target.authority},
                    extensions={"sni_hostname": target.host},
                )
                answer = await self._client.send(request, stream=True)
                await _read_some(answer)
                return answer.status_code, None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, BadEndpoint) as fault:
            return None, f"{type(fault).__name__}: {fault}"[:500]


async def _read_some(answer: httpx.Response) -> None:
    """Read a short answer to its end, so that the connection can be used again; drop a long one."""
    size = 0
    try:
        async for chunk in answer.aiter_raw():
            size += len(chunk)
            if size > ANSWER_BYTES:
                break
    finally:
        await answer.aclose()
