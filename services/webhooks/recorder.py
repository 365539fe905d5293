"""Loop: write down how attempts went, all that are over meanwhile in one commit."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import Unavailable
from services.resources import Resources
from services.webhooks.delivery_store import DeliveryStore
from services.webhooks.domain.circuit import WELL, Health, after_failure, is_given_up, is_open
from services.webhooks.domain.schedule import GONE, accepted, jitter_of, wait_after
from services.webhooks.endpoint_store import EndpointStore
from services.webhooks.post import Outcome
from services.webhooks.standby import BELL, hand_to_standby

MOST_AT_ONCE = 500
GATHER_SECONDS = 0.02
"""How long outcomes gather before they are written down together."""
GONE_BECAUSE = "410 Gone"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Attempted:
    """A delivery, as it was leased, and how the attempt ended."""

    delivery: Any
    outcome: Outcome
    over_at: datetime

    @property
    def taken(self) -> bool:
        """Say whether the receiver took it."""
        return accepted(self.outcome.status)


class Recorder:
    """Gathers outcomes; while some are being written, those that come wait for the next commit."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._waiting: list[Attempted] = []
        self._something = asyncio.Event()

    def add(self, attempted: Attempted) -> None:
        """Take an outcome, to be written down soon."""
        self._waiting.append(attempted)
        self._something.set()

    async def run(self) -> None:
        """Write down for ever."""
        while True:
            await self._something.wait()
            await asyncio.sleep(GATHER_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write down what there is; what cannot be is due again when its lease ends."""
        self._something.clear()
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            try:
                await self._resources.database.run(lambda connection, now=batch: self._note(connection, now))  # type: ignore[misc]
            except Unavailable as fault:
                log.warning("deliveries_not_noted", deliveries=len(batch), fault=str(fault))
        self._resources.wakeups.bell(BELL).set()

    async def _note(self, connection: AsyncConnection, batch: Sequence[Attempted]) -> None:
        failed = {each.delivery.endpoint_id for each in batch if not each.taken}
        store = EndpointStore(connection)
        before = await store.health(failed) if failed else {}
        after = _health_after(batch, before)
        await DeliveryStore(connection).note([_told(each) for each in batch], list(failed))
        await store.set_health(after)
        await self._end(batch, after, store)
        missed = {each.delivery.endpoint_id for each in batch if _is_dead(each)}
        missed |= {each for each, health in after.items() if is_open(health.failures)}
        since = min(each.over_at for each in batch)
        await hand_to_standby(connection, missed, self._resources.clock.now(), since)

    async def _end(self, batch: Sequence[Attempted], after: dict[UUID, Health], store: EndpointStore) -> None:
        """End the endpoints that said they are gone, or have failed for too long."""
        now, days = self._resources.clock.now(), self._resources.settings.webhooks.disable_after_days
        ending = {
            each: f"nothing but failures for {days} days"
            for each, health in after.items()
            if is_given_up(health, now, timedelta(days=days))
        }
        ending |= {each.delivery.endpoint_id: GONE_BECAUSE for each in batch if each.outcome.status == GONE}
        for endpoint in sorted(ending):
            log.error("endpoint_ended", endpoint=str(endpoint), because=ending[endpoint])
            await store.disable(endpoint, now, ending[endpoint])


def _health_after(batch: Sequence[Attempted], before: dict[UUID, Health]) -> dict[UUID, Health]:
    """
    Return the health of the endpoints that failed, after all that is in the batch.

    An example that failed counts for nothing but the end of the wait: its owner is trying.
    """
    by_endpoint: dict[UUID, list[Attempted]] = defaultdict(list)
    for each in batch:
        by_endpoint[each.delivery.endpoint_id].append(each)
    after = {}
    for endpoint, health in before.items():
        for each in by_endpoint[endpoint]:
            if each.taken:
                health = WELL
            elif each.delivery.kind == "test":
                health = Health(health.failures, health.failing_since_at)
            else:
                probe = is_open(each.delivery.endpoint_failures)
                health = after_failure(health, each.over_at, each.outcome.asked, probe=probe)
        after[endpoint] = health
    return after


def _next_wait(attempted: Attempted) -> timedelta | None:
    """Return how long to wait before the next attempt; None when there is none, as of an example."""
    delivery = attempted.delivery
    if attempted.taken or delivery.kind == "test":
        return None
    return wait_after(delivery.attempts, attempted.outcome.asked, jitter_of(delivery.id, delivery.attempts))


def _is_dead(attempted: Attempted) -> bool:
    return not attempted.taken and _next_wait(attempted) is None


def _told(attempted: Attempted) -> dict[str, Any]:
    """Return the row of the log, and what is so of the delivery now."""
    delivery, outcome, wait = attempted.delivery, attempted.outcome, _next_wait(attempted)
    return {
        "delivery_id": delivery.id,
        "endpoint_id": delivery.endpoint_id,
        "number": delivery.attempts,
        "at": outcome.at,
        "headers": outcome.headers,
        "status": outcome.status,
        "answer": outcome.answer,
        "fault": outcome.fault,
        "detail": outcome.detail,
        "took_ms": outcome.took_ms,
        "delivered_at": attempted.over_at if attempted.taken else None,
        "dead_at": attempted.over_at if _is_dead(attempted) else None,
        "next_attempt_at": attempted.over_at + wait if wait is not None else None,
    }
