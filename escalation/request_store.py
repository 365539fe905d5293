"""Time asked for, and time that stood still, within one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.request_tables import suspensions, time_requests
from schemas.events import HandOver
from services.tables import tickets

_R, _S = time_requests.c, suspensions.c

EXTENSION = ("extension",)
RENEWAL = ("renewal",)
SUSPENSION = ("suspension", *RENEWAL)
KINDS = (*EXTENSION, *SUSPENSION)


class TimeRequestStore:
    """Requests for time."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, row: dict[str, Any]) -> None:
        """Record a request that waits for the hotline."""
        await self._connection.execute(insert(time_requests).values(row))

    async def waiting_of(self, ticket_id: str, kinds: Sequence[str]) -> Row[Any] | None:
        """Return the request of a ticket that waits, if there is one of these kinds."""
        query = select(time_requests).where(
            _R.ticket_id == ticket_id, _R.kind.in_(kinds), _R.outcome.is_(None)
        )
        return (await self._connection.execute(query)).one_or_none()

    async def decide(
        self, request_id: UUID, outcome: str, at: datetime, by: str, because: str | None
    ) -> None:
        """Note what was decided about a request."""
        decision = {"outcome": outcome, "decided_at": at, "decided_by": by, "decided_because": because}
        await self._connection.execute(
            update(time_requests).where(_R.id == request_id, _R.outcome.is_(None)).values(decision)
        )

    async def drop(
        self, ticket_id: str, at: datetime, by: str, because: str, kinds: Sequence[str] = KINDS
    ) -> None:
        """Drop what a ticket's department had asked for before a moment: there is nothing left to decide."""
        await self._connection.execute(
            update(time_requests)
            .where(
                _R.ticket_id == ticket_id,
                _R.kind.in_(kinds),
                _R.outcome.is_(None),
                _R.asked_at <= at,
            )
            .values(outcome="dropped", decided_at=at, decided_by=by, decided_because=because)
        )

    async def hand_over(self, ticket_id: str, told: HandOver) -> None:
        """Put what waits, and what stands still, under the assignment that goes on after a merger."""
        now_of = {"assignment_id": told.assignment_id, "department": told.department}
        for table, open_ in ((time_requests, _R.outcome.is_(None)), (suspensions, _S.ended_at.is_(None))):
            await self._connection.execute(
                update(table)
                .where(table.c.ticket_id == ticket_id, table.c.assignment_id == told.continues, open_)
                .values(now_of)
            )

    async def of(self, ticket_id: str) -> Sequence[Row[Any]]:
        """Return every request about a ticket, oldest first."""
        query = select(time_requests).where(_R.ticket_id == ticket_id)
        return (await self._connection.execute(query.order_by(_R.asked_at, _R.id))).all()

    async def waiting(
        self, kind: str | None, place: tuple[datetime, UUID] | None, limit: int, *, sees_all: bool
    ) -> Sequence[Row[Any]]:
        """Return what waits for the hotline, longest waiting first, from a place on; all, or no secrets."""
        query = select(time_requests).where(_R.outcome.is_(None))
        if not sees_all:
            secret = select(tickets.c.id).where(tickets.c.id == _R.ticket_id, tickets.c.confidential)
            query = query.where(~secret.exists())
        if kind is not None:
            query = query.where(_R.kind == kind)
        if place is not None:
            query = query.where(tuple_(_R.asked_at, _R.id) > place)
        return (await self._connection.execute(query.order_by(_R.asked_at, _R.id).limit(limit))).all()


class SuspensionStore:
    """Suspensions: since when the clocks of a ticket stood still, and until when."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self, row: dict[str, Any]) -> None:
        """Record that clocks stand still; a ticket's do so at most once at a time."""
        await self._connection.execute(insert(suspensions).values(row))

    async def open(self, ticket_id: str) -> Row[Any] | None:
        """Return the suspension of a ticket that is suspended."""
        query = select(suspensions).where(_S.ticket_id == ticket_id, _S.ended_at.is_(None))
        return (await self._connection.execute(query)).one_or_none()

    async def stood(self, ticket_id: str, reason: str) -> timedelta:
        """Return how long a ticket's clocks stood still for a reason, to its end where that is to come."""
        lengths = func.coalesce(_S.ended_at, _S.until_at) - _S.from_at
        query = select(func.sum(lengths)).where(_S.ticket_id == ticket_id, _S.reason == reason)
        return await self._connection.scalar(query) or timedelta(0)

    async def renew(self, suspension_id: UUID, until: datetime) -> None:
        """Let it last longer."""
        await self._connection.execute(
            update(suspensions).where(_S.id == suspension_id).values(until_at=until, renewed=_S.renewed + 1)
        )

    async def end(self, suspension_id: UUID, at: datetime, because: str) -> None:
        """Note that the clocks run on since that moment."""
        await self._connection.execute(
            update(suspensions)
            .where(_S.id == suspension_id, _S.ended_at.is_(None))
            .values(ended_at=at, ended_because=because)
        )

    async def over(self, now: datetime, limit: int) -> Sequence[Row[Any]]:
        """Return suspensions whose time is up, the earliest first."""
        query = select(suspensions).where(_S.ended_at.is_(None), _S.until_at <= now)
        return (await self._connection.execute(query.order_by(_S.until_at, _S.id).limit(limit))).all()

    async def next_until(self) -> datetime | None:
        """Return when the earliest suspension is over."""
        query = select(_S.until_at).where(_S.ended_at.is_(None)).order_by(_S.until_at).limit(1)
        return (await self._connection.scalars(query)).one_or_none()
