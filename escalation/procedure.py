"""Use case: a department files a case (转入法定程序), and the law of that procedure says until when."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.clocks import Clocks
from escalation.domain import told
from escalation.domain.policy import JOBS, Clock, LimitRule, Stage, limits_of
from escalation.domain.worktime import add
from escalation.held import hold
from escalation.rulebook import PublishedRules, Rulebook
from schemas.errors import Invalid
from schemas.events import Matter, ProcedureOpened, TicketProcedureOpened
from schemas.lifecycle import Step
from schemas.time_requests import ProcedureRequest
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketRow, TicketStore, matter_of

BECAUSE = "statutory procedure"


async def open_procedure(
    ticket_id: str,
    said: ProcedureRequest,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """
    Put a ticket into a statutory procedure; return it. It is not closed: its caller was told, and waits.

    The clocks it had end here, as they stand, and the law's limit runs from this moment, for the
    department and its caller. Raises `Invalid` for a procedure the limits do not know.
    """
    held = await hold(ticket_id, principal, version, connection, resources)
    held.may(Step.OPEN_PROCEDURE)
    held.check_told(said.told)
    rulebook = await resources.part(PublishedRules).current(connection)
    matter, ticket = matter_of(held.ticket), held.ticket
    procedure = said.procedure or matter.statutory_procedure
    if procedure is None:
        raise Invalid("The line of this call has no procedure; say which.", pointer="/procedure")
    limit = statutory_limit(rulebook, matter, procedure)
    if limit is None:
        raise Invalid(f"The limits know no procedure {procedure}.", pointer="/procedure")
    due = add(held.now, limit.amount, rulebook.calendar_of(ticket.department))
    until = told.moment(due.at, resources.settings.zone)
    case = f"(案号{said.case_number})" if said.case_number else ""
    why = f"转入法定程序{procedure}{case},依据{said.legal_basis},期限{told.much(limit.amount)},至{until}"
    data = ProcedureOpened(
        **held.said(said.note),
        procedure=procedure,
        case_number=said.case_number,
        legal_basis=said.legal_basis,
        due_at=due.at,
        provisional=due.provisional,
        matter=matter,
    )
    event = await TicketStore(connection).advance(
        ticket,
        Step.OPEN_PROCEDURE,
        TicketProcedureOpened,
        data,
        at=held.now,
        actor=held.actor,
        note=f"{why}{told.to_caller(said.told)}",
    )
    clocks = await Clocks.of(event, connection, resources)
    await clocks.settle(Clock.DEPARTMENT, JOBS, BECAUSE, ticket.assignment_id)
    await clocks.settle(Clock.CITIZEN, (Stage.COMPLETION,), BECAUSE)
    whose = {"assignment_id": ticket.assignment_id, "department": ticket.department}
    await clocks.begin([limit], held.now, whose)
    await clocks.begin([replace(limit, clock=Clock.CITIZEN)], held.now, {})
    return await TicketStore(connection).get(ticket_id)


def statutory_limit(rulebook: Rulebook, matter: Matter, procedure: str) -> LimitRule | None:
    """Return what a procedure's law allows a department; None for a procedure not known."""
    limits = limits_of(rulebook.limits, Clock.DEPARTMENT, matter, procedure)
    found = next((each for each in limits if each.stage is Stage.STATUTORY), None)
    return found if found is not None and found.procedure == procedure else None
