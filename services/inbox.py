"""What a consumer has already handled, kept in the transaction that handled it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.database import driver_of

_CLAIM = """
INSERT INTO inbox (event_id, consumer, handled_at) SELECT each, $2, $3 FROM unnest($1::uuid[]) AS each
ON CONFLICT DO NOTHING RETURNING event_id
"""


async def claim(
    connection: AsyncConnection, consumer: str, events: Sequence[UUID], now: datetime
) -> set[UUID]:
    """
    Return those of `events` that this consumer handles for the first time.

    Another process that is handling one of them is waited for. Claimed in one
    order by everybody, so that two processes cannot wait for each other.
    """
    driver = await driver_of(connection)
    return {row["event_id"] for row in await driver.fetch(_CLAIM, sorted(events), consumer, now)}
