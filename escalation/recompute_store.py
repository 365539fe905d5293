"""Recomputes: how far each publication has been carried to open deadlines; those deadlines, set by set."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import ColumnElement, Row, bindparam, func, insert, literal_column, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.claims import Pointer, hold_timers, point
from escalation.tables import deadlines, recomputes
from services.database import driver_of

BELL = "recomputes"
_LOCK = 0x12345_E5C2
EMPTY = "[]"

_BEGUN_BEFORE: ColumnElement[int] = literal_column("pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
_ALL_ENDED = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= :xid")

_OPEN = """
SELECT d.id, d.ticket_id, d.clock, d.stage, d.department, d.started_at, d.amount, d.unit, d.pauses::text,
  d.extensions::text, d.fixed, d.paused_at, d.due_at, d.provisional, d.rule, d.layer, d.source,
  d.versions::text, d.schedule::text, m.next_rung, m.next_rung_at, t.kind AS ticket_kind, t.urgency, t.live,
  t.category, t.hotline, t.accepted_at, t.caller ->> 'type' AS caller_type, t.department AS lead,
  t.statutory_procedure, d.assignment_id, t.assignment_id AS lead_assignment
FROM deadlines AS d JOIN tickets AS t ON t.id = d.ticket_id LEFT JOIN timers AS m ON m.deadline_id = d.id
WHERE d.ticket_id = ANY($1) AND d.settled_at IS NULL
ORDER BY d.ticket_id, d.id
"""
_HELD = _OPEN + "FOR NO KEY UPDATE OF d"

_WRITTEN = (
    *("id", "amount", "unit", "pauses", "fixed", "due_at", "provisional", "rule", "layer", "source"),
    *("versions", "schedule", "changed_at"),
)
_JSON = ("pauses", "versions", "schedule")
_CHANGE = """
UPDATE deadlines SET
  amount = new.amount, unit = new.unit, pauses = new.pauses::jsonb, fixed = new.fixed, due_at = new.due_at,
  provisional = new.provisional, rule = new.rule, layer = new.layer, source = new.source,
  versions = new.versions::jsonb, schedule = new.schedule::jsonb, changed_at = new.changed_at
