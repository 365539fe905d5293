"""Use case: what a department or the hotline does with an assigned ticket."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from router.co_handling import end_co_handling
from router.join import answer_children
from router.store import AssignmentStore
from router.whose import check_lead
from schemas.events import (
    Closing,
    DepartmentStep,
    Ending,
    Event,
    TicketClosed,
    TicketContacted,
    TicketFedBack,
    TicketResolved,
    TicketSigned,
)
from schemas.lifecycle import Status, Step, advance
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketRow, TicketStore, check_version

EVENTS: Mapping[Step, type[Event]] = {
    Step.SIGN: TicketSigned,
    Step.CONTACT: TicketContacted,
    Step.FEEDBACK: TicketFedBack,
    Step.RESOLVE: TicketResolved,
    Step.CLOSE: TicketClosed,
}

ENDS: Mapping[Step, str] = {
    Step.RESOLVE: "resolved",
    Step.CLOSE: "closed",
}
"""Steps that end an assignment, and what is noted as the reason."""


@dataclass(frozen=True)
class Act:
    """A step somebody takes by hand, with what they say about it."""

    step: Step
    principal: Principal
    note: str | None = None
    version: int | None = None


async def act(ticket_id: str, wanted: Act, connection: AsyncConnection, resources: Resources) -> TicketRow:
    """
    Take one step on a ticket and return it as it then is.

    Raises `TicketNotFound` (for another department's ticket too),
    `IllegalTransition`, or `Stale` when the ticket is at another version.
    """
    store = TicketStore(connection)
    ticket = await store.lock(ticket_id)
    principal = wanted.principal
    check_lead(ticket, principal)
    check_version(ticket, wanted.version)
    advance(Status(ticket.status), wanted.step)
    now = resources.clock.now()
    if wanted.step in ENDS:
        await AssignmentStore(connection).end(ticket_id, now, ENDS[wanted.step])
    await store.advance(
        ticket,
        wanted.step,
        EVENTS[wanted.step],
        _told(ticket, wanted),
        at=now,
        actor=principal.actor,
        note=wanted.note,
    )
    if wanted.step is Step.RESOLVE:
        await end_co_handling(ticket_id, "resolved", connection, at=now, actor=principal.actor)
        await answer_children(ticket, wanted.note, connection, now, principal.actor)
    return await store.get(ticket_id)


def _told(ticket: TicketRow, wanted: Act) -> Ending:
    common: dict[str, Any] = {
        "assignment_id": ticket.assignment_id,
        "department": ticket.department,
        "note": wanted.note,
    }
    return Closing(**common) if wanted.step is Step.CLOSE else DepartmentStep(**common)
