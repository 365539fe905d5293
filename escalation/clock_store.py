"""Deadlines while they are moved or stand still, within one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, and_, any_, bindparam, func, literal, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.claims import Pointer, hold_timers, point
from escalation.domain.policy import CALLERS, JOBS
from escalation.domain.reckoning import Terms
from escalation.store import REACHED, THESE, TIMED, Which
from escalation.tables import deadlines, escalations, timers
from escalation.terms import terms_of
from schemas.events import Event
from services.database import driver_of
from services.tables import tickets

_STEPS = (
    "SELECT ticket_id, version, step, at FROM ticket_history WHERE ticket_id = ANY($1::text[])"
    " ORDER BY ticket_id, version"
)


class Taken(NamedTuple):
    """A step that a ticket has taken, and the version it came to by it."""

    version: int
    step: str
    at: datetime


async def steps_of(connection: AsyncConnection, ticket_ids: Iterable[str]) -> dict[str, list[Taken]]:
    """Return by ticket the steps it has taken, oldest first; one statement for all of them."""
    found: dict[str, list[Taken]] = {each: [] for each in ticket_ids}
    for row in await (await driver_of(connection)).fetch(_STEPS, list(found)):
        found[row["ticket_id"]].append(Taken(*row[1:]))
    return found


class ClockStore:
    """The open deadlines of a ticket, as who changes its time needs them: locked, and written whole."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def hold(self, ticket_id: str) -> Sequence[Row[Any]]:
        """
        Lock the open deadlines of a ticket and of the tickets joined to it, and return them.

        The tickets are found first, as an array: an OR over them would read every open deadline.
        In the order of the recompute, so that neither waits for what the other holds.
        """
        joined = select(tickets.c.id).where(tickets.c.parent == ticket_id, tickets.c.status == "joined")
        these = func.array(union_all(select(literal(ticket_id)), joined).scalar_subquery())
        query = (
            select(deadlines.c.id)
            .where(deadlines.c.ticket_id == any_(these), deadlines.c.settled_at.is_(None))
            .order_by(deadlines.c.ticket_id, deadlines.c.id)
            .with_for_update(key_share=True)
        )
        return await self._with_timers((await self._connection.scalars(query)).all())

    async def standing_still(self, event: Event, which: Which, since: datetime) -> Sequence[Row[Any]]:
        """Lock and return deadlines, as after an event, that stood still before that moment."""
        still = deadlines.c.paused_at < bindparam("before")
        query = select(deadlines.c.id).where(*THESE, still, deadlines.c.settled_at.is_(None))
        locked = query.order_by(deadlines.c.id).with_for_update(key_share=True)
        found = await self._connection.scalars(locked, {**which.bound(event), "before": since})
        return await self._with_timers(found.all())

    async def _with_timers(self, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
        """Lock the timers of locked deadlines too, and return both as they then are."""
        if not ids:
            return []
        await hold_timers(self._connection, ids)
        query = TIMED.where(deadlines.c.id.in_(ids)).order_by(deadlines.c.ticket_id, deadlines.c.id)
        return (await self._connection.execute(query)).all()

    async def stop(self, ids: Sequence[UUID], at: datetime) -> None:
        """
        Let deadlines stand still since then: none falls due until it runs on; which rung is next stays.

        One that had fallen due before, and waits for the end of a halt, goes on to wait for that.
        """
        still = update(deadlines).where(deadlines.c.id.in_(ids)).values(paused_at=at)
        await self._connection.execute(still)
        ahead = (deadlines.c.id == timers.c.deadline_id, at < REACHED)
        quiet = update(timers).where(timers.c.deadline_id.in_(ids), *ahead).values(next_rung_at=None)
        await self._connection.execute(quiet)

    async def change(self, values: Mapping[str, Any], timer: Pointer) -> None:
        """Write what a locked deadline is now, and when it is looked at next."""
        changed = update(deadlines).where(deadlines.c.id == timer.deadline).values(dict(values))
        await self._connection.execute(changed)
        await point(self._connection, [timer])

    async def terms(self, ticket_id: str, since: datetime) -> Terms | None:
        """
        Return what the lead's completion was reckoned from that began then; None if none did.

        By its beginning, not by its department: that may have been merged meanwhile.
        """
        query = select(deadlines).where(
            deadlines.c.ticket_id == ticket_id,
            deadlines.c.clock == "department",
            deadlines.c.stage == "completion",
            deadlines.c.started_at == since,
        )
        rows = (await self._connection.execute(query)).all()
        return terms_of(max(rows, key=lambda each: len(each.pauses) + len(each.extensions))) if rows else None

    async def promise_kept(self, ticket_id: str, before: datetime) -> Row[Any] | None:
        """Return the citizen clock of a ticket that was settled last, not after that moment."""
        query = select(deadlines).where(
            deadlines.c.ticket_id == ticket_id,
            deadlines.c.clock == "citizen",
            deadlines.c.stage.in_(CALLERS),
            deadlines.c.settled_at <= before,
        )
        newest = query.order_by(deadlines.c.settled_at.desc(), deadlines.c.due_at.desc()).limit(1)
        return (await self._connection.execute(newest)).one_or_none()

    async def last_job(self, ticket_id: str, departments: Sequence[str], before: datetime) -> Row[Any] | None:
        """Return the clock by which one of these was to be done that was settled last, by that moment."""
        query = select(deadlines).where(
            deadlines.c.ticket_id == ticket_id,
            deadlines.c.clock == "department",
            deadlines.c.department.in_(departments),
            deadlines.c.stage.in_(JOBS),
            deadlines.c.settled_at <= before,
        )
        newest = query.order_by(deadlines.c.settled_at.desc(), deadlines.c.due_at.desc()).limit(1)
        return (await self._connection.execute(newest)).one_or_none()

    async def levels(self, ids: Sequence[UUID]) -> dict[UUID, list[tuple[int, datetime]]]:
        """
        Return by deadline the levels climbed and when they fell due, withdrawn ones too.

        A clock that goes on from an earlier assignment has climbed what that had, also where its
        department was merged meanwhile; of those who help several begin at one time.
        """
        mine = deadlines.alias("mine")
        same = [mine.c[name] == deadlines.c[name] for name in ("ticket_id", "clock", "stage", "started_at")]
        one_lead = mine.c.clock == "department"
        same.append(or_(one_lead, mine.c.department.is_not_distinct_from(deadlines.c.department)))
        query = (
            select(mine.c.id, escalations.c.level, escalations.c.fell_due_at)
            .join(deadlines, and_(*same))
            .join(escalations, escalations.c.deadline_id == deadlines.c.id)
            .where(mine.c.id.in_(ids))
        )
        found: dict[UUID, list[tuple[int, datetime]]] = {}
        for row in await self._connection.execute(query):
            found.setdefault(row.id, []).append((row.level, row.fell_due_at))
        return found
