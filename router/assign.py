"""Use case: give a ticket to the department with jurisdiction, or park it for a person."""

from datetime import date, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from router.domain.explain import parked_reason, record, sentence
from router.domain.matching import Mode, Verdict, match
from router.store import AssignmentStore, DepartmentStore, PublishedTable
from schemas.errors import DepartmentExcluded, UnknownDepartment
from schemas.events import Assignment, Parking, TicketAssigned, TicketParked
from schemas.lifecycle import Step
from services.resources import Resources
from services.tickets import TicketRow, TicketStore, matter_of

ROUTER = "router"


async def dispatch(ticket: TicketRow, connection: AsyncConnection, resources: Resources) -> None:
    """
    Assign a locked ticket by the table in force, or park it with the reason.

    Departments that returned it do not take part. The place of a ticket whose
    division is unknown is the city as a whole.
    """
    now = resources.clock.now()
    table = await resources.part(PublishedTable).current(connection)
    excluded = frozenset[str]()
    if ticket.version > 1:
        excluded = await AssignmentStore(connection).returned_by(ticket.id)
    place = ticket.division or resources.settings.city_division
    verdict = match(table, ticket.category, place, civil_day(now, resources), excluded)
    row = verdict.row
    if row is None or row.mode is Mode.MANUAL or row.department is None:
        await park(ticket, verdict, connection, now)
        return
    try:
        await assign(
            ticket, row.department, connection, resources, because=sentence(verdict), verdict=verdict
        )
    except UnknownDepartment:
        await park(ticket, verdict, connection, now, reason="no_department")


async def assign(
    ticket: TicketRow,
    department: str,
    connection: AsyncConnection,
    resources: Resources,
    *,
    because: str,
    verdict: Verdict | None = None,
    actor: str = ROUTER,
) -> None:
    """
    Give a locked ticket to a department and announce it.

    Raises `UnknownDepartment`, or `DepartmentExcluded` for one that returned it.
    """
    now = resources.clock.now()
    found = await DepartmentStore(connection).in_force(department, civil_day(now, resources))
    store = AssignmentStore(connection)
    if verdict is None and department in await store.returned_by(ticket.id):
        raise DepartmentExcluded(f"{found.name} has returned this ticket.", department=department)
    assignment_id = uuid4()
    rule = verdict.row.id if verdict and verdict.row else None
    told = Assignment(
        assignment_id=assignment_id,
        department=department,
        assigned_at=now,
        because=because,
        rule=rule,
        matter=matter_of(ticket),
        title=ticket.title,
        text=ticket.text,
        address=ticket.address,
    )
    changes = {"department": department, "assignment_id": assignment_id, "department_name": found.name}
    await TicketStore(connection).advance(
        ticket,
        Step.ASSIGN,
        TicketAssigned,
        told,
        at=now,
        actor=actor,
        note=because,
        department_because=because,
        **changes,
    )
    await store.add(
        {
            "id": assignment_id,
            "ticket_id": ticket.id,
            "department": department,
            "assigned_at": now,
            "assigned_by": actor,
            "decision": record(verdict) if verdict else {"because": because},
        }
    )


async def park(
    ticket: TicketRow,
    verdict: Verdict,
    connection: AsyncConnection,
    now: datetime,
    reason: Any = None,
) -> None:
    """Leave a locked ticket to a person, with the reason and who might be competent."""
    candidates = [row.department for row in (*verdict.winners, *verdict.beaten) if row.department]
    told = Parking(
        reason=reason or parked_reason(verdict),
        because=sentence(verdict),
        candidates=list(dict.fromkeys(candidates))[:3],
        matter=matter_of(ticket),
    )
    await TicketStore(connection).advance(
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
    await AssignmentStore(connection).park({**row, "ticket_id": ticket.id, "parked_at": now})


def civil_day(now: datetime, resources: Resources) -> date:
    """Return the day it is in the city."""
    return now.astimezone(ZoneInfo(resources.settings.time_zone)).date()
