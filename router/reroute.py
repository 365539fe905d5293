"""Use case: after a correction, move a ticket only when another department is competent for it."""

from datetime import datetime

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
    under way stays if its department is competent, or if it was adjudicated, or
    where the table still says nothing and a person chose it or a suggestion would
    again; else it is taken back and dispatched anew, or parked, in this
    transaction. A return that is pending stays pending. `quietly` notes nothing
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
    choice, now = await choice_for(ticket, connection, resources), resources.clock.now()
    because = choice.because if choice.department == ticket.department else None
    stays = await _stays(ticket, choice, connection, resources)
    if stays is None:
        said = f"更正后不再归{ticket.department_name}:{choice.because}"
        free = await recall(ticket, said, "corrected", connection, at=now, actor=ROUTER)
        await dispatch(free, connection, resources)
    elif not quietly:
        await _note(ticket, stays, because, connection, now)


async def _stays(
    ticket: TicketRow, choice: Choice, connection: AsyncConnection, resources: Resources
) -> str | None:
    """Say why a ticket stays where it is; None when it must move."""
    store = AssignmentStore(connection)
    if (await store.open(ticket.id)).binding == ADJUDICATED:
        return f"更正后仍归{ticket.department_name}:已裁定,不再改派"
    if choice.department == ticket.department:
        return f"更正后仍归{ticket.department_name}:{choice.because}"
    if (choice.kept or choice.verdict.row is None) and await store.chosen_by_hand(ticket.id, ROUTER):
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
