"""
Use case: several callers, one matter (并单): one is dispatched, the others join it and are answered with it.

Before dispatch, one after the other: whoever decides about joining holds one
lock, taken before that ticket's, so two first callers cannot both be dispatched.
The bus commits batches of events, which may hold other tickets by then; a
deadlock lost there is handled again, as every fault of the database that passes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Float, Interval, Text, and_, any_, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from router.assign import ROUTER, dispatch
from router.domain.joining import Rules, Sighting, parent_of
from router.domain.returns import ADJUDICATED
from router.mass_events import raise_mass_events
from router.recall import recall
from router.store import AssignmentStore
from schemas.distance import METRES_PER_DEGREE
from schemas.errors import AdjudicationBinds, Conflict
from schemas.events import (
    Joining,
    Resolved,
    TicketJoined,
    TicketParted,
    TicketResolved,
)
from schemas.lifecycle import ENDED, LED, Status, Step
from services.resources import Resources
from services.settings import JoiningSettings
from services.tables import tickets
from services.tickets import TicketRow, TicketStore
from services.wording import said

MOST = 500

_LOCK = 0x12345_4A01
_SEEN = (
    tickets.c.id,
    tickets.c.category,
    tickets.c.matter_key,
    tickets.c.text,
    tickets.c.status,
    tickets.c.accepted_at,
    tickets.c.longitude,
    tickets.c.latitude,
    tickets.c.parent,
    tickets.c.kind,
    tickets.c.urgency,
    tickets.c.live,
    tickets.c.caller,
)
_ASKED = bindparam("tickets", type_=ARRAY(Text))
_PLACED = or_(tickets.c.matter_key.is_not(None), tickets.c.longitude.is_not(None))
_HOLD = select(func.pg_advisory_xact_lock(_LOCK)).where(
    select(tickets.c.id)
    .where(tickets.c.id == any_(_ASKED), _PLACED, ~tickets.c.confidential, ~tickets.c.historical)
    .exists()
)
_other = tickets.alias("other")
_SEES = (
    _other.c.accepted_at >= tickets.c.accepted_at - bindparam("look_back", type_=Interval),
    _other.c.id != tickets.c.id,
    ~_other.c.confidential,
    _other.c.kept_by.is_(None),
)
_WITH_NEIGHBOURS = select(tickets.c.id).where(
    tickets.c.id == any_(_ASKED),
    or_(
        exists().where(*_SEES, _other.c.matter_key == tickets.c.matter_key),
        exists().where(
            *_SEES,
            _other.c.category == tickets.c.category,
            _other.c.longitude.between(
                tickets.c.longitude - bindparam("degrees", type_=Float),
                tickets.c.longitude + bindparam("degrees", type_=Float),
            ),
            _other.c.latitude.between(
                tickets.c.latitude - bindparam("degrees", type_=Float),
                tickets.c.latitude + bindparam("degrees", type_=Float),
            ),
        ),
    ),
)
"""Tickets that see another by the same conditions as `_others`; of one's place two indexes are asked."""

_HAS_CHILDREN = select(tickets.c.id).where(tickets.c.parent == bindparam("parent_id")).limit(1)
_CHILDREN = (
    select(tickets)
    .where(
        tickets.c.parent == bindparam("parent_id"),
        tickets.c.status == str(Status.JOINED),
        ~tickets.c.confidential,
    )
    .order_by(tickets.c.id)
    .with_for_update(key_share=True)
)


async def hold_matters(connection: AsyncConnection, ticket_ids: Sequence[str]) -> None:
    """Let nobody else decide about joining until this transaction ends, if a ticket may take part."""
    await connection.execute(_HOLD, {"tickets": list(ticket_ids)})


async def with_neighbours(
    locked: Sequence[TicketRow], connection: AsyncConnection, resources: Resources
) -> frozenset[str]:
    """
    Return which of locked tickets have others near them, or at the same place, to be looked at.

    The rest are to be joined to nothing, and raise no mass event. Call `hold_matters` before.
    """
    asked = [each.id for each in locked if not _stands_alone(each)]
    if not asked:
        return frozenset()
    rules = rules_of(resources.settings.joining)
    values = {"tickets": asked, "look_back": rules.look_back, "degrees": _degrees(rules)}
    return frozenset((await connection.scalars(_WITH_NEIGHBOURS, values)).all())


