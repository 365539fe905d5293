"""Notices and consequences of rungs, within one transaction; a batch is written by one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    DateTime,
    Row,
    Uuid,
    any_,
    bindparam,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.notice_tables import consequences, notices
from schemas.errors import NotFound
from services.bulk import copy_in
from services.database import driver_of

Instant = DateTime(timezone=True)
_N, _C = notices.c, consequences.c
_IDS = bindparam("ids", type_=ARRAY(Uuid))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which notices are asked for, from a place on."""

    to_department: str | None = None
    role: str | None = None
    ticket: str | None = None
    kind: str | None = None
    open_only: bool = False
    missing: bool = False
    updated_after: datetime | None = None
    place: tuple[datetime, UUID] | None = None


class NoticeStore:
    """Notices: who was told of what, and whether they have acknowledged it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def tell(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the notices of rungs just climbed, JSON as text."""
        await copy_in(await driver_of(self._connection), notices, rows)

    async def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write notices that are not about a rung."""
        await self._connection.execute(insert(notices), rows)

    async def take_back(self, ids: Sequence[UUID], now: datetime) -> None:
        """Withdraw the notices of rungs that are withdrawn; their readers are told."""
        news = func.greatest(_N.updated_at, now)
        changed = update(notices).where(_N.id == any_(_IDS)).values(withdrawn_at=now, updated_at=news)
        await self._connection.execute(changed, {"ids": ids})

    async def urged(self, ticket_id: str) -> int:
        """Return how often supervisors have urged a ticket."""
        query = select(func.count()).where(_N.ticket_id == ticket_id, _N.kind == "urge")
        return int(await self._connection.scalar(query.select_from(notices)) or 0)

    async def alarms(self) -> int:
        """Return how many notices were for somebody there is not, and are not acknowledged yet."""
        query = select(func.count()).select_from(notices)
        alarming = query.where(_N.missing != [], _N.acknowledged_at.is_(None), _N.withdrawn_at.is_(None))
        return int(await self._connection.scalar(alarming) or 0)

    async def page(self, wanted: Wanted, now: datetime, limit: int) -> Sequence[Row[Any]]:
        """Return notices that are to be delivered by now, in the order in which they became news."""
        query = select(notices).where(_N.updated_at <= now)
        equal = {"to_department": wanted.to_department, "ticket_id": wanted.ticket, "kind": wanted.kind}
        for name, value in equal.items():
            if value is not None:
                query = query.where(_N[name] == value)
        if wanted.role is not None:
            query = query.where(_N.roles.contains([wanted.role]))
        if wanted.missing:
            query = query.where(_N.missing != [])
        if wanted.open_only:
            query = query.where(_N.acknowledged_at.is_(None), _N.withdrawn_at.is_(None))
        if wanted.updated_after is not None:
            query = query.where(_N.updated_at > wanted.updated_after)
        if wanted.place is not None:
            query = query.where(tuple_(_N.updated_at, _N.id) > wanted.place)
        ordered = query.order_by(_N.updated_at, _N.id).limit(limit)
        return (await self._connection.execute(ordered)).all()

    async def lock(self, notice_id: UUID) -> Row[Any]:
        """Return a notice and hold it; raises `NotFound`."""
        query = select(notices).where(_N.id == notice_id).with_for_update()
        found = (await self._connection.execute(query)).one_or_none()
        if found is None:
            raise NotFound(f"There is no notice {notice_id}.")
        return found

    async def acknowledge(self, notice_id: UUID, by: str, now: datetime) -> Row[Any]:
        """Note who has taken notice, and when; return it."""
        taken = {"acknowledged_by": by, "acknowledged_at": now, "updated_at": now}
        changed = update(notices).where(_N.id == notice_id).values(taken).returning(notices)
        return (await self._connection.execute(changed)).one()  # type: ignore[no-any-return]


class ConsequenceStore:
    """What followed from rungs, and whether it is done."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def follow(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Record what follows from rungs just climbed."""
        await copy_in(await driver_of(self._connection), consequences, rows)

    async def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Record what follows from something that is no rung of a ticket."""
        await self._connection.execute(insert(consequences), rows)

    async def take_back(self, ids: Sequence[UUID], now: datetime) -> None:
        """Withdraw what has not been done yet, for its rung is withdrawn."""
        changed = (
            update(consequences)
            .where(_C.escalation_id == any_(_IDS), _C.state == "open")
            .values(state="withdrawn", settled_at=now)
        )
        await self._connection.execute(changed, {"ids": ids})

    async def lock(self, consequence_id: UUID) -> Row[Any]:
        """Return a consequence and hold it; raises `NotFound`."""
        query = select(consequences).where(_C.id == consequence_id).with_for_update()
        found = (await self._connection.execute(query)).one_or_none()
        if found is None:
            raise NotFound(f"There is no consequence {consequence_id}.")
        return found

    async def settle(self, consequence_id: UUID, state: str, note: str, by: str, now: datetime) -> Row[Any]:
        """Note that it is done, or dropped, by whom and with which words; return it."""
        settled = {"state": state, "note": note, "settled_by": by, "settled_at": now}
        changed = update(consequences).where(_C.id == consequence_id).values(settled).returning(consequences)
        return (await self._connection.execute(changed)).one()  # type: ignore[no-any-return]

    async def page(
        self,
        where: Mapping[str, str | None],
        dated: tuple[datetime, datetime] | None,
        place: tuple[datetime, UUID] | None,
        limit: int,
    ) -> Sequence[Row[Any]]:
        """Return consequences, oldest first, dated in that time, from a place on."""
        query = select(consequences)
        for name, value in where.items():
            if value is not None:
                query = query.where(_C[name] == value)
        if dated is not None:
            query = query.where(_C.dated_at >= dated[0], _C.dated_at < dated[1])
        if place is not None:
            query = query.where(tuple_(_C.dated_at, _C.id) > place)
        return (await self._connection.execute(query.order_by(_C.dated_at, _C.id).limit(limit))).all()
