"""Use case: departments that help with a ticket (协办), also whistled for by a street (吹哨报到)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import uuid4

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from router.choose import civil_day
from router.co_handling_store import CoHandlingStore
from router.domain import told
from router.store import AssignmentStore, DepartmentStore
from schemas.errors import AlreadyCoHandling, Conflict, DueTooLate, InConfidence, NoDueTime
from schemas.events import (
    CoAssignment,
    CoEnding,
    CoHandling,
    Event,
    TicketCoAnswered,
    TicketCoAssigned,
    TicketCoContacted,
    TicketCoEnded,
    TicketCoFedBack,
    TicketCoSigned,
)
from schemas.helping import CoStatus, co_advance
from schemas.lifecycle import Status, Step, advance
from schemas.scrubbing import names_in, scrubbed
from services.limits import CoDue, Lead, Limits
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketRow, TicketStore, matter_of

Kind = Literal["co_handling", "whistle"]
Because = Literal["resolved", "returned", "recalled", "adjudicated", "withdrawn", "transferred", "merged"]

EVENTS: dict[Step, tuple[type[Event], str]] = {
    Step.CO_SIGN: (TicketCoSigned, "签收协办件"),
    Step.CO_CONTACT: (TicketCoContacted, "已联系诉求人"),
    Step.CO_FEEDBACK: (TicketCoFedBack, "反馈协办进展"),
    Step.CO_ANSWER: (TicketCoAnswered, "向主办单位答复"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """
    Who is to help, with what, until when, asked by whom.

    An adjudication, and a row of the table that names who helps, leave the time to the rule.
    """

    department: str
    due_at: datetime | None
    reason: str
    actor: str
    kind: Kind = "co_handling"
    adjudicated: bool = False
    by_table: bool = False


async def co_assign(
    ticket: TicketRow, asked: Asked, connection: AsyncConnection, resources: Resources
) -> TicketRow:
    """
    Let a department help with a locked ticket; return the ticket as it then is.

    Raises `NoDueTime`, `DueTooLate`, `UnknownDepartment`, `AlreadyCoHandling`, `InConfidence`,
    or `IllegalTransition` when nobody leads it.
    """
    advance(Status(ticket.status), Step.CO_ASSIGN)
    if ticket.confidential:
        raise InConfidence("A report in confidence is shared with no further department.")
    now = resources.clock.now()
    found = await DepartmentStore(connection).in_force(asked.department, civil_day(now, resources))
    store = CoHandlingStore(connection)
    if asked.department == ticket.department or await store.open(ticket.id, asked.department):
        raise AlreadyCoHandling(f"{found.name} has this ticket already.", department=asked.department)
    limits = await _limits(ticket, asked.department, now, connection, resources)
    data = _assignment(ticket, asked, now, _due(asked, limits, now, resources))
    row = data.model_dump(include={"department", "lead", "kind", "assigned_at", "due_at", "reason"})
    where = {"id": data.co_handling_id, "ticket_id": ticket.id, "asked_by": asked.actor}
    await store.add({**row, **where, "status": str(CoStatus.ASSIGNED)})
    tickets = TicketStore(connection)
    await tickets.advance(
        ticket,
        Step.CO_ASSIGN,
        TicketCoAssigned,
        data,
        at=now,
        actor=asked.actor,
        note=told.asked(asked.kind, found.name, data.due_at, asked.reason, resources.settings.zone),
        co_departments=sorted({*ticket.co_departments, asked.department}),
    )
    return await tickets.get(ticket.id)


async def co_step(
    ticket: TicketRow,
    step: Step,
    note: str | None,
    principal: Principal,
    connection: AsyncConnection,
    now: datetime,
) -> Row[tuple[object, ...]]:
    """
    Take a step of who helps with a locked ticket; return the co-handling as it then is.

    Raises `Conflict` for who has answered already, or `IllegalTransition`.
    """
    store, department = CoHandlingStore(connection), principal.department or ""
    mine = await store.open(ticket.id, department)
    if mine is None:
        raise Conflict("You are not asked to help with this ticket.")
    status = co_advance(CoStatus(mine.status), step)
    changes: dict[str, object] = {"status": str(status)}
    if step is Step.CO_SIGN:
        changes["signed_at"] = now
    if step is Step.CO_ANSWER:
        changes |= {"answer": note, "ended_at": now, "ended_because": "answered"}
    await store.change(mine.id, **changes)
    event, said = EVENTS[step]
    data = CoHandling(
        co_handling_id=mine.id, department=department, lead=mine.lead, kind=mine.kind, note=note
    )
    name = await DepartmentStore(connection).name(department)
    sentence = told.co_step(said, name, note)
    await TicketStore(connection).advance(
        ticket, step, event, data, at=now, actor=principal.actor, note=sentence
    )
    return next(each for each in await store.of(ticket.id) if each.id == mine.id)


async def end_co_handling(
    ticket_id: str,
    because: Because,
    connection: AsyncConnection,
    *,
    at: datetime,
    actor: str,
    of: str | None = None,
) -> None:
    """
    End every open co-handling of a ticket: its lead is done, or does not have it any more.

    Or only that `of` a department, which is merged or leads it now itself.
    """
    ended = await CoHandlingStore(connection).end(ticket_id, at, because, str(CoStatus.ENDED), of)
    departments = DepartmentStore(connection)
    notes = []
    for row in ended:
        data = CoEnding(
            co_handling_id=row.id, department=row.department, lead=row.lead, kind=row.kind, because=because
        )
        sentence = told.co_ended(await departments.name(row.department), because)
        notes.append((TicketCoEnded(ticket=ticket_id, time=at, data=data), Step.CO_END, sentence))
    store = TicketStore(connection)
    changes = {}
    if of is not None:
        others = [each for each in (await store.get(ticket_id)).co_departments if each != of]
        changes = {ticket_id: {"co_departments": others}}
    await store.note(list(notes), actor=actor, changes=changes)


async def _limits(
    ticket: TicketRow, department: str, now: datetime, connection: AsyncConnection, resources: Resources
) -> CoDue:
    held = await AssignmentStore(connection).open(ticket.id)
    lead = Lead(held.id, held.department, matter_of(ticket), held.counts_from_at or held.assigned_at)
    return await resources.part(Limits).co_due(lead, department, now, connection)


def _assignment(ticket: TicketRow, asked: Asked, now: datetime, due: datetime) -> CoAssignment:
    hidden = names_in(ticket.caller, ticket.former_callers)
    return CoAssignment(
        co_handling_id=uuid4(),
        department=asked.department,
        lead=ticket.department,
        kind=asked.kind,
        assigned_at=now,
        due_at=due,
        reason=asked.reason,
        binding="adjudicated" if asked.adjudicated else None,
        matter=matter_of(ticket),
        title=scrubbed(ticket.title, hidden),
        text=scrubbed(ticket.text, hidden),
        address=ticket.address,
    )


def _due(asked: Asked, limits: CoDue, now: datetime, resources: Resources) -> datetime:
    latest = limits.latest.astimezone(resources.settings.zone)
    facts = {"pointer": "/due_at", "latest_at": latest.isoformat()}
    if asked.due_at is None:
        if asked.adjudicated or asked.by_table:
            return limits.default
        raise NoDueTime("Say until when the department is to answer its lead.", **facts)
    if not now < asked.due_at <= limits.latest:
        raise DueTooLate(f"The answer is due after now, and by {latest:%Y-%m-%d %H:%M}.", **facts)
    return asked.due_at
