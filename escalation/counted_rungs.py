"""Use case: rungs that are reached by a count: each is a clock of its own, over at once, for the worker."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Row, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.claims import Pointer, point
from escalation.domain.ladder import Counted, Rung
from escalation.domain.policy import Stage
from escalation.domain.too_often import reached_at
from escalation.domain.worktime import Unit
from escalation.rulebook import PublishedRules, Rulebook
from escalation.store import BELL, DeadlineStore, EscalationStore
from escalation.tables import deadlines, escalations
from schemas.events import Event, TicketDisputeOpened, TicketReturnBarred, TicketReturned
from services.database import ring_after_commit
from services.resources import Resources

EVER = timedelta(days=36_500)
TICK = timedelta(microseconds=1)
COUNTED, WITHDRAWN = "counted", "withdrawn"
"""Why such a clock is over: as it opened, or since it was taken back."""

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('sign_reds'), hashtext(:department))")
_REDOS = text(
    "SELECT count(*) FROM assignments WHERE ticket_id = :ticket AND binding = 'redo' AND assigned_at <= :at"
)
"""The table is the router's, so it is only read."""
_STEPS = text(
    "SELECT count(*) FROM ticket_history"
    " WHERE ticket_id = :ticket AND version <= :version AND step IN ('return', 'dispute')"
)


async def count_sign_reds(
    records: Sequence[Mapping[str, Any]], connection: AsyncConnection, resources: Resources
) -> None:
    """
    Of rungs that were just climbed, see whether a department has now been red at signing too often.

    One department at a time decides, so that two workers with a red each do not both miss the pair,
    nor both find it; but who was found lately is not looked at again, so a storm costs nothing.
    """
    reds: dict[str, list[datetime]] = defaultdict(list)
    for each in records:
        if (each["clock"], each["stage"], each["card"]) == ("department", Stage.SIGN, "red"):
            reds[each["department"]].append(each["fell_due_at"])
    if not reds:
        return
    rulebook = await resources.part(PublishedRules).current(connection)
    for rung in rulebook.ladder:
        if rung.counted is Counted.SIGN_REDS:
            await _too_often(reds, rung, rulebook, connection)


async def take_back_findings(
    withdrawn: Sequence[Any], connection: AsyncConnection, resources: Resources
) -> Sequence[Row[Any]]:
    """
    Of rungs that were just withdrawn, take back what was found because of them; return those rungs.

    A finding stands while there are reds enough without them; what the others come to is found anew.
    """
    reds: dict[str, list[datetime]] = defaultdict(list)
    for each in withdrawn:
        if (each.clock, each.stage, each.card) == ("department", Stage.SIGN, "red"):
            reds[each.department].append(each.fell_due_at)
    taken: list[Row[Any]] = []
    if not reds:
        return taken
    rulebook = await resources.part(PublishedRules).current(connection)
    for rung in rulebook.ladder:
        if rung.counted is Counted.SIGN_REDS:
            for department in sorted(reds):
                taken += await _unfounded(department, reds[department], rung, connection, resources)
            await _too_often(reds, rung, rulebook, connection)
    return taken


async def _unfounded(
    department: str, dates: Sequence[datetime], rung: Rung, connection: AsyncConnection, resources: Resources
) -> list[Row[Any]]:
    """Take back the findings of a department that its standing reds do not bear."""
    await connection.execute(_LOCK, {"department": department})
    within = _within(rung)
    taken: list[Row[Any]] = []
    for found in await _findings(department, min(dates), max(dates) + within, connection):
        last = await _last(department, connection, before=found.started_at)
        lately = await _reds(department, found.started_at - within, found.started_at + TICK, connection)
        if not reached_at([row.fell_due_at for row in lately], rung.times or 1, within, last):
            over = update(deadlines).where(deadlines.c.id == found.id).values(settled_because=WITHDRAWN)
            await connection.execute(over)
            await point(connection, [Pointer(found.id, None, None)])
            now = resources.clock.now()
            taken += await EscalationStore(connection).withdraw([found.id], found.started_at, now)
    return taken


async def count(
    what: Counted,
    event: Event,
    department: str,
    assignment_id: UUID,
    connection: AsyncConnection,
    resources: Resources,
) -> None:
    """See whether a ticket has now been redone, returned, or refused though adjudicated, too often."""
    rulebook = await resources.part(PublishedRules).current(connection)
    rungs = [each for each in rulebook.ladder if each.counted is what]
    happened = await _happened(what, event, connection) if rungs else 0
    rows = [
        _row(rung, rulebook, event.time, ticket=event.ticket, department=department, by=assignment_id)
        for rung in rungs
        if happened >= (rung.times or 1)
    ]
    await _open(rows, connection)


