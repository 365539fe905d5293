"""Endpoints and their deliveries, within one transaction."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, exists, func, insert, select, text, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import NotFound, UnknownDepartment
from services.database import once_per_transaction, ring_after_commit
from services.tables import deliveries, endpoints

BELL = "webhooks"


class EndpointStore:
    """Where departments want their events."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, row: dict[str, Any]) -> None:
        """Register an endpoint; raises `UnknownDepartment`. The departments are the router's, only read."""
        known = text("SELECT EXISTS (SELECT FROM departments WHERE code = :code)")
        if not await self._connection.scalar(known, {"code": row["department"]}):
            raise UnknownDepartment(f"There is no department {row['department']}.", pointer="/department")
        await self._connection.execute(insert(endpoints).values(row))

    async def of(self, department: str | None) -> Sequence[Row[Any]]:
        """Return a department's endpoints, or everybody's for None, oldest first."""
        query = select(endpoints).order_by(endpoints.c.created_at)
        if department is not None:
            query = query.where(endpoints.c.department == department)
        return (await self._connection.execute(query)).all()

    async def secret(self, endpoint_id: UUID) -> str:
        """Return the secret that signs what an endpoint is sent."""
        query = select(endpoints.c.secret).where(endpoints.c.id == endpoint_id)
        return str((await self._connection.execute(query)).scalar_one())

    async def alive(self, which: Collection[UUID]) -> set[UUID]:
        """Return those of these endpoints that have not ended."""
        query = select(endpoints.c.id).where(endpoints.c.id.in_(which), endpoints.c.disabled_at.is_(None))
        return set((await self._connection.scalars(query)).all())

    async def wanting(self, department: str, event_type: str) -> Sequence[UUID]:
        """Return the endpoints that want this type of event for this department."""
        asked = (EndpointStore, department, event_type)
        return await once_per_transaction(
            self._connection, asked, lambda: self._wanting(department, event_type)
        )

    async def _wanting(self, department: str, event_type: str) -> Sequence[UUID]:
        query = select(endpoints.c.id).where(
            endpoints.c.department == department,
            endpoints.c.disabled_at.is_(None),
            endpoints.c.types.contains([event_type]),
        )
        query = query.with_for_update(read=True)  # so that none ends with a delivery on its way
        return (await self._connection.scalars(query)).all()

    async def disable(
        self, endpoint_id: UUID, now: datetime, because: str, department: str | None = None
    ) -> None:
        """
        End an endpoint and what it still waits for; when and why it first ended stays.

        Raises `NotFound` for another department's.
        """
        mine = endpoints.c.id == endpoint_id
        if department is not None:
            mine = and_(mine, endpoints.c.department == department)
        ended = (
            update(endpoints)
            .where(mine)
            .values(
                disabled_at=func.coalesce(endpoints.c.disabled_at, now),
                disabled_because=func.coalesce(endpoints.c.disabled_because, because),
            )
        )
        if (await self._connection.execute(ended)).rowcount == 0:
            raise NotFound("There is no such endpoint.")
        await self._connection.execute(
            update(deliveries)
            .where(deliveries.c.endpoint_id == endpoint_id, deliveries.c.next_attempt_at.is_not(None))
            .values(next_attempt_at=None, dead_at=now, last_fault=because)
        )


