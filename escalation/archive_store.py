"""The deadlines by which closed tickets are archived, within one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.tables import deadlines

WAITING = (literal_column("stage") == literal_column("'archive'"), deadlines.c.settled_at.is_(None))
"""Said literally, as the index is."""


class ArchiveStore:
    """Timers of closed tickets: the row says when."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim_due(self, now: datetime, limit: int) -> Sequence[Any]:
        """Lock and return what is due; rows another worker holds are skipped."""
        query = select(deadlines.c.id, deadlines.c.ticket_id).where(*WAITING, deadlines.c.due_at <= now)
        first = query.order_by(deadlines.c.due_at, deadlines.c.id).limit(limit)
        return (await self._connection.execute(first.with_for_update(skip_locked=True, key_share=True))).all()

    async def settle(self, ids: Sequence[UUID], now: datetime) -> None:
        """Note that these are done."""
        done = update(deadlines).where(deadlines.c.id.in_(ids))
        await self._connection.execute(done.values(settled_at=now, settled_because="archived"))

    async def next_due(self) -> datetime | None:
        """Return when the earliest is due."""
        query = select(deadlines.c.due_at).where(*WAITING).order_by(deadlines.c.due_at).limit(1)
        return (await self._connection.execute(query)).scalar_one_or_none()
