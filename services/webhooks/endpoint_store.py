"""Endpoints, within one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event_data import EndpointDisabled
from schemas.events import WebhookEndpointDisabled
from schemas.webhook_errors import EndpointEnded, EndpointNotFound
from schemas.webhooks import Fault, Filter
from services import outbox
from services.database import once_per_transaction
from services.departments import check_known
from services.tables import deliveries, endpoints
from services.webhooks.domain.circuit import Health, is_open
from services.webhooks.domain.wanting import Listener
from services.webhooks.standby import hand_to_standby

BY_OWNER = "ended by its owner"

HELD: Mapping[str, Any] = MappingProxyType({"read": True, "key_share": True})
CHANGED: Mapping[str, Any] = MappingProxyType({"key_share": True})
ENDING: Mapping[str, Any] = MappingProxyType({})
"""
Locks of an endpoint. Who queues for it holds it, together with others; who changes it does so alone, while
others queue; who ends it waits for those who queue, and they for it.
"""


class EndpointStore:
    """Where departments want their events."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, row: dict[str, Any]) -> None:
        """Register an endpoint; raises `UnknownDepartment`."""
        await check_known(row["department"], self._connection)
        await self._connection.execute(insert(endpoints).values(row))

    async def of(self, department: str | None) -> Sequence[Row[Any]]:
        """Return a department's endpoints, or everybody's for None, oldest first."""
        query = select(endpoints).order_by(endpoints.c.created_at, endpoints.c.id)
        if department is not None:
            query = query.where(endpoints.c.department == department)
        return (await self._connection.execute(query)).all()

    async def get(
        self, endpoint_id: UUID, department: str | None, lock: Mapping[str, Any] | None = None
    ) -> Row[Any]:
        """Return an endpoint; raises `EndpointNotFound`, also for another department's."""
        query = select(endpoints).where(endpoints.c.id == endpoint_id)
        if department is not None:
            query = query.where(endpoints.c.department == department)
        if lock is not None:
            query = query.with_for_update(**lock)
        found = (await self._connection.execute(query)).one_or_none()
        if found is None:
            raise EndpointNotFound("There is no such endpoint.")
        return found

    async def alive(
        self, endpoint_id: UUID, department: str | None, lock: Mapping[str, Any] = HELD
    ) -> Row[Any]:
        """Return an endpoint that does not end before the commit; raises `EndpointEnded` for one that has."""
        row = await self.get(endpoint_id, department, lock)
        if row.disabled_at is not None:
            raise EndpointEnded(
                "The endpoint has ended: register another, and replay to that.",
                disabled_at=row.disabled_at.isoformat(),
                disabled_because=row.disabled_because,
            )
        return row

    async def listeners(self, department: str) -> Sequence[Listener]:
        """Return who may want a department's events; held against ending until the commit."""
        asked = (EndpointStore, department)
        return await once_per_transaction(self._connection, asked, lambda: self._listeners(department))

    async def _listeners(self, department: str) -> Sequence[Listener]:
        query = _LISTENING.params(department=department)
        return [
            Listener(
                row.id,
                row.post,
                row.types,
                Filter.model_validate(row.filter) if row.filter else None,
                well=not is_open(row.failures),
                fallen=row.disabled_at is not None,
            )
            for row in await self._connection.execute(query)
        ]

    async def rotate(self, endpoint_id: UUID, secret: str, old: list[dict[str, str]], now: datetime) -> None:
        """Give an endpoint a new secret; `old` are those that still sign."""
        changed = {"secret": secret, "old_secrets": old, "rotated_at": now}
        await self._connection.execute(update(endpoints).where(endpoints.c.id == endpoint_id).values(changed))

    async def let_try(self, endpoint_id: UUID) -> None:
        """Let an endpoint that is left alone be posted to at once."""
        here = update(endpoints).where(endpoints.c.id == endpoint_id)
        await self._connection.execute(here.values(held_until_at=None))

    async def health(self, which: Collection[UUID]) -> dict[UUID, Health]:
        """Return the health of endpoints, locked in one order for all."""
        query = select(endpoints.c.id, *(endpoints.c[name] for name in Health.__slots__))
        query = query.where(endpoints.c.id.in_(which)).order_by(endpoints.c.id)
        rows = await self._connection.execute(query.with_for_update(key_share=True))
        return {row.id: Health(*row[1:]) for row in rows}

    async def set_health(self, known: dict[UUID, Health]) -> None:
        """Keep how endpoints do."""
        if known:
            rows = [{"endpoint": each, **asdict(health)} for each, health in known.items()]
            await self._connection.execute(_HEALTH, rows)

    async def disable(self, endpoint_id: UUID, now: datetime, because: str) -> None:
        """
        End an endpoint, and what it waits for, which goes to those that stand in.

        When and why it first ended stays. Its department is told by an event, unless it did so itself.
        """
        await self.get(endpoint_id, None, ENDING)
        ended = (
            update(endpoints)
            .where(endpoints.c.id == endpoint_id, endpoints.c.disabled_at.is_(None))
            .values(disabled_at=now, disabled_because=because)
            .returning(endpoints.c.department)
        )
        department = await self._connection.scalar(ended)
        given_up = await self._connection.execute(
            update(deliveries)
            .where(deliveries.c.endpoint_id == endpoint_id, deliveries.c.next_attempt_at.is_not(None))
            .values(next_attempt_at=None, dead_at=now, last_fault=Fault.ENDPOINT_ENDED)
        )
        await hand_to_standby(self._connection, [endpoint_id], now, since=now)
        if department is not None and because != BY_OWNER:
            data = EndpointDisabled(
                department=department,
                endpoint_id=endpoint_id,
                because=because,
                given_up=given_up.rowcount,
            )
            await outbox.record(
                self._connection, [WebhookEndpointDisabled(ticket=department, time=now, data=data)]
            )


_LISTENING = (
    select(endpoints)
    .where(
        endpoints.c.department == bindparam("department"),
        or_(endpoints.c.disabled_at.is_(None), endpoints.c.disabled_because != BY_OWNER),
    )
    .with_for_update(**HELD)
)
_HEALTH = (
    update(endpoints)
    .where(endpoints.c.id == bindparam("endpoint"))
    .values({name: bindparam(name) for name in Health.__slots__})
)