class DeliveryStore:
    """What is to be posted, and how it went."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Queue deliveries; the same event for the same endpoint is queued once."""
        if rows:
            await self._connection.execute(upsert(deliveries).on_conflict_do_nothing(), rows)
            ring_after_commit(self._connection, BELL)

    async def claim(
        self,
        now: datetime,
        lease: timedelta,
        limit: int,
        but_not: Collection[UUID] = (),
        room: Callable[[UUID], int] | None = None,
    ) -> Sequence[Row[Any]]:
        """
        Lease due deliveries; a sender that dies leaves them due again when the lease ends.

        Leaves out the endpoints in `but_not`, and takes of each of the others no
        more than it has `room` for. Of one ticket and endpoint only the oldest
        open one is handed out, so the receiver sees a ticket's events in their order.
        """
        query = (
            select(deliveries.c.id, deliveries.c.endpoint_id)
            .where(_claimable(but_not), deliveries.c.next_attempt_at <= now)
            .order_by(deliveries.c.next_attempt_at, deliveries.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        due = [(row.id, row.endpoint_id) for row in await self._connection.execute(query)]
        chosen = due if room is None else _within(due, room)
        if not chosen:
            return []
        leased = (
            update(deliveries)
            .where(
                deliveries.c.id.in_([each for each, _ in chosen]), endpoints.c.id == deliveries.c.endpoint_id
            )
            .values(next_attempt_at=now + lease, attempts=deliveries.c.attempts + 1)
            .returning(deliveries, endpoints.c.url, endpoints.c.secret)
        )
        rows: Sequence[Row[Any]] = (await self._connection.execute(leased)).all()
        return rows

    async def next_due(self, but_not: Collection[UUID] = ()) -> datetime | None:
        """Return when there is something to claim next, leaving out the endpoints in `but_not`."""
        query = select(deliveries.c.next_attempt_at).where(_claimable(but_not))
        query = query.order_by(deliveries.c.next_attempt_at).limit(1)
        return (await self._connection.scalars(query)).one_or_none()

    async def delivered(self, delivery: Row[Any], now: datetime, **how: Any) -> None:
        """Note that it was taken, even when it was given up meanwhile."""
        await self.note(delivery, **how, delivered_at=now, next_attempt_at=None, dead_at=None)

    async def failed(self, delivery: Row[Any], **outcome: Any) -> None:
        """Note a failed attempt, unless the delivery was ended or leased to another meanwhile."""
        mine = and_(
            deliveries.c.id == delivery.id,
            deliveries.c.attempts == delivery.attempts,
            deliveries.c.next_attempt_at.is_not(None),
        )
        await self._connection.execute(update(deliveries).where(mine).values(outcome))

    async def note(self, delivery: Row[Any], **outcome: Any) -> None:
        """Note something of a delivery."""
        await self._connection.execute(
            update(deliveries).where(deliveries.c.id == delivery.id).values(outcome)
        )

    async def latest(self, department: str | None, before: int | None, limit: int) -> Sequence[Row[Any]]:
        """Return deliveries, newest first, those with an id below `before`."""
        query = select(deliveries, endpoints.c.department, endpoints.c.url).join(endpoints)
        if department is not None:
            query = query.where(endpoints.c.department == department)
        if before is not None:
            query = query.where(deliveries.c.id < before)
        return (await self._connection.execute(query.order_by(deliveries.c.id.desc()).limit(limit))).all()


def _within(due: Sequence[tuple[int, UUID]], room: Callable[[UUID], int]) -> Sequence[tuple[int, UUID]]:
    """Return the first of each endpoint, as many as it has room for."""
    taken: Counter[UUID] = Counter()
    chosen = []
    for delivery, endpoint in due:
        taken[endpoint] += 1
        if taken[endpoint] <= room(endpoint):
            chosen.append((delivery, endpoint))
    return chosen


def _claimable(but_not: Collection[UUID]) -> ColumnElement[bool]:
    """Return what holds for the oldest open delivery of a ticket to an endpoint."""
    earlier = deliveries.alias("earlier")
    first = ~exists().where(
        earlier.c.endpoint_id == deliveries.c.endpoint_id,
        earlier.c.ticket_id == deliveries.c.ticket_id,
        earlier.c.id < deliveries.c.id,
        earlier.c.next_attempt_at.is_not(None),
    )
    wanted = deliveries.c.endpoint_id.not_in(but_not) if but_not else true()
    return and_(deliveries.c.next_attempt_at.is_not(None), wanted, first)
