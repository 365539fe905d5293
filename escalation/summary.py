"""How it stands now, in a few counts: for the supervisor's table."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.store import EscalationStore
from escalation.tables import deadlines
from schemas.base import Instant, Schema
from services.tables import tickets


class Summary(Schema):
    """Tickets by status, rungs by name, open deadlines that have passed by clock."""

    at: Instant
    tickets: dict[str, int]
    escalations: dict[str, int]
    overdue: dict[str, int]


async def summarize(connection: AsyncConnection, now: datetime) -> Summary:
    """Count everything as it is now."""
    by_status = select(tickets.c.status, func.count().label("total")).group_by(tickets.c.status)
    late = (
        select(deadlines.c.clock, func.count().label("total"))
        .where(deadlines.c.settled_at.is_(None), deadlines.c.due_at < now)
        .group_by(deadlines.c.clock)
    )
    return Summary(
        at=now,
        tickets={row.status: row.total for row in await connection.execute(by_status)},
        escalations=await EscalationStore(connection).counts(),
        overdue={row.clock: row.total for row in await connection.execute(late)},
    )
