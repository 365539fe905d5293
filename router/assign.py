"""Use case: give a ticket to the department with jurisdiction, or park it for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from router.by_suggestion import by_suggestion
from router.choose import Choice, choice_for, civil_day
from router.co_handling import Asked, co_assign
from router.domain.explain import record
from router.excluded import excluded_from
from router.store import AssignmentStore, DepartmentStore
from schemas.errors import DepartmentExcluded
from schemas.events import Assignment, Parking, TicketAssigned, TicketParked
from schemas.lifecycle import Step
from schemas.scrubbing import names_in, scrubbed
from services.limits import Limits
from services.resources import Resources
from services.tickets import Moved, TicketRow, TicketStore, matter_of

ROUTER = "router"


@dataclass(frozen=True, slots=True)
class Terms:
    """How an assignment differs from the usual: it binds, its clock goes on from an earlier one."""

    binding: Literal["adjudicated", "redo"] | None = None
    counts_from: datetime | None = None


USUAL = Terms()


async def dispatch(ticket: TicketRow, connection: AsyncConnection, resources: Resources) -> None:
    """
    Assign a locked ticket to whom `choice_for` names, or park it with the reason.

    Where the city allows it a suggestion decides before a person must.
    """
    await _dispatch(ticket, await choice_for(ticket, connection, resources), connection, resources)


async def _dispatch(
    ticket: TicketRow, choice: Choice, connection: AsyncConnection, resources: Resources
) -> None:
    if choice.department is not None:
        because = choice.because
        await assign(ticket, choice.department, connection, resources, because=because, choice=choice)
    elif (found := await by_suggestion(ticket, choice, connection, resources)) is not None:
        because, decision = found.because, found.decision
        await assign(ticket, found.department, connection, resources, because=because, decision=decision)
    else:
        await park(ticket, choice, connection, resources.clock.now())


async def assign(
    ticket: TicketRow,
    department: str,
    connection: AsyncConnection,
    resources: Resources,
    *,
    because: str,
    choice: Choice | None = None,
    decision: dict[str, Any] | None = None,
    actor: str = ROUTER,
    terms: Terms = USUAL,
) -> None:
    """
    Give a locked ticket to a department and announce it, by the table's choice or a person's.

    `decision` is the record kept of one that neither a row nor a person made. Raises
    `UnknownDepartment`, or `DepartmentExcluded` for one that may not have it, unless the terms bind it.
    """
    given = await _given(
        ticket,
        department,
        connection,
        resources,
        because=because,
        choice=choice,
        decision=decision,
        actor=actor,
        terms=terms,
    )
    await _write([given], connection)
    if choice is not None and not ticket.historical:
        await _ask_to_help(ticket.id, choice, connection, resources)


@dataclass(frozen=True, slots=True)
class Given:
    """An assignment not yet written: the ticket's step, and its own row."""

    moved: Moved
    row: dict[str, Any]


class Dispatching:
    """Dispatches locked tickets, as `dispatch` does, and writes what it can in one go."""

    def __init__(self, connection: AsyncConnection, resources: Resources) -> None:
        self._connection = connection
        self._resources = resources
        self._given: list[Given] = []

    async def add(self, ticket: TicketRow) -> None:
        """Dispatch a ticket; until `write` it may not be written."""
        choice = await choice_for(ticket, self._connection, self._resources)
        if choice.department is None or choice.co_handlers:
            await _dispatch(ticket, choice, self._connection, self._resources)
            return
        given = await _given(
            ticket,
            choice.department,
            self._connection,
            self._resources,
            because=choice.because,
            choice=choice,
        )
        self._given.append(given)

    async def write(self) -> None:
        """Write what is not written yet."""
        given, self._given = self._given, []
        await _write(given, self._connection)


async def _write(given: Sequence[Given], connection: AsyncConnection) -> None:
    await TicketStore(connection).write([each.moved for each in given])
    await AssignmentStore(connection).add([each.row for each in given])


