"""Deadlines and escalations, within one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.claims import Claimed, Pointer, hold_timers, point
from escalation.domain.charge import Span
from escalation.domain.policy import JOBS, Stage
from escalation.tables import deadlines, escalations, timers
from schemas.events import Event
from services.bulk import copy_in, insert_new
from services.database import driver_of, ring_after_commit
from services.tables import ticket_history, tickets

BELL = "deadlines"
"""Rung when a deadline is opened or moved, so that the timer looks."""

Place = tuple[datetime, Any]

_OF_TIMER = ("next_rung", "next_rung_at")
_EARLIER = select(ticket_history.c.event_id).where(
    ticket_history.c.ticket_id == bindparam("ticket"), ticket_history.c.version <= bindparam("version")
)
THESE = (
    deadlines.c.ticket_id == bindparam("ticket"),
    deadlines.c.clock == bindparam("of"),
    deadlines.c.stage.in_(bindparam("any_of", expanding=True)),
    deadlines.c.opened_by.in_(_EARLIER),
    or_(bindparam("assignment", type_=Uuid).is_(None), deadlines.c.assignment_id == bindparam("assignment")),
)
"""
Clocks of a ticket, but none that was opened after that version: an event may come late, or again.

Several departments may help with a ticket, so of their clocks only those of one assignment are meant.
"""

_SETTLE = (
    update(deadlines)
    .where(*THESE, deadlines.c.settled_at.is_(None))
    .values(settled_at=bindparam("at"), settled_because=bindparam("because"), paused_at=None)
    .returning(deadlines.c.id)
)
TIMED = select(deadlines, timers.c.next_rung, timers.c.next_rung_at).outerjoin(
    timers, timers.c.deadline_id == deadlines.c.id
)
"""Deadlines with their timers."""

_NEXT = deadlines.c.schedule.op("->")(timers.c.next_rung)
REACHED = cast(_NEXT.op("->>")(1), timers.c.next_rung_at.type)
"""When the next rung falls due by the schedule; the worker may come back to it later."""

_MISSED = TIMED.where(*THESE, bindparam("before") > REACHED).order_by(deadlines.c.id)
_MISSED_HELD = _MISSED.with_for_update(key_share=True, of=deadlines)


@dataclass(frozen=True, slots=True)
class Which:
    """Clocks of a ticket: whose, for what, and of which assignment where several run."""

    clock: str
    stages: Sequence[str]
    assignment_id: UUID | None = None

    def bound(self, event: Event) -> dict[str, Any]:
        """Return what `THESE` asks for, as of an event."""
        return {
            "ticket": event.ticket,
            "version": event.version,
            "of": self.clock,
            "any_of": self.stages,
            "assignment": self.assignment_id,
        }


class DeadlineStore:
    """Deadlines, and their timers: `next_rung_at` says when the worker must look."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Start clocks, each given with its timer; the same event starts the same clock once."""
        if not rows:
            return
        own = [{name: value for name, value in row.items() if name not in _OF_TIMER} for row in rows]
        new = set(await insert_new(await driver_of(self._connection), deadlines, own))
        pointers = [Pointer(row["id"], row["next_rung"], row["next_rung_at"]) for row in rows]
        await point(self._connection, [each for each in pointers if each.deadline in new])

    async def settle(self, event: Event, which: Which, at: datetime, because: str) -> Sequence[UUID]:
        """Stop those open clocks, as they are after an event of their ticket; return which."""
        values = {**which.bound(event), "at": at, "because": because}
        stopped = (await self._connection.scalars(_SETTLE, values)).all()
        await point(self._connection, [Pointer(each, None, None) for each in stopped])
        return stopped

    async def claim_missed(self, event: Event, which: Which, before: datetime) -> list[Claimed]:
        """
        Lock and return deadlines, as after an event, whose next rung fell due before that moment.

        They are read anew once the worker, who may be at them, has done.
        """
        asked = {**which.bound(event), "before": before}
        found = (await self._connection.execute(_MISSED_HELD, asked)).all()
        if found:
            await hold_timers(self._connection, [row.id for row in found])
            found = (await self._connection.execute(_MISSED, asked)).all()
        return [Claimed.of(row) for row in found]

    async def hand_over(self, ticket: str, continues: UUID, assignment_id: UUID, department: str) -> None:
        """
        Put the open clocks of an assignment under the one that goes on with it.

        What the worker put off is looked at again: a halt of the department that had it holds no more.
        """
        given = (
            update(deadlines)
            .where(
                deadlines.c.ticket_id == ticket,
                deadlines.c.assignment_id == continues,
                deadlines.c.settled_at.is_(None),
            )
            .values(assignment_id=assignment_id, department=department)
            .returning(deadlines.c.id)
        )
        ids = (await self._connection.scalars(given)).all()
        put_off = (deadlines.c.id == timers.c.deadline_id, timers.c.next_rung_at > REACHED)
        again = update(timers).where(timers.c.deadline_id.in_(ids), *put_off).values(next_rung_at=REACHED)
        await self._connection.execute(again)
        ring_after_commit(self._connection, BELL)

    async def next_rung_at(self) -> datetime | None:
        """Return when the earliest rung is due."""
        query = select(timers.c.next_rung_at).where(timers.c.next_rung_at.is_not(None))
        first = query.order_by(timers.c.next_rung_at).limit(1)
        return (await self._connection.execute(first)).scalar_one_or_none()

    async def of(self, ticket_id: str) -> Sequence[Row[Any]]:
        """Return every clock a ticket ever had, in the order they fall due."""
        query = select(deadlines).where(deadlines.c.ticket_id == ticket_id)
        return (await self._connection.execute(query.order_by(deadlines.c.due_at, deadlines.c.id))).all()

    async def completion_of(self, assignment_id: UUID) -> datetime | None:
        """Return when an assignment is to be completed; None when its clock has not been opened yet."""
        query = select(deadlines.c.due_at).where(
            deadlines.c.assignment_id == assignment_id, deadlines.c.stage.in_(JOBS)
        )
        return (await self._connection.scalars(query.order_by(deadlines.c.due_at.desc()))).first()

    async def completions(self, ticket_ids: Sequence[str]) -> dict[str, list[Span]]:
        """Return by ticket when its departments' completions, or its parent's, were due and settled."""
        found: dict[str, list[Span]] = {}
        if not ticket_ids:
            return found
        query = (
            select(tickets.c.id, deadlines.c.due_at, deadlines.c.settled_at)
            .join(deadlines, deadlines.c.ticket_id == func.coalesce(tickets.c.parent, tickets.c.id))
            .where(
                tickets.c.id.in_(ticket_ids),
                deadlines.c.clock == "department",
                deadlines.c.stage.in_(JOBS),
            )
        )
        for row in await self._connection.execute(query):
            found.setdefault(row.id, []).append((row.due_at, row.settled_at))
        return found

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
        wanted += [deadlines.c.paused_at.is_(None), deadlines.c.stage != Stage.ARCHIVE]
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
        """
        Record rungs of deadlines that this transaction has locked.

        Unique (deadline, level) proves that none is climbed twice: raises the driver's
        `UniqueViolationError`.
        """
        await copy_in(await driver_of(self._connection), escalations, rows)

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

    async def climbed(self, ticket_id: str, since: datetime) -> frozenset[tuple[int, datetime]]:
        """
        Return the standing rungs of the lead's completion that began then: level and date.

        By its beginning, not by its department: that may have been merged meanwhile.
        """
        query = (
            select(escalations.c.level, escalations.c.fell_due_at)
            .join(deadlines, deadlines.c.id == escalations.c.deadline_id)
            .where(
                deadlines.c.ticket_id == ticket_id,
                deadlines.c.clock == "department",
                deadlines.c.stage == "completion",
                deadlines.c.started_at == since,
                escalations.c.withdrawn_at.is_(None),
            )
        )
        return frozenset((row.level, row.fell_due_at) for row in await self._connection.execute(query))

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
