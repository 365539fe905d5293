"""Post B: what an endpoint of post A does not take is sent to those that stand in for it, too."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.database import ring_after_commit

BELL = "webhooks"

_HAND_OVER = text(
    """
    INSERT INTO webhook_deliveries
        (endpoint_id, event_id, ticket_id, type, body, kind, origin_id, created_at, next_attempt_at)
    SELECT second.id, missed.event_id, missed.ticket_id, missed.type, missed.body, 'standby', missed.id,
        :now, :now
    FROM webhook_endpoints AS first
    JOIN webhook_endpoints AS second
        ON second.department = first.department AND second.post = 'B' AND second.disabled_at IS NULL
    JOIN webhook_deliveries AS missed ON missed.endpoint_id = first.id
    WHERE first.id IN :endpoints AND first.post = 'A' AND missed.kind = 'event'
        AND (missed.next_attempt_at IS NOT NULL OR missed.dead_at >= :since)
    ORDER BY missed.id
    ON CONFLICT DO NOTHING
    """
).bindparams(bindparam("endpoints", expanding=True))


async def hand_to_standby(
    connection: AsyncConnection, endpoints: Collection[UUID], now: datetime, since: datetime
) -> None:
    """
    Queue for post B what these endpoints wait for, or what was given up `since`; once each.

    What still waits goes on being tried: who reads both systems knows an event by its `webhook-id`.
    """
    if endpoints:
        await connection.execute(_HAND_OVER, {"endpoints": list(endpoints), "now": now, "since": since})
        ring_after_commit(connection, BELL)