async def _given(
    ticket: TicketRow,
    department: str,
    connection: AsyncConnection,
    resources: Resources,
    *,
    because: str,
    choice: Choice | None = None,
    decision: dict[str, Any] | None = None,
    actor: str = ROUTER,
    terms: Terms = USUAL,
) -> Given:
    now = resources.clock.now()
    day = civil_day(now, resources)
    found = await DepartmentStore(connection).in_force(department, day)
    verdict = choice.decided_by if choice else None
    chosen = verdict is None and terms.binding is None
    if chosen and department in await excluded_from(ticket, day, connection):
        raise DepartmentExcluded(f"{found.name} returned this ticket or is accused.", department=department)
    matter = matter_of(ticket)
    limits = resources.part(Limits)
    until = None if terms.binding else await limits.return_until(matter, department, now, connection)
    told = _told(
        ticket,
        choice,
        department=department,
        assigned_at=now,
        because=because,
        return_until_at=until,
        binding=terms.binding,
        counts_from_at=terms.counts_from,
    )
    changes = {"department": department, "assignment_id": told.assignment_id, "department_name": found.name}
    moved = TicketStore(connection).moved(
        ticket,
        Step.ASSIGN,
        TicketAssigned,
        told,
        at=now,
        actor=actor,
        note=because,
        department_because=because,
        return_until_at=until,
        **changes,
    )
    kept = told.model_dump(
        include={"department", "assigned_at", "return_until_at", "binding", "counts_from_at"}
    )
    where = {"id": told.assignment_id, "ticket_id": ticket.id, "assigned_by": actor}
    return Given(moved, {**kept, **where, "decision": decision or _decision(choice, because)})


def _told(ticket: TicketRow, choice: Choice | None, **said: Any) -> Assignment:
    """Return what the department is told: the matter, the row that sent it, and nothing of who called."""
    hidden = names_in(ticket.caller, ticket.former_callers)
    verdict = choice.decided_by if choice else None
    row = verdict.row if verdict else None
    return Assignment(
        assignment_id=uuid4(),
        rule=row.id if row else None,
        co_handlers=list(choice.co_handlers) if choice else [],
        cc=list(choice.cc) if choice else [],
        fallback=verdict is not None and verdict.is_fallback,
        statutory_procedure=row.statutory_procedure if row else None,
        matter=matter_of(ticket),
        title=scrubbed(ticket.title, hidden),
        text=scrubbed(ticket.text, hidden),
        address=ticket.address,
        **said,
    )


async def _ask_to_help(
    ticket_id: str, choice: Choice, connection: AsyncConnection, resources: Resources
) -> None:
    """Ask those the row names to work on a ticket beside its lead, each by a due time of its own."""
    for each in choice.co_handlers:
        ticket = await TicketStore(connection).get(ticket_id)
        asked = Asked(each, None, f"协办:{choice.because}", ROUTER, by_table=True)
        await co_assign(ticket, asked, connection, resources)


def _decision(choice: Choice | None, because: str) -> dict[str, Any]:
    """Return why, as it is kept with the assignment for good."""
    if choice is None or choice.decided_by is None:
        return {"because": because}
    others = {"co_handlers": list(choice.co_handlers), "cc": list(choice.cc)}
    return {**record(choice.decided_by), **others, "because": because}


async def park(ticket: TicketRow, choice: Choice, connection: AsyncConnection, now: datetime) -> None:
    """Leave a locked ticket to a person, with the reason and who might be competent."""
    told = Parking(
        reason=choice.parked,
        because=choice.because,
        candidates=choice.candidates,
        matter=matter_of(ticket),
    )
    parked = await TicketStore(connection).advance(
        ticket,
        Step.PARK,
        TicketParked,
        told,
        at=now,
        actor=ROUTER,
        note=told.because,
        department_because=told.because,
    )
    row = told.model_dump(include={"reason", "because", "candidates"})
    where = {"ticket_id": ticket.id, "version": parked.version, "parked_at": now}
    await AssignmentStore(connection).park({**row, **where, **choice.failed})
