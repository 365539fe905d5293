"""Use case: after a correction, move a ticket only when another department is competent for it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from router.assign import ROUTER, assign, dispatch
from router.by_suggestion import by_suggestion
from router.choose import Choice, choice_for
from router.domain.returns import ADJUDICATED
from router.recall import recall
from router.store import AssignmentStore
from schemas.events import Remark, TicketNoted
from schemas.lifecycle import LED, Status, Step
from services.resources import Resources
from services.tickets import TicketRow, TicketStore


async def reroute(
    ticket: TicketRow, connection: AsyncConnection, resources: Resources, *, quietly: bool = False
) -> None:
    """
    Let a locked ticket follow what of it was corrected.

    One at the triage desk is assigned if the table or a suggestion now decides. One
    under way stays if its department is competent, by the table in force or by that
    which was when it was given it, for a publication takes no decision back; if it
    was adjudicated; or where the table says nothing and a person chose it or a
    suggestion would again. Else it is taken back and dispatched anew, or parked, in
    this transaction. A return that is pending stays pending. `quietly` notes nothing
    where nothing moves: for words that may decide, and mostly do not.
    """
    if ticket.status == Status.REGISTERED:
        await dispatch(ticket, connection, resources)
    elif ticket.status == Status.TRIAGE:
        await _from_desk(ticket, connection, resources, quietly=quietly)
    elif ticket.status in LED:
        await _from_department(ticket, connection, resources, quietly=quietly)


async def _from_desk(
    ticket: TicketRow, connection: AsyncConnection, resources: Resources, *, quietly: bool
) -> None:
    choice = await choice_for(ticket, connection, resources)
    store, now, because = AssignmentStore(connection), resources.clock.now(), choice.because
    if choice.department is not None:
        await assign(ticket, choice.department, connection, resources, because=because, choice=choice)
        await store.unpark(ticket.id, now)
        return
    if (found := await by_suggestion(ticket, choice, connection, resources)) is not None:
        because, decision = found.because, found.decision
        await assign(ticket, found.department, connection, resources, because=because, decision=decision)
        await store.unpark(ticket.id, now)
        return
    if quietly:
        return
    await store.park_otherwise(ticket.id, choice.parked or "", because, choice.candidates, **choice.failed)
    await _note(ticket, f"更正后仍须人工派单:{because}", because, connection, now)


async def _from_department(
    ticket: TicketRow, connection: AsyncConnection, resources: Resources, *, quietly: bool
) -> None:
    now = resources.clock.now()
    held = await AssignmentStore(connection).open(ticket.id)
    moving = choice = await choice_for(ticket, connection, resources)
    stays = await _stays(ticket, held, choice, connection, resources, quietly=quietly)
    if stays is None:
        choice = await choice_for(ticket, connection, resources, held.assigned_at)
        stays = await _stays(ticket, held, choice, connection, resources, quietly=quietly)
    if stays is None:
        said = f"更正后不再归{ticket.department_name}:{moving.because}"
        free = await recall(ticket, said, "corrected", connection, at=now, actor=ROUTER)
        await dispatch(free, connection, resources)
    elif not quietly:
        because = choice.because if choice.department == ticket.department else None
        await _note(ticket, stays, because, connection, now)


async def _stays(
    ticket: TicketRow,
    held: Row[Any],
    choice: Choice,
    connection: AsyncConnection,
    resources: Resources,
    *,
    quietly: bool,
) -> str | None:
    """Say why a ticket stays where it is held; None when by that choice it must move."""
    if held.binding == ADJUDICATED:
        return f"更正后仍归{ticket.department_name}:已裁定,不再改派"
    if choice.department == ticket.department:
        return f"更正后仍归{ticket.department_name}:{choice.because}"
    undecided = choice.kept or choice.verdict.row is None or (quietly and choice.parked == "manual_row")
    if undecided and held.assigned_by != ROUTER:
        return f"更正后目录未定,仍由人工所派{ticket.department_name}办理"
    found = None
    if choice.department is None:
        found = await by_suggestion(ticket, choice, connection, resources)
    if found is not None and found.department == ticket.department:
        return f"更正后仍归{ticket.department_name}:{found.because}"
    return None


async def _note(
    ticket: TicketRow, said: str, because: str | None, connection: AsyncConnection, now: datetime
) -> None:
    changes = {} if because is None else {"department_because": because}
    told = Remark(note=said, department=ticket.department)
    await TicketStore(connection).advance(
        ticket, Step.NOTE, TicketNoted, told, at=now, actor=ROUTER, note=said, **changes
    )
