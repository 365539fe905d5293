"""Rules, deadlines and escalations, within one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.tables import deadlines, escalations, rules

Place = tuple[datetime, Any]

_THESE = (
    deadlines.c.ticket_id == bindparam("ticket"),
    deadlines.c.clock == bindparam("of"),
    deadlines.c.stage.in_(bindparam("any_of", expanding=True)),
)
_SETTLE = (
    update(deadlines)
    .where(*_THESE, deadlines.c.settled_at.is_(None))
    .values(
        settled_at=bindparam("at"), settled_because=bindparam("because"), next_rung=None, next_rung_at=None
    )
    .returning(deadlines.c.id)
)
_MISSED = (
    select(deadlines)
    .where(*_THESE, deadlines.c.next_rung_at < bindparam("before"))
    .order_by(deadlines.c.id)
    .with_for_update(key_share=True)
)


class RuleStore:
    """The calendar, the limits and the ladder, each by version."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def publish(self, kind: str, version: str, content: Any, source: str, now: datetime) -> None:
        """Make a version the one in force; a version that is there already stays as it is."""
        row = {"kind": kind, "version": version, "content": content, "source": source, "published_at": now}
        await self._connection.execute(upsert(rules).values(row).on_conflict_do_nothing())

    async def latest(self) -> dict[str, str]:
        """Return the version in force of each kind."""
        newest = select(rules.c.kind, rules.c.version).ext(distinct_on(rules.c.kind))
        query = newest.order_by(rules.c.kind, rules.c.published_at.desc(), rules.c.version.desc())
        return {row.kind: row.version for row in await self._connection.execute(query)}

    async def content(self, kind: str, version: str) -> Any:
        """Return the rows of one version."""
        query = select(rules.c.content).where(rules.c.kind == kind, rules.c.version == version)
        return (await self._connection.execute(query)).scalar_one()


class DeadlineStore:
    """Deadlines. The row is the timer: `next_rung_at` says when the worker must look."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Start clocks; the same event starts the same clock once."""
        if rows:
            await self._connection.execute(upsert(deadlines).on_conflict_do_nothing(), rows)

    async def settle(
        self, ticket_id: str, clock: str, stages: Sequence[str], at: datetime, because: str
    ) -> Sequence[UUID]:
        """Stop open clocks of these stages and return which."""
        which = {"ticket": ticket_id, "of": clock, "any_of": stages}
        stopped = await self._connection.scalars(_SETTLE, {**which, "at": at, "because": because})
        return stopped.all()

    async def claim_due(self, now: datetime, limit: int) -> Sequence[Row[Any]]:
        """
        Lock and return deadlines that have reached their next rung, earliest first.

        Rows another worker holds are skipped, so any number of workers may run.
        A claim lasts as long as the transaction: a worker that dies before it
        commits leaves the deadline due.
        """
        query = (
            select(deadlines)
            .where(deadlines.c.next_rung_at <= now)
            .order_by(deadlines.c.next_rung_at, deadlines.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True, key_share=True)
        )
        return (await self._connection.execute(query)).all()

    async def claim_missed(
        self, ticket_id: str, clock: str, stages: Sequence[str], before: datetime
    ) -> Sequence[Row[Any]]:
        """Lock and return a ticket's deadlines whose next rung fell due before that moment."""
        which = {"ticket": ticket_id, "of": clock, "any_of": stages, "before": before}
        return (await self._connection.execute(_MISSED, which)).all()

    async def climb(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Point deadlines at their next rung; None when the last is climbed."""
        changed = (
            update(deadlines)
            .where(deadlines.c.id == bindparam("deadline"))
            .values(next_rung=bindparam("rung"), next_rung_at=bindparam("at"))
        )
        if rows:
            await self._connection.execute(changed, rows)

    async def next_rung_at(self) -> datetime | None:
        """Return when the earliest rung is due."""
        query = select(deadlines.c.next_rung_at).where(deadlines.c.next_rung_at.is_not(None))
        first = query.order_by(deadlines.c.next_rung_at).limit(1)
        return (await self._connection.execute(first)).scalar_one_or_none()

    async def of(self, ticket_id: str) -> Sequence[Row[Any]]:
        """Return every clock a ticket ever had, in the order they fall due."""
        query = select(deadlines).where(deadlines.c.ticket_id == ticket_id)
        return (await self._connection.execute(query.order_by(deadlines.c.due_at, deadlines.c.id))).all()

    async def open_between(
        self,
        after: datetime | None,
        until: datetime,
        where: Mapping[str, str | None],
        place: Place | None,
        limit: int,
    ) -> Sequence[Row[Any]]:
        """Return open deadlines due in that time, longest overdue first, from a place on."""
        wanted: list[ColumnElement[bool]] = [deadlines.c.settled_at.is_(None), deadlines.c.due_at < until]
        wanted += [deadlines.c[name] == value for name, value in where.items() if value is not None]
        if after is not None:
            wanted.append(deadlines.c.due_at >= after)
        if place is not None:
            wanted.append(tuple_(deadlines.c.due_at, deadlines.c.id) > place)
        query = select(deadlines).where(and_(*wanted)).order_by(deadlines.c.due_at, deadlines.c.id)
        return (await self._connection.execute(query.limit(limit))).all()


class EscalationStore:
    """Rungs climbed: yellow and red cards, and what follows them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Record rungs; unique (deadline, level) proves that none is climbed twice."""
        if rows:
            await self._connection.execute(insert(escalations), rows)

    async def withdraw(
        self, settled: Sequence[UUID], settled_at: datetime, now: datetime
    ) -> Sequence[Row[Any]]:
        """Take back rungs dated after the clock had stopped: the answer came in time, processed late."""
        if not settled:
            return []
        query = (
            update(escalations)
            .where(
                escalations.c.deadline_id.in_(settled),
                escalations.c.fell_due_at >= settled_at,
                escalations.c.withdrawn_at.is_(None),
            )
            .values(withdrawn_at=now)
            .returning(escalations)
        )
        rows: Sequence[Row[Any]] = (await self._connection.execute(query)).all()
        return rows

    async def page(self, where: Mapping[str, Any], place: Place | None, limit: int) -> Sequence[Row[Any]]:
        """Return rungs, newest first, from a place on."""
        query = select(escalations)
        for name, value in where.items():
            if value is not None:
                query = query.where(escalations.c[name] == value)
        if place is not None:
            query = query.where(tuple_(escalations.c.fell_due_at, escalations.c.id) < place)
        newest = query.order_by(escalations.c.fell_due_at.desc(), escalations.c.id.desc())
        return (await self._connection.execute(newest.limit(limit))).all()

    async def counts(self) -> dict[str, int]:
        """Return how many standing rungs there are by name."""
        query = (
            select(escalations.c.name, func.count().label("rungs"))
            .where(escalations.c.withdrawn_at.is_(None))
            .group_by(escalations.c.name, escalations.c.level)
            .order_by(escalations.c.level)
        )
        return {row.name: row.rungs for row in await self._connection.execute(query)}
