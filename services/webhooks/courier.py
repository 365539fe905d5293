"""Loop: post due deliveries, note how it went, come back for what failed."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from services.clock import HELD_SECONDS, rest_until
from services.resources import Resources
from services.webhooks.delivery_store import DeliveryStore
from services.webhooks.post import Outcome, Poster, most_under_way, opened_client
from services.webhooks.recorder import Attempted, Recorder
from services.webhooks.standby import BELL

POLL_SECONDS = 1.0
SHARES = 8
"""One endpoint has at most the eighth part of the posts under way."""
CLAIMS = 4
"""The fourth part must be free before more are claimed, of all or of one endpoint: so a claim is of many."""
SLOW_SECONDS = 1.0
"""A post under way for so long takes no place any more that others could have."""

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
            if not sender.leaves_some:
                await sender.rest()


class Sender:
    """
    Claims deliveries and posts them; the recorder is told how it went.

    An endpoint that does not answer holds its own posts up, not those of
    others: it has a share of what may be under way, and after a failure one
    post at a time until it takes one again. `leaves_some`: the last claim took
    all it was let, so there may be more to claim at once.
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
        self._posts = 0
        self.leaves_some = True
        self._quick: OrderedDict[int, float] = OrderedDict()
        self._looked_at = resources.clock.now()

    async def claim(self) -> Sequence[Any]:
        """Lease due deliveries, when there is room for more than a few."""
        free = self._free()
        self.leaves_some = False
        if free < self._enough:
            return []
        lease = timedelta(seconds=max(self._settings.lease_seconds, 2 * self._settings.timeout_seconds))
        now, under_way = self._resources.clock.now(), dict(self._under_way)
        self._looked_at = now
        due = await self._resources.database.run(
            lambda connection: DeliveryStore(connection).claim(now, lease, free, self._share, under_way)
        )
        self._under_way.update(each.endpoint_id for each in due)
        self._posts += len(due)
        self.leaves_some = len(due) == free
        self._quick.update(dict.fromkeys((each.id for each in due), asyncio.get_running_loop().time()))
        return due

    def _free(self) -> int:
        """Return how many more may be posted: what takes long has a place of its own, up to a bound."""
        slow = asyncio.get_running_loop().time() - SLOW_SECONDS
        while self._quick and next(iter(self._quick.values())) <= slow:
            self._quick.popitem(last=False)
        bound = most_under_way(self._settings) - self._posts
        return min(self._settings.concurrency - len(self._quick), bound)

    async def rest(self) -> None:
        """Wait until the next delivery is due, something new is queued, or a post is done."""
        due_at, most = None, HELD_SECONDS
        if self._free() >= self._enough:
            most = POLL_SECONDS
            full = [each for each, posts in self._under_way.items() if posts >= self._share]
            async with self._resources.database.transaction() as connection:
                due_at = await DeliveryStore(connection).next_due(full)
        await rest_until(self._resources.clock, self._looked_at, due_at, self._bell, most)

    async def deliver(self, delivery: Any) -> None:
        """Post once and hand the outcome to be noted."""
        outcome = await self._poster.post(delivery, self._resources.clock.now())
        attempted = Attempted(delivery, outcome, self._resources.clock.now())
        if not attempted.taken:
            self._warn(delivery, outcome)
        self._recorder.add(attempted)
        left = self._over(delivery)
        if left <= self._share - self._share // CLAIMS and self._free() >= self._enough:
            self._bell.set()

    def _over(self, delivery: Any) -> int:
        """Give its place back; return how many posts to its endpoint are still under way."""
        self._posts -= 1
        self._quick.pop(delivery.id, None)
        left = self._under_way[delivery.endpoint_id] - 1
        if left:
            self._under_way[delivery.endpoint_id] = left
        else:
            del self._under_way[delivery.endpoint_id]
        return left

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
