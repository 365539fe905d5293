"""The floor: ticket, history and event of a call written as one SQL statement, and nothing else."""

import asyncio
import time
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

import asyncpg

CONNECTIONS = 8

STATEMENT = """
WITH ticket AS (
    INSERT INTO tickets (id, hotline, kind, urgency, live, title, text, caller,
                         status, version, accepted_at, historical)
    VALUES ($1, '12345', 'complaint', 'general', false, $2, $3, '{"type": "person"}',
            'registered', 1, $4, false)
), entry AS (
    INSERT INTO ticket_history (ticket_id, version, step, status, at, actor, event_id)
    VALUES ($1, 1, 'register', 'registered', $4, 'bench', $5)
)
INSERT INTO outbox (event_id, topic, key, headers, body, published_at) VALUES ($5, 'bench', $1, '{}', $6, $4)
"""


async def floor(dsn: str, calls: int) -> float:
    """Write that many calls, one commit each, and return calls a second."""
    pool = await asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS)
    numbers = count()
    text, body, now = "夜间施工噪声" * 10, b"x" * 400, datetime.now(UTC)  # noqa: TID251

    async def write() -> None:
        async with pool.acquire() as connection:
            statement = await connection.prepare(STATEMENT)
            while (number := next(numbers)) < calls:
                await statement.fetch(f"FLOOR{number}", "夜间施工", text, now, uuid4(), body)

    start = time.monotonic()
    await asyncio.gather(*(write() for _ in range(CONNECTIONS)))
    taken = time.monotonic() - start
    await pool.close()
    return calls / taken