async def hold_joining(connection: AsyncConnection) -> None:
    """Let nobody else decide about joining until this transaction ends."""
    await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


async def join_or_dispatch(ticket: TicketRow, connection: AsyncConnection, resources: Resources) -> None:
    """
    Join a locked ticket that waits to the ticket of its matter, or dispatch it.

    Call `hold_matters` before the ticket is locked. Confidential tickets, those a
    sub-centre keeps, and a back file take no part. The supervisor is told when it makes a mass event.
    """
    if _stands_alone(ticket):
        await dispatch(ticket, connection, resources)
        return
    rules = rules_of(resources.settings.joining)
    mine, others = _sighting(ticket._mapping), await _others(ticket, rules, connection)
    now = resources.clock.now()
    found = parent_of(mine, others, rules)
    if found is None or not await _joined(ticket, *found, connection, now):
        found = None
        await dispatch(ticket, connection, resources)
    await raise_mass_events(mine, others, found[0] if found else None, rules, connection, now)


async def join(
    ticket: TicketRow,
    parent_id: str,
    because: str,
    connection: AsyncConnection,
    *,
    at: datetime,
    actor: str = ROUTER,
) -> None:
    """
    Join a locked ticket, with those joined to it, to another; its own number, caller and clock stay.

    A department that has it is told that it is taken back. Raises `TicketNotFound`,
    `IllegalTransition`, `AdjudicationBinds`, or `Conflict` when that ticket has ended, is joined
    itself, is confidential, or is of the same caller and nobody but the machine says they are one.
    """
    store = TicketStore(connection)
    parent = await store.lock(parent_id)
    _check(ticket, parent, by_hand=actor != ROUTER)
    if ticket.status in LED:
        if (await AssignmentStore(connection).open(ticket.id)).binding == ADJUDICATED:
            raise AdjudicationBinds("Who handles this ticket was adjudicated; it is joined to nothing.")
        why = f"并入{parent_id}:{because}"
        ticket = await recall(ticket, why, "joined", connection, at=at, actor=actor)
    told = Joining(parent=parent_id, because=because)
    shown = {"parent": parent_id, "department_because": f"已并入{parent_id},随该工单办理。"}
    was_parked = ticket.status == Status.TRIAGE
    await store.advance(
        ticket, Step.JOIN, TicketJoined, told, at=at, actor=actor, note=f"并入{parent_id}:{because}", **shown
    )
    if was_parked:
        await AssignmentStore(connection).unpark(ticket.id, at)
    await _move_children(await _children(ticket.id, connection), parent_id, because, connection, at, actor)


async def part(
    ticket: TicketRow, because: str, connection: AsyncConnection, *, at: datetime, actor: str = ROUTER
) -> None:
    """Part a locked ticket from its parent: it waits again, and is dispatched on its own."""
    told = Joining(parent=ticket.parent or "", because=because)
    shown = {"parent": None, "department_because": None}
    note = f"从{ticket.parent}分出:{because}"
    await TicketStore(connection).advance(
        ticket, Step.PART, TicketParted, told, at=at, actor=actor, note=note, **shown
    )


async def answer_children(
    parent: TicketRow, told: Resolved, connection: AsyncConnection, at: datetime, actor: str
) -> None:
    """Answer those joined to a ticket with its answer, each in its own history, with an event of its own."""
    children = await _children(parent.id, connection)
    await TicketStore(connection).advance_all(
        children, Step.RESOLVE, TicketResolved, told, at=at, actor=actor, note=told.note
    )


async def hand_down(parent_id: str, because: str, connection: AsyncConnection, at: datetime) -> None:
    """
    The parent is gone: its eldest child is dispatched in its place, and the others join that one.

    Those of the eldest's own caller stand alone.
    """
    if await connection.scalar(_HAS_CHILDREN, {"parent_id": parent_id}) is None:
        return
    await hold_joining(connection)
    children = await _children(parent_id, connection)
    if not children:
        return
    eldest, *others = sorted(children, key=lambda each: (each.accepted_at, each.id))
    apart = [each for each in others if _one_caller(each, eldest)]
    for each in (eldest, *apart):
        await part(each, because, connection, at=at)
    moved = [each for each in others if each not in apart]
    await _move_children(moved, eldest.id, because, connection, at, ROUTER)


