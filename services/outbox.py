"""Events wait here, written with the change they report, until the bus has them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events import TOPIC, AnyEvent
from schemas.wire import Message, body_of, headers_of
from services.database import ring_after_commit
from services.tables import outbox

BELL = "outbox"


async def record(connection: AsyncConnection, events: Sequence[AnyEvent]) -> None:
    """Write events into this transaction; the relay is woken when it commits."""
    if events:
        await connection.execute(insert(outbox), [row(event) for event in events])
        ring_after_commit(connection, BELL)


def row(event: AnyEvent, topic: str = TOPIC) -> dict[str, object]:
    """Return the outbox row of an event."""
    return {
        "event_id": event.id,
        "topic": topic,
        "key": event.ticket,
        "headers": headers_of(event.type, event.id, event.ticket, event.time, event.version),
        "body": body_of(event),
    }


async def unpublished(
    connection: AsyncConnection, limit: int, but_not: Sequence[str] = ()
) -> list[tuple[int, Message]]:
    """
    Return the oldest unpublished events, leaving out tickets in `but_not`.

    Always from the first unpublished row, never from a remembered id: ids
    commit out of order, and a cursor would step over the late ones.
    """
    query = select(outbox).where(outbox.c.published_at.is_(None))
    if but_not:
        query = query.where(outbox.c.key.not_in(but_not))
    rows = (await connection.execute(query.order_by(outbox.c.id).limit(limit))).all()
    return [
        (each.id, Message(topic=each.topic, key=each.key, headers=each.headers, body=each.body))
        for each in rows
    ]


async def mark_published(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> None:
    """Note that the bus has these rows."""
    if ids:
        await connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(published_at=now))
