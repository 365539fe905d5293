"""Use case: climb the rungs that have fallen due, many deadlines in one go."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.claims import Claimed, Pointer, claim_due, point
from escalation.counted_rungs import count_sign_reds
from escalation.domain.ladder import Rung
from escalation.domain.policy import Clock, Stage
from escalation.domain.receivers import SIX
from escalation.domain.rungs_due import late_by, rungs_due
from escalation.domain.told import STAGES, moment
from escalation.halts import held_back
from escalation.pulse import Pulse
from escalation.rulebook import PublishedRules
from escalation.store import EscalationStore
from escalation.tell import Card, Kind, tell
from schemas.lifecycle import Status, Step
from schemas.ticket import Urgency
from services.database import is_passing
from services.ids import ordered_ids
from services.notes import Note, Standing, write_down
from services.resources import Resources
from services.tickets import TicketStore

WORKER = "escalation"
TRY_AGAIN = timedelta(minutes=10)
"""When the worker comes back to a rung it could not climb."""

log = structlog.get_logger()


async def climb_due(connection: AsyncConnection, resources: Resources, limit: int) -> int:
    """
    Climb the rungs of deadlines that are due, at most `limit` deadlines; return how many.

    Card, history, event, notice and the pointer to the next rung commit together. Of a
    deadline that missed several rungs all are climbed, in order, but none that fell due
    after the last deadline this batch could take: what is between has its turn first.
    One that cannot be climbed is logged and tried again later, and the others go on.
    """
    now = resources.clock.now()
    due, standing = await claim_due(connection, now, limit)
    free, held = await held_back(due, connection, now) if due else ([], [])
    await point(connection, [Pointer(each.id, each.next_rung, until) for each, until in held])
    if free:
        until = due[-1].next_rung_at if len(due) == limit else now
        await _climb_what_can(free, connection, resources, until, standing)
    return len(due)


async def climb_missed(
    rows: Sequence[Any], connection: AsyncConnection, resources: Resources, until: datetime | None = None
) -> None:
    """
    Climb, of deadlines the caller has locked, what fell due and the worker has not reached.

    What a halt holds waits for its end, as it would have if the worker had come to it.
    """
    free, held = await held_back(rows, connection, resources.clock.now())
    await point(connection, [Pointer(each.id, each.next_rung, end) for each, end in held])
    if free:
        await climb([Claimed.of(each) for each in free], connection, resources, until)


async def _climb_what_can(
    due: Sequence[Claimed],
    connection: AsyncConnection,
    resources: Resources,
    until: datetime,
    standing: Mapping[str, Standing] | None = None,
) -> None:
    """Climb all of these, or each half by itself, down to the one that cannot be. Raises what may pass."""
    try:
        async with connection.begin_nested():
            await climb(due, connection, resources, until, standing)
    except Exception as fault:
        if is_passing(fault):
            raise
        if len(due) > 1:
            middle = len(due) // 2
            await _climb_what_can(due[:middle], connection, resources, until)
            await _climb_what_can(due[middle:], connection, resources, until)
            return
        resources.part(Pulse).put_off(1)
        log.exception("rungs_not_climbed", deadlines=[str(each.id) for each in due])
        await point(connection, [_put_off(each, resources.clock.now()) for each in due])


async def climb(
    due: Sequence[Claimed],
    connection: AsyncConnection,
    resources: Resources,
    until: datetime | None = None,
    standing: Mapping[str, Standing] | None = None,
) -> None:
    """
    Climb the next rung of these deadlines, which the caller has locked, and those reached by `until`.

    `standing` is where their tickets stand, if the caller has locked them too.
    """
    now = resources.clock.now()
    standing = standing or await TicketStore(connection).standing(each.ticket_id for each in due)
    published, ids, cards, pointers = resources.part(PublishedRules), ordered_ids(now), [], []
    for each in due:
        these = rungs_due(each.schedule, each.next_rung, until, each.paused_at)
        pointers.append(Pointer(each.id, these.next_rung, these.next_rung_at))
        for level, at in these.rungs:
            rung = await published.rung(connection, each.ladder, level)
            card = {"id": next(ids), "ticket_id": each.ticket_id, **_said(each, rung, at, now)}
            cards.append((card, _kind(card, each.ladder, standing[each.ticket_id])))
    cards.sort(key=lambda one: (one[0]["fell_due_at"], one[0]["level"]))
    zone = resources.settings.zone
    await EscalationStore(connection).add([card for card, _ in cards])
    await write_down(connection, [_note(card, next(ids), zone) for card, _ in cards], standing, WORKER)
    await point(connection, pointers)
    await tell(cards, connection, resources)
    resources.part(Pulse).climbed(len(cards))
    await count_sign_reds([card for card, _ in cards], connection, resources)


def _said(deadline: Claimed, rung: Rung, fell_due_at: datetime, now: datetime) -> dict[str, Any]:
    """Return what the card and the event say of a rung, which is the one of the deadline's own ladder."""
    return {
        "deadline_id": deadline.id,
        "clock": deadline.clock,
        "stage": deadline.stage,
        "level": rung.level,
        "name": rung.name,
        "card": rung.card,
        "receiver": rung.receiver,
        "effect": rung.effect,
        "department": deadline.department,
        "due_at": deadline.due_at,
        "fell_due_at": fell_due_at,
        "detected_at": now,
    }


def _kind(card: Card, ladder: str, ticket: Standing) -> Kind:
    """Return whom a rung concerns; nobody has signed for what is red at signing, or only assigned."""
    if card["stage"] == Stage.SIGN:
        unsigned = card["fell_due_at"] >= card["due_at"]
    else:
        unsigned = card["clock"] == Clock.DEPARTMENT and ticket.status == Status.ASSIGNED
    district = None if ticket.division is None else ticket.division[:SIX]
    urgent = ticket.urgency == Urgency.URGENT
    return Kind(ladder, card["level"], card["department"], district, urgent=urgent, unsigned=unsigned)


def _note(card: Card, event_id: UUID, zone: ZoneInfo) -> Note:
    """Return what is noted and announced: by hand what `TicketEscalated` says, as there may be many."""
    late = late_by(card["fell_due_at"], card["detected_at"])
    told = {name: value for name, value in card.items() if name not in ("id", "ticket_id")}
    told["deadline_id"] = str(card["deadline_id"])  # the driver's own kind of UUID takes twice as long
    return Note(
        ticket=card["ticket_id"],
        event_id=event_id,
        type="ticket.escalated",
        at=card["detected_at"],
        body=to_json({**told, "late_by": late}),
        step=Step.ESCALATE,
        sentence=_sentence(card, late, zone),
    )


def _sentence(card: Card, late: int | None, zone: ZoneInfo) -> str:
    stage, at = STAGES.get(card["stage"], card["stage"]), moment(card["fell_due_at"], zone)
    said = f"{card['name']}({stage}),应于{at}发出,{card['effect']}"
    return said if late is None else f"{said},迟发{late // 3600}小时{late % 3600 // 60}分"


def _put_off(deadline: Claimed, now: datetime) -> Pointer:
    """Only the worker looks later: the schedule, which dates the rung, stays as it is."""
    return Pointer(deadline.id, deadline.next_rung, now + TRY_AGAIN)
