"""How it stands now, in a few counts: for the supervisor's table."""

from datetime import datetime

from sqlalchemy import case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.policy import CALLERS, JOBS, Stage
from escalation.notice_store import NoticeStore
from escalation.store import EscalationStore
from escalation.tables import deadlines
from schemas.base import Instant, Schema
from services.tables import tickets


class Summary(Schema):
    """
    Tickets by status, rungs by name, open deadlines that have passed by clock.

    `charged` says how many callers wait too long because of the lead, how many because of the dispatcher,
    `nobody_to_tell` how many notices were for somebody there is not, and are not acknowledged by whoever was
    told instead.
    """

    at: Instant
    tickets: dict[str, int]
    escalations: dict[str, int]
    overdue: dict[str, int]
    charged: dict[str, int]
    nobody_to_tell: int


async def summarize(connection: AsyncConnection, now: datetime) -> Summary:
    """Count everything as it is now."""
    by_status = select(tickets.c.status, func.count().label("total")).group_by(tickets.c.status)
    late = (
        select(deadlines.c.clock, func.count().label("total"))
        .where(deadlines.c.settled_at.is_(None), deadlines.c.due_at < now, deadlines.c.paused_at.is_(None))
        .where(deadlines.c.stage != Stage.ARCHIVE)
        .group_by(deadlines.c.clock)
    )
    lead = deadlines.alias("lead")
    leads_too = exists().where(
        lead.c.ticket_id == func.coalesce(tickets.c.parent, tickets.c.id),
        lead.c.clock == "department",
        lead.c.stage.in_(JOBS),
        lead.c.settled_at.is_(None),
        lead.c.due_at < now,
    )
    charged = (
        select(case((leads_too, "department"), else_="dispatcher").label("to"), func.count().label("total"))
        .join(tickets, tickets.c.id == deadlines.c.ticket_id)
        .where(
            deadlines.c.clock == "citizen",
            deadlines.c.stage.in_(CALLERS),
            deadlines.c.settled_at.is_(None),
            deadlines.c.due_at < now,
            deadlines.c.paused_at.is_(None),
        )
        .group_by("to")
    )
    return Summary(
        at=now,
        tickets={row.status: row.total for row in await connection.execute(by_status)},
        escalations=await EscalationStore(connection).counts(),
        overdue={row.clock: row.total for row in await connection.execute(late)},
        charged={row.to: row.total for row in await connection.execute(charged)},
        nobody_to_tell=await NoticeStore(connection).alarms(),
    )
