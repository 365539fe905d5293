"""What of helping and of supplements would be refused now, whatever is said with it."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.tables import co_handlings, supplements
from schemas.helping import CO_TRANSITIONS, CoStatus
from schemas.lifecycle import CO_STEPS, Step
from services.offers import Refused, Refuses, Rows
from services.resources import Resources
from services.security import Principal
from services.tables import tickets as all_tickets


async def _helping(tickets: Rows, principal: Principal, connection: AsyncConnection, _: Resources) -> Refused:
    """Return the steps of helping but those that may follow where the help stands; all, once it has ended."""
    asked = co_handlings.c
    query = select(asked.ticket_id, asked.status).where(
        asked.ticket_id.in_([each["id"] for each in tickets]),
        asked.department == principal.department,
        asked.ended_at.is_(None),
    )
    stands = {row.ticket_id: CoStatus(row.status) for row in await connection.execute(query)}
    return {
        each["id"]: {step for step in CO_STEPS if (stands.get(each["id"]), step) not in CO_TRANSITIONS}
        for each in tickets
    }


async def _supplementing(tickets: Rows, _: Principal, connection: AsyncConnection, __: Resources) -> Refused:
    """Return that a department asks once, and that only what was asked for, and has not come, is supplied."""
    asked = supplements.c
    query = (
        select(asked.ticket_id, asked.answered_at)
        .join(all_tickets, all_tickets.c.id == asked.ticket_id)
        .where(
            asked.ticket_id.in_([each["id"] for each in tickets]),
            asked.department == all_tickets.c.department,
        )
    )
    answered = {row.ticket_id: row.answered_at for row in await connection.execute(query)}
    refused = {}
    for each in (ticket["id"] for ticket in tickets):
        waits = each in answered and answered[each] is None
        refused[each] = {Step.ASK_SUPPLEMENT} if each in answered else set()
        refused[each] |= set() if waits else {Step.SUPPLEMENT}
    return refused


REFUSES = (
    Refuses(CO_STEPS, _helping),
    Refuses(frozenset({Step.ASK_SUPPLEMENT, Step.SUPPLEMENT}), _supplementing),
)
