"""Use case: a department returns a ticket (退单), and the hotline grants or refuses it."""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any
from uuid import uuid4

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from router.assign import assign
from router.choose import civil_day
from router.co_handling import end_co_handling
from router.domain import told
from router.domain.returns import ADJUDICATED, BINDS, Held, opens_dispute, refusal
from router.recall import HELD
from router.reroute import reroute
from router.returns_store import ReturnStore
from router.store import AssignmentStore, DepartmentStore
from schemas.errors import AdjudicationBinds, Invalid, NotTheLead
from schemas.events import (
    DepartmentStep,
    DisputeOpened,
    Event,
    Return,
    ReturnGranted,
    ReturnRefused,
    TicketDisputeOpened,
    TicketReturned,
    TicketReturnGranted,
    TicketReturnRefused,
)
from schemas.lifecycle import Status, Step
from schemas.returns import Grant, Refusal, ReturnRequest
from schemas.ticket import Urgency
from services.limits import Limits
from services.resources import Resources
from services.security import Principal
from services.steps import check_step
from services.tickets import TicketRow, TicketStore, matter_of


async def give_back(
    ticket_id: str,
    said: ReturnRequest,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """
    Return a ticket; return it as it then is: waiting for the review, or, the second time, a dispute.

    Until the hotline has agreed the department stays its owner and its clocks run. Raises
    `TicketNotFound`, `Stale`, `IllegalTransition`, or why it cannot be returned.
    """
    store, now = TicketStore(connection), resources.clock.now()
    ticket = await store.lock(ticket_id)
    await _check(ticket, principal, version, connection)
    assignment = await _returnable(ticket, connection, resources)
    competent = await _competent(ticket, said, connection, resources)
    before = await ReturnStore(connection).of(ticket_id)
    disputed = opens_dispute(len(before))
    await ReturnStore(connection).add(_row(ticket, assignment, said, now, disputed=disputed))
    data: Return = Return(
        **_step(ticket, said.note),
        reason=said.note,
        reason_code=said.reason,
        **said.model_dump(include={"legal_basis", "competent", "missing"}),
    )
    event: type[Event] = TicketReturned
    step, sentence = Step.RETURN, told.returned(said, competent)
    if disputed:
        by = [*(each.department for each in before), ticket.department]
        data = DisputeOpened(**data.model_dump(), returned_by=by, matter=matter_of(ticket))
        event = TicketDisputeOpened
        step, sentence = Step.DISPUTE, told.disputed(sentence, len(by))
    await store.advance(ticket, step, event, data, at=now, actor=principal.actor, note=sentence)
    return await store.get(ticket_id)


async def grant(
    ticket_id: str,
    said: Grant,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """
    Agree to a return; return the ticket as it then is: waiting to be routed, or assigned to whom is named.

    The department is out of it, with all who helped it; who is next has a clock of its own.
    """
    store, now, actor = TicketStore(connection), resources.clock.now(), principal.actor
    ticket = await store.lock(ticket_id)
    check_step(ticket, Step.GRANT_RETURN, principal, version)
    assignments = AssignmentStore(connection)
    await assignments.end(ticket_id, now, "returned")
    await ReturnStore(connection).decide(ticket_id, "granted", at=now, by=actor, because=said.note)
    excluded = sorted(await assignments.returned_by(ticket_id))
    data = ReturnGranted(**_step(ticket, said.note), matter=matter_of(ticket), excluded=excluded)
    await store.advance(
        ticket,
        Step.GRANT_RETURN,
        TicketReturnGranted,
        data,
        at=now,
        actor=actor,
        note=told.granted(said.note),
        **dict.fromkeys(HELD),
        co_departments=[],
    )
    await end_co_handling(ticket_id, "returned", connection, at=now, actor=actor)
    if said.department is not None:
        because = f"同意退单并改派:{said.note}" if said.note else "同意退单并改派"
        free = await store.get(ticket_id)
        await assign(free, said.department, connection, resources, because=because, actor=actor)
    return await store.get(ticket_id)


async def refuse(
    ticket_id: str,
    said: Refusal,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """
    Refuse a return; return the ticket as it then is: where it stood, with the clock it had.

    What was corrected while it waited may send it elsewhere now.
    """
    store, now, actor = TicketStore(connection), resources.clock.now(), principal.actor
    ticket = await store.lock(ticket_id)
    check_step(ticket, Step.REFUSE_RETURN, principal, version)
    entries = await store.history(ticket_id)
    await ReturnStore(connection).decide(
        ticket_id, "refused", at=now, by=actor, because=said.note, improper=True
    )
    await store.advance(
        ticket,
        Step.REFUSE_RETURN,
        TicketReturnRefused,
        ReturnRefused(**_step(ticket, said.note)),
        at=now,
        actor=actor,
        note=told.refused(said.note),
        before=_before_return(entries),
    )
    if any(each.step == Step.CORRECT for each in _since_return(entries)):
        await reroute(await store.get(ticket_id), connection, resources, quietly=True)
    return await store.get(ticket_id)


async def _check(
    ticket: TicketRow, principal: Principal, version: int | None, connection: AsyncConnection
) -> None:
    """Raise what `check_step` raises; who lost a dispute and helps now hears first that it binds."""
    try:
        check_step(ticket, Step.RETURN, principal, version)
    except NotTheLead:
        last = await AssignmentStore(connection).last(ticket.id)
        if last is not None and last.binding == ADJUDICATED:
            raise AdjudicationBinds(BINDS) from None
        raise


async def _returnable(ticket: TicketRow, connection: AsyncConnection, resources: Resources) -> Row[Any]:
    """Return the assignment that is returned, or raise why it cannot be."""
    assignment = await AssignmentStore(connection).open(ticket.id)
    matter, now = matter_of(ticket), resources.clock.now()
    urgent = matter.urgency is Urgency.URGENT
    until = assignment.return_until_at
    if urgent or until is None:  # corrected since, or assigned before windows were kept
        limits = resources.part(Limits)
        given = assignment.department, assignment.assigned_at
        until = await limits.return_until(matter, *given, connection)
    fault = refusal(Held(assignment.binding, until, urgent), now, resources.settings.zone)
    if fault is not None:
        raise fault
    return assignment


async def _competent(
    ticket: TicketRow, said: ReturnRequest, connection: AsyncConnection, resources: Resources
) -> str | None:
    if said.competent is None:
        return None
    if said.competent == ticket.department:
        raise Invalid("A return names another department than the one that returns.", pointer="/competent")
    day = civil_day(resources.clock.now(), resources)
    return (await DepartmentStore(connection).in_force(said.competent, day, "/competent")).name  # type: ignore[no-any-return]


def _row(
    ticket: TicketRow, assignment: Row[Any], said: ReturnRequest, now: datetime, *, disputed: bool
) -> dict[str, Any]:
    return said.model_dump(mode="json", exclude={"by"}) | {
        "id": uuid4(),
        "ticket_id": ticket.id,
        "assignment_id": assignment.id,
        "department": ticket.department,
        "asked_at": now,
        "disputed": disputed,
        "improper": False,
    }


def _before_return(entries: Sequence[TicketRow]) -> Status:
    """Return where a ticket stood when it was returned; notes leave the status as it is."""
    return Status(next(each.status for each in reversed(entries) if each.status != Status.RETURN_PENDING))


def _since_return(entries: Sequence[TicketRow]) -> list[TicketRow]:
    """Return the entries since the return that waits."""
    return list(takewhile(lambda each: each.status == Status.RETURN_PENDING, reversed(entries)))


def _step(ticket: TicketRow, note: str | None) -> dict[str, Any]:
    step = DepartmentStep(assignment_id=ticket.assignment_id, department=ticket.department, note=note)
    return step.model_dump()
