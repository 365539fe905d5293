"""Loop: tickets that are new or say something else are put under the words they are found by."""

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.domain.search import haystack, tokens
from services.database import driver_of
from services.resources import Resources
from services.tables import tickets

BATCH = 500
POLL_SECONDS = 0.5
KINDS = ("category", "division", "hotline", "department")

_ALONE = text("SELECT pg_try_advisory_xact_lock(1234501)")
_TAKE = text(
    "DELETE FROM search_queue WHERE ctid = ANY (ARRAY(SELECT ctid FROM search_queue LIMIT :batch)) "
    "RETURNING ticket_id"
)
# The tokens as text: the driver takes longer to look at each number of a list than the database to read it.
_PUT = """
    INSERT INTO ticket_search (ticket_id, accepted_at, tokens)
    SELECT id, at, said::int[] FROM unnest($1::text[], $2::timestamptz[], $3::text[]) AS new (id, at, said)
    ON CONFLICT (ticket_id) DO UPDATE SET accepted_at = excluded.accepted_at, tokens = excluded.tokens
"""


async def search_indexer(resources: Resources) -> None:
    """
    Work the queue for ever; one process at a time does, and what it took is taken with its commit.

    It rests unless more waits than it takes at once: to look after each call would cost more than the call.
    """
    while True:
        if await index_once(resources) < BATCH:
            await resources.clock.sleep_until(None, asyncio.Event(), POLL_SECONDS)


async def index_once(resources: Resources) -> int:
    """Index a batch and commit it; return how many rows of the queue it took."""
    async with resources.database.transaction() as connection:
        return await index_batch(connection)


async def index_batch(connection: AsyncConnection) -> int:
    """Index some of what waits in this transaction, unless another does; return how much was taken."""
    if not await connection.scalar(_ALONE):
        return 0
    taken = (await connection.scalars(_TAKE, {"batch": BATCH})).all()
    if taken:
        # A statement of its own: it sees what was committed before the rows taken were.
        await _index(await _rows(sorted(set(taken)), connection), connection)
    return len(taken)


async def _rows(ids: Sequence[str], connection: AsyncConnection) -> Sequence[Row[Any]]:
    columns = ("id", "accepted_at", "title", "text", "address", "caller", *KINDS)
    chosen = tickets.c.id == func.any(bindparam("ids", ids, ARRAY(tickets.c.id.type)))
    return (await connection.execute(select(*(tickets.c[each] for each in columns)).where(chosen))).all()


async def _index(rows: Sequence[Row[Any]], connection: AsyncConnection) -> None:
    if rows:
        found_by = [array(entry(row)) for row in rows]
        driver = await driver_of(connection)
        await driver.execute(_PUT, [row.id for row in rows], [row.accepted_at for row in rows], found_by)


def array(numbers: Sequence[int]) -> str:
    """Return numbers as PostgreSQL writes an array of them."""
    return f"{{{','.join(map(str, numbers))}}}"


def entry(row: Any) -> list[int]:
    """Return the numbers a ticket is found by."""
    return tokens(
        row.accepted_at,
        haystack(row.title, row.text, row.address),
        caller_type=row.caller["type"],
        **{name: getattr(row, name) for name in KINDS},
    )
