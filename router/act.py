"""Use case: what a department or the hotline does with an assigned ticket."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from router.store import AssignmentStore
from schemas.events import (
    Closing,
    DepartmentStep,
    Ending,
    Event,
    TicketClosed,
    TicketFedBack,
    TicketSigned,
)
from schemas.lifecycle import Step
from services.resources import Resources
from services.security import Principal
from services.steps import check_step
from services.tickets import TicketRow, TicketStore

EVENTS: Mapping[Step, type[Event]] = {
    Step.SIGN: TicketSigned,
    Step.FEEDBACK: TicketFedBack,
    Step.CLOSE: TicketClosed,
}


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
    check_step(ticket, wanted.step, principal, wanted.version)
    now = resources.clock.now()
    if wanted.step is Step.CLOSE:
        await AssignmentStore(connection).end(ticket_id, now, "closed")
    await store.advance(
        ticket,
        wanted.step,
        EVENTS[wanted.step],
        _told(ticket, wanted),
        at=now,
        actor=principal.actor,
        note=wanted.note,
    )
    return await store.get(ticket_id)


def _told(ticket: TicketRow, wanted: Act) -> Ending:
    common: dict[str, Any] = {
        "assignment_id": ticket.assignment_id,
        "department": ticket.department,
        "note": wanted.note,
    }
    return Closing(**common) if wanted.step is Step.CLOSE else DepartmentStep(**common)
