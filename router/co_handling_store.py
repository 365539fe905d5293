"""Departments that help with a ticket, within one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, func, insert, select, tuple_, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from router.tables import co_handlings
from services.tables import tickets

_C = co_handlings.c

_OF_CALLER = select(co_handlings, tickets.c.caller, tickets.c.former_callers).join(tickets)
"""With who called: what a department is asked is read without their names."""


class CoHandlingStore:
    """Who helps or helped with which ticket."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, row: dict[str, Any]) -> None:
        """Record that a department is to help."""
        await self._connection.execute(insert(co_handlings).values(row))

    async def of(self, ticket_id: str) -> Sequence[Row[Any]]:
        """Return everybody who helps or helped with a ticket, first asked first."""
        query = _OF_CALLER.where(_C.ticket_id == ticket_id)
        return (await self._connection.execute(query.order_by(_C.assigned_at, _C.department))).all()

    async def open(self, ticket_id: str, department: str) -> Row[Any] | None:
        """Return what a department was asked and has not ended; None when there is nothing."""
        query = select(co_handlings).where(
            _C.ticket_id == ticket_id, _C.department == department, _C.ended_at.is_(None)
        )
        return (await self._connection.execute(query)).one_or_none()

    async def helped_by(self, department: str) -> Sequence[str]:
        """Return the tickets a department is asked to help with and has not ended."""
        query = select(_C.ticket_id).where(_C.department == department, _C.ended_at.is_(None))
        return (await self._connection.scalars(query.order_by(_C.ticket_id))).all()

    async def change(self, co_handling_id: UUID, **values: Any) -> None:
        """Note a step of who helps."""
        await self._connection.execute(update(co_handlings).where(_C.id == co_handling_id).values(values))

    async def end(
        self, ticket_id: str, at: datetime, because: str, status: str, of: str | None = None
    ) -> Sequence[Row[Any]]:
        """End what is open of a ticket, or of one department there; return it."""
        ended = (
            update(co_handlings)
            .where(_C.ticket_id == ticket_id, _C.ended_at.is_(None))
            .values(ended_at=at, ended_because=because, status=status)
            .returning(co_handlings)
        )
        if of is not None:
            ended = ended.where(_C.department == of)
        return sorted((await self._connection.execute(ended)).all(), key=lambda row: str(row.department))

    async def page(
        self, department: str | None, *, open_only: bool, place: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Row[Any]]:
        """Return a department's co-handlings, or everybody's for None, newest first, from a place on."""
        query = _OF_CALLER
        if department is not None:
            query = query.where(_C.department == department)
        if open_only:
            query = query.where(_C.ended_at.is_(None))
        if place is not None:
            query = query.where(tuple_(_C.assigned_at, _C.id) < place)
        newest = query.order_by(_C.assigned_at.desc(), _C.id.desc())
        return (await self._connection.execute(newest.limit(limit))).all()

    async def counts(self, now: datetime, after: str, limit: int) -> Sequence[Row[Any]]:
        """Count by department, from the one after `after` on: what it was asked and how it answered."""
        both = union_all(_asked(now), _whistled()).subquery()
        names = ("asked", "reported", "answered", "late", "whistled")
        query = (
            select(both.c.department, *(func.sum(both.c[name]).label(name) for name in names))
            .where(both.c.department > after)
            .group_by(both.c.department)
            .order_by(both.c.department)
        )
        return (await self._connection.execute(query.limit(limit))).all()


def _asked(now: datetime) -> Select[Any]:
    whistle, answered = _C.kind == "whistle", _C.ended_because == "answered"
    late = func.coalesce(_C.ended_at, now) > _C.due_at
    return select(
        _C.department,
        func.count().label("asked"),
        func.count().filter(and_(whistle, answered)).label("reported"),
        func.count().filter(answered).label("answered"),
        func.count().filter(late).label("late"),
        (func.count() * 0).label("whistled"),
    ).group_by(_C.department)


def _whistled() -> Select[Any]:
    nothing = func.count() * 0
    return (
        select(_C.lead.label("department"), nothing, nothing, nothing, nothing, func.count())
        .where(_C.kind == "whistle")
        .group_by(_C.lead)
    )
