"""
Use case: from a day on a department's matters are another's (机构合并、更名).

The row is the timer: what is still to be moved is every open ticket of a unit
that has ended and has a successor, so a mover that dies loses nothing, and a
ticket assigned in the very moment is found as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from router.assign import ROUTER
from router.choose import civil_day
from router.co_handling import end_co_handling
from router.co_handling_store import CoHandlingStore
from router.department_store import HANDLED, UnitStore
from router.department_tables import mergers
from router.domain.units import Unit, acting, predecessors
from router.people_store import PeopleStore
from router.supplements_store import SupplementStore
from router.tables import assignments, co_handlings
from schemas.departments import MergerNew
from schemas.errors import Conflict, Invalid, NotFound
from schemas.events import HandOver, TicketHandedOver
from schemas.lifecycle import Step
from schemas.scrubbing import names_in, scrubbed
from services.database import ring_after_commit
from services.resources import Resources
from services.tables import tickets
from services.tickets import TicketRow, TicketStore, matter_of

BELL = "mergers"
BATCH = 200
POLL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Move:
    """A unit that has ended, who has its matters now, and by which paper."""

    gone: Unit
    successor: Unit
    because: str


async def record_merger(
    code: str, into: str, said: MergerNew, by: str, connection: AsyncConnection, resources: Resources
) -> None:
    """
    Record that a department ends the day before `said.on` and another has its matters.

    Raises `Conflict` when it has ended or is being merged, `Invalid` when the other is not there then.
    """
    store, now = UnitStore(connection), resources.clock.now()
    units = await store.units()
    gone, other = units[code], units.get(into)
    if gone.successor is not None or (gone.valid_to is not None and gone.valid_to < said.on):
        raise Conflict(f"{gone.name} ends on {gone.valid_to} already.", successor=gone.successor)
    if said.on <= gone.valid_from:
        raise Invalid(f"{gone.name} is there since {gone.valid_from} only.", pointer="/on")
    if other is None or other.code == code or not other.in_force(said.on):
        raise Invalid(f"There is no other department {into} on {said.on}.", pointer="path:other")
    if into in predecessors(code, units):
        raise Conflict(f"{other.name} is to be merged into {gone.name} itself.", successor=other.successor)
    await store.change(gone, replace(gone, valid_to=said.on - timedelta(days=1), successor=into), by, now)
    row = {
        "department": code,
        "successor": into,
        "merges_on": said.on,
        "because": said.because,
        "valid_to_before": gone.valid_to,
        "recorded_at": now,
        "recorded_by": by,
    }
    await connection.execute(insert(mergers).values(row))
    ring_after_commit(connection, BELL)


async def cancel_merger(code: str, by: str, connection: AsyncConnection, resources: Resources) -> None:
    """Take a merger back before its day; raises `NotFound`, or `Conflict` once the day has come."""
    store, now = UnitStore(connection), resources.clock.now()
    unit, _ = await store.get(code)
    row = await merger_of(connection, code)
    if row is None:
        raise NotFound(f"The department {code} is merged into none.", pointer="/code")
    if row.merges_on <= civil_day(now, resources):
        raise Conflict(f"{unit.name} is merged since {row.merges_on}.", successor=row.successor)
    await store.change(unit, replace(unit, valid_to=row.valid_to_before, successor=None), by, now)
    await connection.execute(delete(mergers).where(mergers.c.department == code))


async def move_due(connection: AsyncConnection, resources: Resources, batch: int = BATCH) -> int:
    """
    Move some open tickets of units that have ended to their successors; return how many.

    Each keeps its status and its clocks; nothing is lost between two batches.
    """
    now = resources.clock.now()
    moved = 0
    for move in await _due(connection, civil_day(now, resources)):
        found = await _to_move(connection, move.gone.code, batch - moved)
        if found:
            await _move(found, move, connection, now)
            moved += len(found)
        await _count(connection, move, len(found), now)
        if moved >= batch:
            break
    return moved


async def moving(resources: Resources) -> None:
    """Loop: move what is due; any number of processes may, for each skips what another holds."""
    bell = resources.wakeups.bell(BELL)
    while True:
        async with resources.database.transaction() as connection:
            moved = await move_due(connection, resources)
        if not moved:
            await resources.clock.sleep_until(None, bell, POLL_SECONDS)


async def merger_of(connection: AsyncConnection, code: str) -> Row[Any] | None:
    """Return the merger of a department, if one is recorded."""
    return (await connection.execute(select(mergers).where(mergers.c.department == code))).one_or_none()


async def _count(connection: AsyncConnection, move: Move, moved: int, now: datetime) -> None:
    """Note how far a merger has come; with nothing left, see to those below it and to its promises."""
    code = move.gone.code
    left, _ = await UnitStore(connection).open_tickets(code)
    counted = update(mergers).where(mergers.c.department == code)
    if moved:
        await connection.execute(counted.values(moved=mergers.c.moved + moved))
    if left == 0:
        done = counted.where(mergers.c.done_at.is_(None)).values(done_at=now)
        if (await connection.execute(done)).rowcount:
            await _wind_up(connection, move, now)


async def _wind_up(connection: AsyncConnection, move: Move, now: datetime) -> None:
    store = UnitStore(connection)
    await store.hold()
    for child in (each for each in (await store.units()).values() if each.parent == move.gone.code):
        await store.change(child, replace(child, parent=_new_parent(child, move.successor)), ROUTER, now)
    for ticket_id in await CoHandlingStore(connection).helped_by(move.gone.code):
        await TicketStore(connection).lock(ticket_id)
        await end_co_handling(ticket_id, "merged", connection, at=now, actor=ROUTER, of=move.gone.code)
    if move.gone.valid_to is not None:
        await PeopleStore(connection).end_commitments(move.gone.code, move.gone.valid_to)


def _new_parent(child: Unit, other: Unit) -> str | None:
    """Return who a unit is under once its parent is gone: the successor, when it serves that place."""
    return other.code if child.code != other.code and child.area.startswith(other.area) else None


async def _due(connection: AsyncConnection, day: date) -> list[Move]:
    query = select(mergers.c.department, mergers.c.because).where(
        mergers.c.merges_on <= day,
        select(tickets.c.id)
        .where(tickets.c.department == mergers.c.department, tickets.c.status.in_(map(str, HANDLED)))
        .exists()
        | mergers.c.done_at.is_(None),
    )
    rows = (await connection.execute(query.order_by(mergers.c.merges_on, mergers.c.department))).all()
    units = await UnitStore(connection).units() if rows else {}
    return [
        Move(units[row.department], new, row.because)
        for row in rows
        if (new := acting(row.department, units, day)) is not None
    ]


async def _to_move(connection: AsyncConnection, code: str, most: int) -> Sequence[TicketRow]:
    query = (
        select(tickets)
        .join(assignments, assignments.c.id == tickets.c.assignment_id)
        .where(tickets.c.department == code, tickets.c.status.in_(map(str, HANDLED)))
        .order_by(tickets.c.id)
        .limit(most)
        .with_for_update(key_share=True, skip_locked=True, of=tickets)
    )
    return (await connection.execute(query)).all()


async def _move(found: Sequence[TicketRow], move: Move, connection: AsyncConnection, now: datetime) -> None:
    """Let each assignment go on with the successor: row, history and event, in this transaction."""
    going = {each.id: each.assignment_id for each in found}
    because = (
        f"{move.gone.name}自{move.gone.valid_to}后由{move.successor.name}承接({move.because}),时限继续计算"
    )
    ending = (
        update(assignments)
        .where(assignments.c.id.in_(going.values()))
        .values(ended_at=now, ended_because="merged")
        .returning(assignments)
    )
    old = {row.ticket_id: row for row in await connection.execute(ending)}
    new = {each: uuid4() for each in going}
    rows = [_continued(old[each], new[each], move, because, now) for each in going]
    await connection.execute(insert(assignments), rows)
    await connection.execute(
        update(co_handlings)
        .where(co_handlings.c.ticket_id.in_(going), co_handlings.c.ended_at.is_(None))
        .values(lead=move.successor.code)
    )
    await SupplementStore(connection).hand_over(going, move.gone.code, move.successor.code)
    successor = {
        "department": move.successor.code,
        "department_name": move.successor.name,
        "department_because": because,
    }
    changes = {ticket_id: {**successor, "assignment_id": each} for ticket_id, each in new.items()}
    notes = [
        (_event(each, old[each.id], new[each.id], move, because, now), Step.HAND_OVER, because)
        for each in found
    ]
    await TicketStore(connection).note(list(notes), actor=ROUTER, changes=changes)
    for each in found:
        if move.successor.code in each.co_departments:
            await end_co_handling(each.id, "merged", connection, at=now, actor=ROUTER, of=move.successor.code)


def _continued(old: Row[Any], assignment_id: Any, move: Move, because: str, now: datetime) -> dict[str, Any]:
    decision = {
        "because": because,
        "continues": str(old.id),
        "from": move.gone.code,
        "decision": old.decision,
    }
    carried = {
        "id": assignment_id,
        "department": move.successor.code,
        "assigned_at": now,
        "counts_from_at": old.counts_from_at or old.assigned_at,
        "decision": decision,
        "ended_at": None,
        "ended_because": None,
    }
    return {**old._mapping, **carried}


def _event(
    ticket: TicketRow, old: Row[Any], assignment_id: Any, move: Move, because: str, now: datetime
) -> TicketHandedOver:
    hidden = names_in(ticket.caller, ticket.former_callers)
    told = HandOver(
        assignment_id=assignment_id,
        department=move.successor.code,
        assigned_at=now,
        because=because,
        matter=matter_of(ticket),
        title=scrubbed(ticket.title, hidden),
        text=scrubbed(ticket.text, hidden),
        address=ticket.address,
        from_department=move.gone.code,
        continues=old.id,
    )
    return TicketHandedOver(ticket=ticket.id, time=now, data=told)
