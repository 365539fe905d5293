"""How tickets were resolved, within one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from router.tables import resolutions

_C = resolutions.c


class ResolutionStore:
    """The resolutions of tickets, and the supervisor's list of those against the caller."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, row: dict[str, Any]) -> None:
        """Record how a ticket was resolved."""
        await self._connection.execute(insert(resolutions).values(row))

    async def of(self, ticket_id: str) -> Sequence[Row[Any]]:
        """Return every resolution of a ticket, oldest first."""
        query = select(resolutions).where(_C.ticket_id == ticket_id).order_by(_C.version)
        return (await self._connection.execute(query)).all()

    async def last_at(self, ticket_id: str) -> datetime | None:
        """Return when a ticket was last resolved, if ever."""
        query = select(func.max(_C.at)).where(_C.ticket_id == ticket_id)
        found: datetime | None = await self._connection.scalar(query)
        return found

    async def negative(
        self, department: str | None, reason: str | None, place: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Row[Any]]:
        """Return negative outcomes, newest first, from a place on."""
        query = select(resolutions).where(_C.reason.is_not(None))
        if department is not None:
            query = query.where(_C.department == department)
        if reason is not None:
            query = query.where(_C.reason == reason)
        if place is not None:
            query = query.where(tuple_(_C.at, _C.id) < place)
        newest = query.order_by(_C.at.desc(), _C.id.desc()).limit(limit)
        return (await self._connection.execute(newest)).all()
