"""
Use case: a person gives a ticket to a department, and what they decided is kept to learn from.

Nothing is learnt from what is in confidence: a suggestion would give it away.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.assign import assign
from router.store import AssignmentStore
from router.suggestions import words_for
from router.tables import assignments
from router.triage_store import TriageStore
from schemas.errors import TicketNotFound
from services.access import may_see
from services.claims import ClaimStore
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketRow, TicketStore, check_version


@dataclass(frozen=True, slots=True)
class ByHand:
    """A person's decision: whom a ticket goes to, and why."""

    department: str
    note: str
    principal: Principal
    version: int | None = None


async def assign_by_hand(
    ticket_id: str, chosen: ByHand, connection: AsyncConnection, resources: Resources
) -> TicketRow:
    """
    Assign a ticket as a person decided, and return it.

    Raises `TicketNotFound` for one they may not see, `HeldByAnother` while somebody
    else works on it, `DepartmentExcluded` for a department that returned it.
    """
    ticket = await at_hand(ticket_id, chosen.principal, connection, resources, version=chosen.version)
    store, now, actor = TicketStore(connection), resources.clock.now(), chosen.principal.actor
    because = f"人工派单:{chosen.note}"
    triage = TriageStore(connection)
    reason, before = await triage.reason_of(ticket_id), await _had_it(ticket_id, connection)
    await assign(ticket, chosen.department, connection, resources, because=because, actor=actor)
    await AssignmentStore(connection).unpark(ticket_id, now)
    assigned = await store.get(ticket_id)
    if not ticket.confidential:
        words = await words_for(chosen.department, ticket, connection, resources)
        learnt = {"words": words, "reason": reason, "from_department": before}
        await triage.learn(_lesson(assigned, actor, now) | learnt)
    await ClaimStore(connection).release(ticket_id, chosen.principal)
    return assigned


def _lesson(ticket: TicketRow, by: str, now: datetime) -> dict[str, Any]:
    """Return what of an assigned ticket is kept to learn from."""
    return {
        "ticket_id": ticket.id,
        "version": ticket.version,
        "at": now,
        "by": by,
        "category": ticket.category,
        "division": ticket.division,
        "caller_type": ticket.caller["type"],
        "to_department": ticket.department,
    }


async def at_hand(
    ticket_id: str,
    principal: Principal,
    connection: AsyncConnection,
    resources: Resources,
    *,
    version: int | None = None,
) -> TicketRow:
    """
    Return a locked ticket for a person of the desk to decide about.

    Raises `TicketNotFound` for one they may not see, `HeldByAnother` while somebody else works on it.
    """
    store = TicketStore(connection)
    ticket = await store.lock(ticket_id)
    if not may_see(ticket._asdict(), principal):
        raise TicketNotFound(f"There is no ticket {ticket_id}.")
    check_version(ticket, version)
    await ClaimStore(connection).refuse_held(ticket_id, principal, resources.clock.now())
    return ticket


async def _had_it(ticket_id: str, connection: AsyncConnection) -> str | None:
    """Return the department that had a ticket last."""
    query = select(assignments.c.department).where(assignments.c.ticket_id == ticket_id)
    return await connection.scalar(query.order_by(assignments.c.assigned_at.desc()).limit(1))