FROM unnest(
  $1::uuid[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::bool[],
  $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[]
) AS new (
  id, amount, unit, pauses, fixed, due_at, provisional, rule, layer, source, versions, schedule, changed_at
)
WHERE deadlines.id = new.id
"""
"""One statement for a batch, whatever its size, prepared once a connection."""

_SETTLE = (
    update(deadlines)
    .where(deadlines.c.id.in_(bindparam("ids", expanding=True)))
    .values(settled_at=bindparam("at"), settled_because=bindparam("because"), paused_at=None)
)


@dataclass
class Running:
    """
    An open deadline as its row says, and of its ticket what a limit depends on.

    Read past SQLAlchemy: of a million rows most are not touched, and their lists are not read.
    """

    id: UUID
    ticket_id: str
    clock: str
    stage: str
    department: str | None
    started_at: datetime
    amount: int
    unit: str
    pauses_text: str
    extensions_text: str
    fixed: datetime | None
    paused_at: datetime | None
    due_at: datetime
    provisional: bool
    rule: str
    layer: str
    source: str
    versions_text: str
    schedule_text: str
    next_rung: int | None
    next_rung_at: datetime | None
    ticket_kind: str
    urgency: str
    live: bool
    category: str | None
    hotline: str
    accepted_at: datetime
    caller_type: str
    lead: str | None
    statutory_procedure: str | None
    assignment_id: UUID | None
    lead_assignment: UUID | None

    @property
    def pauses(self) -> Any:
        """The pauses that have ended, as the row keeps them."""
        return json.loads(self.pauses_text) if self.pauses_text != EMPTY else ()

    @property
    def extensions(self) -> Any:
        """The extensions granted, as the row keeps them."""
        return json.loads(self.extensions_text) if self.extensions_text != EMPTY else ()

    @property
    def versions(self) -> dict[str, str]:
        """The rules it goes by; not to be changed."""
        return _versions(self.versions_text)

    @cached_property
    def schedule(self) -> list[tuple[int, str]]:
        """Its rungs, as the row keeps them."""
        return json.loads(self.schedule_text)  # type: ignore[no-any-return]


@lru_cache(maxsize=256)
def _versions(text: str) -> dict[str, str]:
    return json.loads(text)  # type: ignore[no-any-return]


class RecomputeStore:
    """The work that follows a publication, and how far it is."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def ask(self, kind: str, version: str, begins_on: date, at: datetime) -> None:
        """Let open deadlines follow a version from its first day on."""
        row = {"kind": kind, "version": version, "begins_on": begins_on, "asked_at": at}
        await self._connection.execute(insert(recomputes).values(row))

    async def take(self, today: date) -> Row[Any] | None:
        """Return the oldest recompute to be done, held until the transaction ends; one works at a time."""
        held = await self._connection.scalar(select(func.pg_try_advisory_xact_lock(_LOCK)))
        if not held:
            return None
        query = select(recomputes).where(recomputes.c.done_at.is_(None), recomputes.c.begins_on <= today)
        return (await self._connection.execute(query.order_by(recomputes.c.number).limit(1))).one_or_none()

    async def begin(self, number: int, at: datetime) -> None:
        """Note which transactions may still open clocks by the rules as they were."""
        values = {"began_at": at, "after_xid": _BEGUN_BEFORE}
        await self._connection.execute(update(recomputes).where(recomputes.c.number == number).values(values))

    async def all_ended(self, xid: int) -> bool:
        """Say whether every transaction has ended that may not have seen the version."""
        return bool(await self._connection.scalar(_ALL_ENDED, {"xid": xid}))

    async def advance(self, number: int, done_until: str, **counts: int) -> None:
        """Note how far it is."""
        more = {name: recomputes.c[name] + count for name, count in counts.items()}
        changed = update(recomputes).where(recomputes.c.number == number)
        await self._connection.execute(changed.values(done_until=done_until, **more))

    async def finish(self, number: int, at: datetime) -> None:
        """Note that every open deadline follows the version."""
        await self._connection.execute(
            update(recomputes).where(recomputes.c.number == number).values(done_at=at)
        )

    async def all(self, limit: int) -> Sequence[Row[Any]]:
        """Return the newest recomputes."""
        query = select(recomputes).order_by(recomputes.c.number.desc()).limit(limit)
        return (await self._connection.execute(query)).all()


class OpenDeadlines:
    """Deadlines that run, ticket after ticket in the order of their numbers."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def tickets_after(self, ticket_id: str, limit: int) -> Sequence[str]:
        """Return the next tickets that have open deadlines."""
        query = select(deadlines.c.ticket_id).where(
            deadlines.c.settled_at.is_(None), deadlines.c.ticket_id > ticket_id
        )
        found = await self._connection.scalars(query.distinct().order_by(deadlines.c.ticket_id).limit(limit))
        return found.all()

    async def of(self, ticket_ids: Sequence[str], *, lock: bool) -> list[Running]:
        """Return the open deadlines of these tickets, with what their limits depend on."""
        driver = await driver_of(self._connection)
        rows = [Running(*row) for row in await driver.fetch(_HELD if lock else _OPEN, list(ticket_ids))]
        if lock:  # the worker may have been at some of them while they were read
            held = await hold_timers(self._connection, [each.id for each in rows])
            for each in rows:
                each.next_rung, each.next_rung_at = held.get(each.id, (None, None))
        return rows

    async def change(self, rows: Sequence[Mapping[str, Any]], pointers: Iterable[Pointer]) -> None:
        """Write what deadlines are now, all of them by one statement, and when each is looked at next."""
        await point(self._connection, pointers)
        if rows:
            driver = await driver_of(self._connection)
            columns = [_column(name, [row[name] for row in rows]) for name in _WRITTEN]
            await driver.execute(_CHANGE, *columns)

    async def settle(self, ids: Sequence[UUID], at: datetime, because: str) -> None:
        """Stop deadlines that have no limit any more."""
        if ids:
            await self._connection.execute(_SETTLE, {"ids": list(ids), "at": at, "because": because})
            await point(self._connection, [Pointer(each, None, None) for each in ids])

    async def count(self) -> int:
        """Return how many deadlines run."""
        query = select(func.count()).select_from(deadlines).where(deadlines.c.settled_at.is_(None))
        return int(await self._connection.scalar(query) or 0)


def _column(name: str, values: Sequence[Any]) -> Sequence[Any]:
    return [to_json(each).decode() for each in values] if name in _JSON else values