def rules_of(settings: JoiningSettings) -> Rules:
    """Return what the city has decided about joining and mass events."""
    return Rules(
        near=settings.near_metres,
        within=timedelta(hours=settings.within_hours),
        categories=tuple(filter(None, settings.categories.split(","))),
        soon=timedelta(hours=settings.many_soon_hours),
        soon_tickets=settings.many_soon_tickets,
        lately=timedelta(days=settings.many_callers_days),
        lately_callers=settings.many_callers,
    )


def _stands_alone(ticket: TicketRow) -> bool:
    apart = ticket.confidential or ticket.historical or ticket.kept_by is not None
    return apart or (ticket.matter_key is None and ticket.longitude is None)


def _degrees(rules: Rules) -> float:
    return 1.5 * rules.near / METRES_PER_DEGREE


async def _joined(
    ticket: TicketRow, parent_id: str, because: str, connection: AsyncConnection, now: datetime
) -> bool:
    try:
        await join(ticket, parent_id, because, connection, at=now)
    except Conflict:  # it ended while we looked
        return False
    return True


async def _others(ticket: TicketRow, rules: Rules, connection: AsyncConnection) -> list[Sighting]:
    same = []
    degrees = _degrees(rules)
    if ticket.matter_key is not None:
        same.append(tickets.c.matter_key == ticket.matter_key)
    if ticket.longitude is not None and ticket.latitude is not None:
        same.append(
            and_(
                tickets.c.category == ticket.category,
                tickets.c.longitude.between(ticket.longitude - degrees, ticket.longitude + degrees),
                tickets.c.latitude.between(ticket.latitude - degrees, ticket.latitude + degrees),
            )
        )
    query = (
        select(*_SEEN)
        .where(
            or_(*same),
            tickets.c.accepted_at >= ticket.accepted_at - rules.look_back,
            tickets.c.id != ticket.id,
            ~tickets.c.confidential,
            tickets.c.kept_by.is_(None),
        )
        .order_by(tickets.c.accepted_at.desc())
        .limit(MOST)
    )
    return [_sighting(row) for row in (await connection.execute(query)).mappings()]


def _sighting(row: Mapping[Any, Any]) -> Sighting:
    same = ("id", "category", "matter_key", "accepted_at", "longitude", "latitude", "parent", "live")
    is_enterprise = row["caller"].get("type") == "enterprise"
    return Sighting(
        **{name: row[name] for name in same},
        text=said(row["text"]),
        status=Status(row["status"]),
        by=_caller(row),
        lane=(row["kind"], row["urgency"], "enterprise" if is_enterprise else "person"),
    )


def _caller(row: Mapping[Any, Any]) -> str | None:
    """Return what tells a ticket's caller from others."""
    known: str | None = row["caller"].get("phone") or row["caller"].get("id_number")
    return known


def _one_caller(one: TicketRow, other: TicketRow) -> bool:
    mine = _caller(one._mapping)
    return mine is not None and mine == _caller(other._mapping)


def _check(ticket: TicketRow, parent: TicketRow, *, by_hand: bool) -> None:
    if parent.id == ticket.id:
        raise Conflict("A ticket cannot be joined to itself.")
    if Status(parent.status) in ENDED:
        raise Conflict(f"The ticket {parent.id} has ended.", ticket_status=parent.status)
    if parent.status == Status.JOINED:
        raise Conflict(f"The ticket {parent.id} is joined to {parent.parent} itself.", parent=parent.parent)
    if parent.confidential or ticket.confidential:
        raise Conflict("A confidential ticket is joined to nothing.")
    if not by_hand and _one_caller(ticket, parent):
        raise Conflict("Tickets of one caller are joined by a person only.")


async def _children(parent_id: str, connection: AsyncConnection) -> Sequence[TicketRow]:
    return (await connection.execute(_CHILDREN, {"parent_id": parent_id})).all()


async def _move_children(
    children: Sequence[TicketRow],
    parent_id: str,
    because: str,
    connection: AsyncConnection,
    at: datetime,
    actor: str,
) -> None:
    """Let those joined to a ticket go with it."""
    await TicketStore(connection).advance_all(
        children,
        Step.JOIN,
        TicketJoined,
        Joining(parent=parent_id, because=because),
        at=at,
        actor=actor,
        note=f"改并入{parent_id}:{because}",
        parent=parent_id,
        department_because=f"已并入{parent_id},随该工单办理。",
    )
