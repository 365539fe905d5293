"""Deliveries, within one transaction: queued, leased, and what became of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.bulk import insert_new
from services.database import driver_of, ring_after_commit, to_json
from services.tables import deliveries
from services.webhooks.standby import BELL

_FIRST = """
    NOT EXISTS (
        SELECT FROM webhook_deliveries AS earlier
        WHERE earlier.endpoint_id = waiting.endpoint_id AND earlier.ticket_id = waiting.ticket_id
            AND earlier.id < waiting.id AND earlier.next_attempt_at IS NOT NULL
    )
"""
"""So the events of one ticket come to an endpoint in their order."""

_CLAIM = text(
    f"""
    WITH candidates AS (
        SELECT due.id, endpoint.id AS endpoint_id, endpoint.failures
        FROM webhook_endpoints AS endpoint
        LEFT JOIN jsonb_each_text(CAST(:under_way AS jsonb)) AS busy(id, posts) ON busy.id = endpoint.id::text
        CROSS JOIN LATERAL (
            SELECT waiting.id, waiting.next_attempt_at
            FROM webhook_deliveries AS waiting
            WHERE waiting.endpoint_id = endpoint.id AND waiting.next_attempt_at <= :now AND {_FIRST}
            ORDER BY waiting.next_attempt_at, waiting.id
            LIMIT greatest(
                CASE WHEN endpoint.failures > 0 THEN 1 ELSE :share END - coalesce(busy.posts::integer, 0), 0
            )
        ) AS due
        WHERE endpoint.disabled_at IS NULL
            AND (endpoint.held_until_at IS NULL OR endpoint.held_until_at <= :now)
        ORDER BY due.next_attempt_at, due.id
        LIMIT :limit
    ), mine AS (
        SELECT delivery.id, candidates.endpoint_id, candidates.failures
        FROM webhook_deliveries AS delivery JOIN candidates ON candidates.id = delivery.id
        WHERE delivery.next_attempt_at <= :now
        FOR NO KEY UPDATE OF delivery SKIP LOCKED
    ), probed AS (
        UPDATE webhook_endpoints AS endpoint SET held_until_at = :until
        WHERE endpoint.id IN (SELECT endpoint_id FROM mine WHERE failures > 0)
            AND (endpoint.held_until_at IS NULL OR endpoint.held_until_at <= :now)
        RETURNING endpoint.id
    )
    UPDATE webhook_deliveries AS delivery SET next_attempt_at = :until, attempts = delivery.attempts + 1
    FROM mine, webhook_endpoints AS endpoint
    WHERE delivery.id = mine.id AND endpoint.id = mine.endpoint_id
        AND (mine.failures = 0 OR endpoint.id IN (SELECT id FROM probed))
    RETURNING delivery.id, delivery.endpoint_id, delivery.event_id, delivery.ticket_id, delivery.kind,
        delivery.body, delivery.attempts, mine.failures AS endpoint_failures,
        endpoint.url, endpoint.secret, endpoint.old_secrets
    """  # noqa: S608
)
"""
Each endpoint has a queue of its own, and what one waits for stands in no other's way.

An endpoint that has failed gets one post at a time, of all processes together: who takes it holds it.
"""

_NEXT_DUE = text(
    f"""
    SELECT min(greatest(due.next_attempt_at, endpoint.held_until_at))
    FROM webhook_endpoints AS endpoint CROSS JOIN LATERAL (
        SELECT waiting.next_attempt_at FROM webhook_deliveries AS waiting
        WHERE waiting.endpoint_id = endpoint.id AND waiting.next_attempt_at IS NOT NULL AND {_FIRST}
        ORDER BY waiting.next_attempt_at LIMIT 1
    ) AS due
    WHERE endpoint.disabled_at IS NULL AND NOT endpoint.id::text = ANY(CAST(:but_not AS text[]))
    """  # noqa: S608
)

_NOTE = text(
    """
    WITH told AS (
        SELECT * FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS each(
            delivery_id bigint, endpoint_id uuid, number integer, at timestamptz, headers jsonb,
            status integer, answer text, fault text, detail text, took_ms integer,
            delivered_at timestamptz, dead_at timestamptz, next_attempt_at timestamptz
        )
    ), logged AS (
        INSERT INTO webhook_attempts
            (delivery_id, number, at, headers, status, answer, fault, detail, took_ms)
        SELECT delivery_id, number, at, headers, status, answer, fault, detail, took_ms FROM told
    ), well AS (
        UPDATE webhook_endpoints SET failures = 0, failing_since_at = NULL, held_until_at = NULL
        WHERE id IN (SELECT endpoint_id FROM told WHERE delivered_at IS NOT NULL)
            AND (failures > 0 OR held_until_at IS NOT NULL)
            AND id::text <> ALL(CAST(:failing AS text[]))
    )
    UPDATE webhook_deliveries AS delivery SET
        last_status = told.status, last_fault = told.fault, delivered_at = told.delivered_at,
        dead_at = told.dead_at, next_attempt_at = told.next_attempt_at
    FROM told
    WHERE delivery.id = told.delivery_id AND (
        told.delivered_at IS NOT NULL
        OR (delivery.attempts = told.number AND delivery.next_attempt_at IS NOT NULL)
    )
    """
)


class DeliveryStore:
    """What is to be posted, and how it went."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Queue deliveries; the same event for the same endpoint is queued once."""
        if rows:
            await insert_new(await driver_of(self._connection), deliveries, rows)
            ring_after_commit(self._connection, BELL)

    async def claim(
        self,
        now: datetime,
        lease: timedelta,
        limit: int,
        share: int,
        under_way: Mapping[UUID, int],
    ) -> Sequence[Row[Any]]:
        """
        Lease due deliveries; a sender that dies leaves them due again when the lease ends.

        Of each endpoint no more than its `share`, less what is `under_way` to it. Of one ticket and
        endpoint only the oldest open one is handed out, so the receiver sees a ticket's events in
        their order.
        """
        asked = {
            "now": now,
            "until": now + lease,
            "limit": limit,
            "share": share,
            "under_way": to_json({str(each): posts for each, posts in under_way.items()}),
        }
        return (await self._connection.execute(_CLAIM, asked)).all()

    async def next_due(self, but_not: Sequence[UUID] = ()) -> datetime | None:
        """Return when there is something to claim next, leaving out the endpoints in `but_not`."""
        due: datetime | None = await self._connection.scalar(_NEXT_DUE, {"but_not": [*map(str, but_not)]})
        return due

    async def note(self, told: Sequence[dict[str, Any]], failing: Sequence[UUID] = ()) -> None:
        """
        Log attempts and note of each delivery what is so now, in one statement for all.

        That it was taken is noted even when it was given up meanwhile; a failure is not noted of
        one that was ended or leased to another. Endpoints that took something and are not among
        the `failing` are well.
        """
        await self._connection.execute(_NOTE, {"told": to_json(list(told)), "failing": [*map(str, failing)]})
