"""Returns and what was decided about them, within one transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, case, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from router.tables import assignments, returns
from services.tables import tickets

_C = returns.c


class ReturnStore:
    """The returns of tickets."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, row: dict[str, Any]) -> None:
        """Record a return that waits for the hotline."""
        await self._connection.execute(insert(returns).values(row))

    async def of(self, ticket_id: str) -> Sequence[Row[Any]]:
        """Return the returns of a ticket, oldest first; `since` is when that assignment's clock began."""
        since = func.coalesce(assignments.c.counts_from_at, assignments.c.assigned_at).label("since")
        query = (
            select(returns, since)
            .join(assignments, assignments.c.id == _C.assignment_id)
            .where(_C.ticket_id == ticket_id)
            .order_by(_C.asked_at, _C.id)
        )
        return (await self._connection.execute(query)).all()

    async def decide(
        self,
        ticket_id: str,
        outcome: str,
        *,
        at: datetime,
        by: str,
        because: str | None,
        improper: bool = False,
    ) -> None:
        """Note what was decided about the return that waits."""
        decision = {"outcome": outcome, "decided_at": at, "decided_by": by, "decided_because": because}
        await self._connection.execute(
            update(returns)
            .where(_C.ticket_id == ticket_id, _C.outcome.is_(None))
            .values(**decision, improper=improper)
        )

    async def mark_improper(self, ticket_id: str, departments: Collection[str]) -> None:
        """Note that these departments' returns of a ticket were improper, whatever was decided before."""
        await self._connection.execute(
            update(returns)
            .where(_C.ticket_id == ticket_id, _C.department.in_(departments))
            .values(improper=True)
        )

    async def waiting(
        self, disputed: bool | None, place: tuple[datetime, UUID] | None, limit: int, *, sees_all: bool
    ) -> Sequence[Row[Any]]:
        """Return what waits for the hotline, longest waiting first, from a place on; all, or no secrets."""
        query = select(returns).where(_C.outcome.is_(None))
        if not sees_all:
            secret = select(tickets.c.id).where(tickets.c.id == _C.ticket_id, tickets.c.confidential)
            query = query.where(~secret.exists())
        if disputed is not None:
            query = query.where(_C.disputed.is_(disputed))
        if place is not None:
            query = query.where(tuple_(_C.asked_at, _C.id) > place)
        return (await self._connection.execute(query.order_by(_C.asked_at, _C.id).limit(limit))).all()

    async def counts(
        self,
        since: datetime | None,
        until: datetime | None,
        after: str,
        limit: int,
        succeeded: Mapping[str, str],
    ) -> Sequence[Row[Any]]:
        """
        Count returns made in that time by department, from the one after `after` on.

        Those of a department that is gone count as its successor's, by `succeeded`.
        """
        department = case(succeeded, value=_C.department, else_=_C.department) if succeeded else _C.department
        made = select(department.label("department"), _C.outcome, _C.improper, _C.disputed)
        if since is not None:
            made = made.where(_C.asked_at >= since)
        if until is not None:
            made = made.where(_C.asked_at < until)
        of = made.subquery().c
        query = select(
            of.department,
            func.count().label("returns"),
            func.count().filter(of.outcome == "granted").label("granted"),
            func.count().filter(of.outcome == "refused").label("refused"),
            func.count().filter(of.improper).label("improper"),
            func.count().filter(of.disputed).label("disputes"),
        ).where(of.department > after)
        query = query.group_by(of.department).order_by(of.department).limit(limit)
        return (await self._connection.execute(query)).all()
