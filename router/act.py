"""Use case: what a department or the hotline does with an assigned ticket."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from router.store import AssignmentStore
from schemas.errors import TicketNotFound
from schemas.events import (
    DepartmentStep,
    Event,
    Return,
    ReturnGranted,
    TicketClosed,
    TicketContacted,
    TicketResolved,
    TicketReturned,
    TicketReturnGranted,
    TicketReturnRefused,
    TicketSigned,
)
from schemas.lifecycle import Status, Step, advance
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketRow, TicketStore, matter_of

EVENTS: Mapping[Step, type[Event]] = {
    Step.SIGN: TicketSigned,
    Step.CONTACT: TicketContacted,
    Step.RETURN: TicketReturned,
    Step.GRANT_RETURN: TicketReturnGranted,
    Step.REFUSE_RETURN: TicketReturnRefused,
    Step.RESOLVE: TicketResolved,
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
    ticket = await store.lock(ticket_id, version=wanted.version)
    principal = wanted.principal
    if principal.department is not None and ticket.department != principal.department:
        raise TicketNotFound(f"There is no ticket {ticket_id}.")
    advance(Status(ticket.status), wanted.step)
    now = resources.clock.now()
    changes: dict[str, object] = {}
    if wanted.step is Step.GRANT_RETURN:
        await AssignmentStore(connection).end(ticket_id, now, "returned")
        changes = {"department": None, "assignment_id": None, "department_name": None}
    data = await _told(ticket, wanted, connection)
    await store.advance(
        ticket,
        wanted.step,
        EVENTS[wanted.step],
        data,
        at=now,
        actor=principal.actor,
        note=wanted.note,
        **changes,
    )
    return await store.get(ticket_id)


async def _told(ticket: TicketRow, wanted: Act, connection: AsyncConnection) -> DepartmentStep:
    common: dict[str, Any] = {
        "assignment_id": ticket.assignment_id,
        "department": ticket.department,
        "note": wanted.note,
    }
    if wanted.step is Step.RETURN:
        return Return(**common, reason=wanted.note or "")
    if wanted.step is Step.GRANT_RETURN:
        excluded = sorted(await AssignmentStore(connection).returned_by(ticket.id))
        return ReturnGranted(**common, matter=matter_of(ticket), excluded=excluded)
    return DepartmentStep(**common)
