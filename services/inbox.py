"""What a consumer has already handled, kept in the transaction that handled it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.tables import inbox


async def claim(
    connection: AsyncConnection, consumer: str, events: Sequence[UUID], now: datetime
) -> set[UUID]:
    """
    Return those of `events` that this consumer handles for the first time.

    Another process that is handling one of them is waited for. Claimed in one
    order by everybody, so that two processes cannot wait for each other.
    """
    rows = [{"consumer": consumer, "event_id": each, "handled_at": now} for each in sorted(events)]
    statement = insert(inbox).on_conflict_do_nothing().returning(inbox.c.event_id)
    return set((await connection.scalars(statement, rows)).all())
