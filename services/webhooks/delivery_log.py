"""The deliveries as they are looked up: a page of them by filters, or one with its log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, lateral, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.webhook_errors import DeliveryNotFound
from services.tables import attempts, deliveries, endpoints


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries are asked for; None asks for all."""

    department: str | None = None
    endpoint: UUID | None = None
    ticket: str | None = None
    state: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def ended_so(state: str) -> ColumnElement[bool]:
    """Return what holds for deliveries in this state."""
    return {
        "waiting": deliveries.c.next_attempt_at.is_not(None),
        "dead": deliveries.c.dead_at.is_not(None),
        "delivered": deliveries.c.delivered_at.is_not(None),
    }[state]


class DeliveryLog:
    """Deliveries and their attempts, only read."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def page(self, wanted: Wanted, limit: int) -> Sequence[Row[Any]]:
        """Return deliveries, newest first; each endpoint's own are found by its index, and merged."""
        of_one = lateral(_of_endpoint(wanted, limit))
        query = select(of_one, endpoints.c.department, endpoints.c.url).join_from(endpoints, of_one, true())
        if wanted.department is not None:
            query = query.where(endpoints.c.department == wanted.department)
        if wanted.endpoint is not None:
            query = query.where(endpoints.c.id == wanted.endpoint)
        return (await self._connection.execute(query.order_by(of_one.c.id.desc()).limit(limit))).all()

    async def one(self, delivery_id: int, department: str | None) -> tuple[Row[Any], Sequence[Row[Any]]]:
        """Return a delivery and its attempts, oldest first; raises `DeliveryNotFound`, also for another's."""
        query = select(deliveries, endpoints.c.department, endpoints.c.url).join(endpoints)
        query = query.where(deliveries.c.id == delivery_id)
        if department is not None:
            query = query.where(endpoints.c.department == department)
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            raise DeliveryNotFound("There is no such delivery.")
        log = select(attempts).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.number)
        return row, (await self._connection.execute(log)).all()


def _of_endpoint(wanted: Wanted, limit: int) -> Select[Any]:
    these: list[ColumnElement[bool]] = [deliveries.c.endpoint_id == endpoints.c.id]
    if wanted.ticket is not None:
        these.append(deliveries.c.ticket_id == wanted.ticket)
    if wanted.state is not None:
        these.append(ended_so(wanted.state))
    if wanted.since is not None:
        these.append(deliveries.c.created_at >= wanted.since)
    if wanted.until is not None:
        these.append(deliveries.c.created_at < wanted.until)
    if wanted.before is not None:
        these.append(deliveries.c.id < wanted.before)
    return select(deliveries).where(and_(*these)).order_by(deliveries.c.id.desc()).limit(limit)
