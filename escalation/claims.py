"""Deadlines as the worker takes them: claimed with their tickets, pointed at the next rung, by the batch."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.rungs_due import Scheduled
from services.database import driver_of
from services.notes import Standing

_DUE = f"""
SELECT d.id, d.ticket_id, d.clock, d.stage, d.department, d.due_at, d.versions ->> 'ladder', d.schedule,
       d.next_rung, d.next_rung_at, {", ".join(f"t.{each}" for each in Standing._fields)}
FROM deadlines AS d JOIN tickets AS t ON t.id = d.ticket_id
WHERE d.next_rung_at <= $1 ORDER BY d.next_rung_at, d.id LIMIT $2
FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608  (names of our own columns)
_POINT = """
UPDATE deadlines SET next_rung = given.rung, next_rung_at = given.at
FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[]) AS given (id, rung, at)
WHERE deadlines.id = given.id
"""


class Claimed(NamedTuple):
    """A deadline this transaction has locked, as far as climbing it wants to know."""

    id: UUID
    ticket_id: str
    clock: str
    stage: str
    department: str | None
    due_at: datetime
    ladder: str
    schedule: Sequence[Scheduled]
    next_rung: int
    next_rung_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row of the deadlines that was locked."""
        values = {name: getattr(row, name) for name in cls._fields if name != "ladder"}
        return cls(ladder=row.versions["ladder"], **values)


class Pointer(NamedTuple):
    """Which rung a deadline reaches next, and when the worker looks; no rung when the last is climbed."""

    deadline: UUID
    rung: int | None
    at: datetime | None


OF_DEADLINE = len(Claimed._fields)


async def claim_due(
    connection: AsyncConnection, now: datetime, limit: int
) -> tuple[list[Claimed], dict[str, Standing]]:
    """
    Lock deadlines that have reached their next rung, earliest first, and say where their tickets stand.

    Rows another worker holds are skipped, and so are those whose ticket somebody holds:
    any number of workers may run, and none waits for another. A claim lasts as long as
    the transaction: a worker that dies before it commits leaves the deadline due.
    """
    found = await (await driver_of(connection)).fetch(_DUE, now, limit)
    claimed = [Claimed(*row[:OF_DEADLINE]) for row in found]
    return claimed, {row["ticket_id"]: Standing(*row[OF_DEADLINE:]) for row in found}


async def point(connection: AsyncConnection, pointers: Sequence[Pointer]) -> None:
    """Point deadlines that this transaction has locked at their next rung."""
    if pointers:
        await (await driver_of(connection)).execute(_POINT, *map(list, zip(*pointers, strict=True)))
