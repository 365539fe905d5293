"""What departments lacked and callers supplied, within one transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from router.tables import supplements
from schemas.lifecycle import AT_WORK, Status
from services.tables import tickets

_C = supplements.c


class SupplementStore:
    """The requests to supplement tickets."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, row: dict[str, Any]) -> None:
        """Record what a department lacks."""
        await self._connection.execute(insert(supplements).values(row))

    async def asked(self, ticket_id: str, department: str | None) -> Row[Any] | None:
        """Return what a department has asked for on a ticket, if it has."""
        query = select(supplements).where(_C.ticket_id == ticket_id, _C.department == department)
        return (await self._connection.execute(query)).one_or_none()

    async def answer(self, request_id: UUID, at: datetime, by: str, answer: str) -> None:
        """Record what the caller supplied."""
        answered = update(supplements).where(_C.id == request_id)
        values = {"answered_at": at, "answered_by": by, "answer": answer}
        await self._connection.execute(answered.values(values))

    async def hand_over(self, ticket_ids: Collection[str], gone: str, successor: str) -> None:
        """Let what a department asked for on tickets be its successor's, unless that has asked itself."""
        own = supplements.alias()
        asked_itself = exists().where(own.c.ticket_id == _C.ticket_id, own.c.department == successor)
        theirs = update(supplements).where(_C.ticket_id.in_(ticket_ids), _C.department == gone, ~asked_itself)
        await self._connection.execute(theirs.values(department=successor))

    async def of(self, ticket_id: str) -> Sequence[Row[Any]]:
        """Return everything that was asked for on a ticket, first asked first."""
        query = select(supplements).where(_C.ticket_id == ticket_id).order_by(_C.asked_at, _C.id)
        return (await self._connection.execute(query)).all()

    async def waiting(
        self, place: tuple[datetime, UUID] | None, limit: int, *, sees_all: bool
    ) -> Sequence[Row[Any]]:
        """Return what callers are still to be asked for by who has their ticket, longest waiting first."""
        query = (
            select(supplements)
            .join(tickets, tickets.c.id == _C.ticket_id)
            .where(_C.answered_at.is_(None), tickets.c.department == _C.department)
            .where(tickets.c.status.in_([str(each) for each in (*AT_WORK, Status.SUSPENDED)]))
        )
        if not sees_all:
            query = query.where(~tickets.c.confidential)
        if place is not None:
            query = query.where(tuple_(_C.asked_at, _C.id) > place)
        longest = query.order_by(_C.asked_at, _C.id).limit(limit)
        return (await self._connection.execute(longest)).all()