async def count_return(
    event: TicketReturned | TicketDisputeOpened, connection: AsyncConnection, resources: Resources
) -> None:
    """A ticket was returned once more."""
    given = event.data
    await count(Counted.RETURNS, event, given.department, given.assignment_id, connection, resources)


async def count_barred_return(
    event: TicketReturnBarred, connection: AsyncConnection, resources: Resources
) -> None:
    """Its department wants to return what was adjudicated to it; counted once for an assignment."""
    given = event.data
    await count(Counted.BARRED_RETURNS, event, given.department, given.assignment_id, connection, resources)


async def _happened(what: Counted, event: Event, connection: AsyncConnection) -> int:
    if what is Counted.REDOS:
        return int(await connection.scalar(_REDOS, {"ticket": event.ticket, "at": event.time}) or 0)
    if what is Counted.RETURNS:
        asked = {"ticket": event.ticket, "version": event.version}
        return int(await connection.scalar(_STEPS, asked) or 0)
    return 1


async def _too_often(
    reds: Mapping[str, Sequence[datetime]], rung: Rung, rulebook: Rulebook, connection: AsyncConnection
) -> None:
    within = _within(rung)
    for department in sorted(reds):
        dates, last = reds[department], await _last(department, connection)
        if last is not None and last <= min(dates) and max(dates) < last + within:
            continue
        await connection.execute(_LOCK, {"department": department})
        last = await _last(department, connection)
        lately = await _reds(department, min(dates) - within, max(dates) + within, connection)
        found = reached_at([row.fell_due_at for row in lately], rung.times or 1, within, last)
        by_date = {row.fell_due_at: row for row in lately}
        rows = [
            _row(rung, rulebook, at, ticket=by_date[at].ticket_id, department=department, by=by_date[at].id)
            for at in found
        ]
        await _open(rows, connection)


def _within(rung: Rung) -> timedelta:
    return timedelta(days=rung.within_days) if rung.within_days else EVER


def _standing(department: str) -> tuple[ColumnElement[bool], ...]:
    """Return which deadlines are findings about a department that were not taken back."""
    mine = deadlines.c.clock == Counted.SIGN_REDS, deadlines.c.department == department
    return (*mine, deadlines.c.settled_because == COUNTED)


async def _last(
    department: str, connection: AsyncConnection, before: datetime | None = None
) -> datetime | None:
    query = select(func.max(deadlines.c.started_at)).where(*_standing(department))
    if before is not None:
        query = query.where(deadlines.c.started_at < before)
    return (await connection.execute(query)).scalar_one()  # type: ignore[no-any-return]


async def _findings(
    department: str, first: datetime, last: datetime, connection: AsyncConnection
) -> Sequence[Any]:
    at = deadlines.c.started_at
    query = select(deadlines.c.id, at).where(*_standing(department), at >= first, at < last)
    return (await connection.execute(query.order_by(at))).all()


async def _reds(
    department: str, after: datetime, before: datetime, connection: AsyncConnection
) -> Sequence[Any]:
    query = select(escalations.c.id, escalations.c.ticket_id, escalations.c.fell_due_at).where(
        escalations.c.department == department,
        escalations.c.clock == "department",
        escalations.c.stage == Stage.SIGN,
        escalations.c.card == "red",
        escalations.c.withdrawn_at.is_(None),
        escalations.c.fell_due_at > after,
        escalations.c.fell_due_at < before,
    )
    return (await connection.execute(query.order_by(escalations.c.fell_due_at, escalations.c.id))).all()


async def _open(rows: Sequence[Mapping[str, Any]], connection: AsyncConnection) -> None:
    await DeadlineStore(connection).open(rows)
    if rows:
        ring_after_commit(connection, BELL)


def _row(
    rung: Rung, rulebook: Rulebook, at: datetime, *, ticket: str, department: str, by: UUID
) -> dict[str, Any]:
    """Return the clock of a rung: nothing long, due and over at once, and still to be climbed."""
    return {
        "id": uuid4(),
        "ticket_id": ticket,
        "opened_by": by,
        "clock": str(rung.counted),
        "stage": str(min(rung.stages)),
        "assignment_id": None,
        "department": department,
        "started_at": at,
        "amount": 0,
        "unit": str(Unit.WALL_MINUTES),
        "fixed": None,
        "due_at": at,
        "provisional": False,
        "rule": rulebook.versions["ladder"],
        "layer": "default",
        "source": rung.effect,
        "versions": rulebook.versions,
        "schedule": [[rung.level, at.isoformat()]],
        "next_rung": 0,
        "next_rung_at": at,
        "settled_at": at,
        "settled_because": COUNTED,
    }
