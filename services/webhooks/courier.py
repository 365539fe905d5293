"""Loop: post due deliveries, note how it went, come back for what failed."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from services.clock import rest_until
from services.resources import Resources
from services.webhooks.delivery_store import DeliveryStore
from services.webhooks.post import Outcome, Poster, opened_client
from services.webhooks.recorder import Attempted, Recorder
from services.webhooks.standby import BELL

POLL_SECONDS = 1.0
SHARES = 8
"""One endpoint has at most the eighth part of the posts under way."""
CLAIMS = 4
"""The fourth part must be free before more are claimed, so that a claim is of many."""

log = structlog.get_logger()


async def courier(resources: Resources) -> None:
    """Deliver for ever; any number of processes may."""
    settings = resources.settings.webhooks
    recorder = Recorder(resources)
    async with opened_client(settings) as client, asyncio.TaskGroup() as group:
        sender = Sender(resources, Poster(client, settings), recorder)
        group.create_task(recorder.run())
        while True:
            claimed = await sender.claim()
            for delivery in claimed:
                group.create_task(sender.deliver(delivery))
            if not claimed:
                await sender.rest()


class Sender:
    """
    Claims deliveries and posts them; the recorder is told how it went.

    An endpoint that does not answer holds its own posts up, not those of
    others: it has a share of what may be under way, and after a failure one
    post at a time until it takes one again.
    """

    def __init__(self, resources: Resources, poster: Poster, recorder: Recorder) -> None:
        self._resources = resources
        self._poster = poster
        self._recorder = recorder
        self._settings = resources.settings.webhooks
        self._share = max(self._settings.concurrency // SHARES, 1)
        self._enough = max(self._settings.concurrency // CLAIMS, 1)
        self._bell = resources.wakeups.bell(BELL)
        self._under_way: Counter[UUID] = Counter()
        self._looked_at = resources.clock.now()

    async def claim(self) -> Sequence[Any]:
        """Lease due deliveries, when there is room for more than a few."""
        free = self._free()
        if free < self._enough:
            return []
        lease = timedelta(seconds=max(self._settings.lease_seconds, 2 * self._settings.timeout_seconds))
        now, under_way = self._resources.clock.now(), dict(self._under_way)
        self._looked_at = now
        due = await self._resources.database.run(
            lambda connection: DeliveryStore(connection).claim(now, lease, free, self._share, under_way)
        )
        self._under_way.update(each.endpoint_id for each in due)
        return due

    def _free(self) -> int:
        return self._settings.concurrency - self._under_way.total()

    async def rest(self) -> None:
        """Wait until the next delivery is due, something new is queued, or a post is done."""
        due_at = None
        if self._free() >= self._enough:
            full = [each for each, posts in self._under_way.items() if posts >= self._share]
            async with self._resources.database.transaction() as connection:
                due_at = await DeliveryStore(connection).next_due(full)
        await rest_until(self._resources.clock, self._looked_at, due_at, self._bell, POLL_SECONDS)

    async def deliver(self, delivery: Any) -> None:
        """Post once and hand the outcome to be noted."""
        outcome = await self._poster.post(delivery, self._resources.clock.now())
        attempted = Attempted(delivery, outcome, self._resources.clock.now())
        if not attempted.taken:
            self._warn(delivery, outcome)
        self._under_way[delivery.endpoint_id] -= 1
        if not self._under_way[delivery.endpoint_id]:
            del self._under_way[delivery.endpoint_id]
        self._recorder.add(attempted)
        if self._free() >= self._enough:
            self._bell.set()

    def _warn(self, delivery: Any, outcome: Outcome) -> None:
        log.warning(
            "delivery_failed",
            ticket_id=delivery.ticket_id,
            endpoint=str(delivery.endpoint_id),
            delivery=delivery.id,
            attempt=delivery.attempts,
            status=outcome.status,
            fault=outcome.fault,
        )
