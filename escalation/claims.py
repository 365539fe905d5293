"""Timers: claimed by the worker with their tickets, pointed at the next rung, by the batch."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.rungs_due import Scheduled
from services.database import driver_of
from services.notes import Standing

_DUE = f"""
SELECT m.deadline_id, m.next_rung, m.next_rung_at, t.id AS ticket_id,
       {", ".join(f"t.{each}" for each in Standing._fields)}
FROM timers AS m JOIN deadlines AS d ON d.id = m.deadline_id JOIN tickets AS t ON t.id = d.ticket_id
WHERE m.next_rung_at <= $1 ORDER BY m.next_rung_at, m.deadline_id LIMIT $2
FOR NO KEY UPDATE OF m, t SKIP LOCKED
"""  # noqa: S608  (names of our own columns)
_THESE = """
SELECT id, ticket_id, clock, stage, department, due_at, versions ->> 'ladder', schedule, paused_at
FROM deadlines WHERE id = ANY($1)
"""
_POINT = """
INSERT INTO timers (deadline_id, next_rung, next_rung_at)
SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[])
ON CONFLICT (deadline_id) DO UPDATE SET next_rung = excluded.next_rung, next_rung_at = excluded.next_rung_at
"""
_OVER = "DELETE FROM timers WHERE deadline_id = ANY($1::uuid[])"
_HELD = """
SELECT deadline_id, next_rung, next_rung_at FROM timers
WHERE deadline_id = ANY($1::uuid[]) ORDER BY deadline_id FOR NO KEY UPDATE
"""


class Claimed(NamedTuple):
    """A deadline whose timer this transaction has locked, as far as climbing it wants to know."""

    id: UUID
    ticket_id: str
    clock: str
    stage: str
    department: str | None
    due_at: datetime
    ladder: str
    schedule: Sequence[Scheduled]
    paused_at: datetime | None
    next_rung: int
    next_rung_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row of the deadlines, with its timer, that was locked."""
        values = {name: getattr(row, name) for name in cls._fields if name != "ladder"}
        return cls(ladder=row.versions["ladder"], **values)


class Pointer(NamedTuple):
    """
    Which rung a deadline reaches next, and when the worker looks.

    No rung when the last is climbed; no moment while it stands still, unless one had fallen due before.
    """

    deadline: UUID
    rung: int | None
    at: datetime | None


OF_RUNG, OF_TIMER = 3, 4
"""How many columns of what is claimed come before the ticket, and before where it stands."""


async def claim_due(
    connection: AsyncConnection, now: datetime, limit: int
) -> tuple[list[Claimed], dict[str, Standing]]:
    """
    Claim deadlines that have reached their next rung, earliest first, and say where their tickets stand.

    Timers another worker holds are skipped, and so are those whose ticket somebody holds:
    any number of workers may run, and none waits for another. A claim lasts as long as
    the transaction: a worker that dies before it commits leaves the deadline due.
    The deadlines are read once their timers are held, for whoever changes one holds both.
    """
    driver = await driver_of(connection)
    found = await driver.fetch(_DUE, now, limit)
    if not found:
        return [], {}
    read = {row["id"]: row for row in await driver.fetch(_THESE, [row["deadline_id"] for row in found])}
    claimed = [Claimed(*(*read[row["deadline_id"]], *row[1:OF_RUNG])) for row in found]
    return claimed, {row["ticket_id"]: Standing(*row[OF_TIMER:]) for row in found}


async def point(connection: AsyncConnection, pointers: Iterable[Pointer]) -> None:
    """Point deadlines at their next rung; whoever does has claimed, opened or locked them."""
    ahead, over = [], []
    for each in pointers:
        if each.rung is None:
            over.append(each.deadline)
        else:
            ahead.append(each)
    driver = await driver_of(connection)
    if ahead:
        await driver.execute(_POINT, *map(list, zip(*ahead, strict=True)))
    if over:
        await driver.execute(_OVER, over)


async def hold_timers(
    connection: AsyncConnection, ids: Sequence[UUID]
) -> dict[UUID, tuple[int, datetime | None]]:
    """
    Lock the timers of deadlines that this transaction has locked, and return rung and moment of each.

    A worker that is at one of them is waited for. Everybody locks deadlines first, then their
    timers, then tickets; the worker itself waits for nobody.
    """
    found = await (await driver_of(connection)).fetch(_HELD, list(ids)) if ids else []
    return {row["deadline_id"]: (row["next_rung"], row["next_rung_at"]) for row in found}
