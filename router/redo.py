"""Use case: a caller was asked, and it is not solved: the same department does it again (重办)."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from router.assign import ROUTER, Terms, assign
from router.choose import civil_day
from router.recall import HELD
from router.store import AssignmentStore, DepartmentStore
from schemas.events import CallBack, Redo, TicketCalledBack, TicketRedoOrdered, TicketUnfoundedRefused
from schemas.lifecycle import Status, Step
from services.resources import Resources
from services.tickets import TicketRow, TicketStore, matter_of


async def on_called_back(event: TicketCalledBack, connection: AsyncConnection, resources: Resources) -> None:
    """Order a redo where the caller says it is not solved, or is not satisfied with how it was."""
    if not wants_redo(event.data):
        return
    ticket = await TicketStore(connection).lock(event.ticket)
    if ticket.status == Status.RESOLVED:
        said = f":{event.data.note}" if event.data.note else ""
        found = "未解决" if event.data.outcome == "unsolved" else "不满意"
        await redo(ticket, f"回访{found}{said}", connection, resources)


async def on_unfounded_refused(
    event: TicketUnfoundedRefused, connection: AsyncConnection, resources: Resources
) -> None:
    """Order a redo: a second person finds that what the caller says has ground."""
    ticket = await TicketStore(connection).lock(event.ticket)
    if ticket.status == Status.RESOLVED:
        await redo(ticket, f"回访未解决,不认定为不属实:{event.data.note}", connection, resources)


def wants_redo(made: CallBack) -> bool:
    """Say whether what the caller said of an answer sends it back at once."""
    return not made.unfounded and (made.outcome == "unsolved" or made.satisfied is False)


async def redo(ticket: TicketRow, because: str, connection: AsyncConnection, resources: Resources) -> None:
    """
    Give a resolved, locked ticket back to who resolved it, who may not return it; tell how often by now.

    One that was joined to another goes, on its own, to who handled that. One nobody of ours had
    stays as it is: the desk closes it, or registers the matter anew.
    """
    store, assignments = TicketStore(connection), AssignmentStore(connection)
    last = await assignments.last(ticket.id)
    if last is None and ticket.parent is not None:
        last = await assignments.last(ticket.parent)
    if last is None:
        return
    now: datetime = resources.clock.now()
    found = await DepartmentStore(connection).acting(last.department, civil_day(now, resources))
    count = await assignments.redone(ticket.id) + 1
    data = Redo(
        assignment_id=last.id,
        department=found.code,
        note=because,
        count=count,
        matter=matter_of(ticket),
    )
    changes: dict[str, Any] = {**dict.fromkeys(HELD), "ended_at": None, "parent": None, "co_departments": []}
    said = f"第{count}次重办,仍由{found.name}办理:{because}"
    await store.advance(
        ticket,
        Step.REDO,
        TicketRedoOrdered,
        data,
        at=now,
        actor=ROUTER,
        note=said,
        **changes,
    )
    free = await store.get(ticket.id)
    await assign(free, found.code, connection, resources, because=said, terms=Terms("redo", None))
