"""Deadlines that are moved or stand still: the row of each, its rungs and what the caller was promised."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.claims import Pointer
from escalation.climb import climb_missed
from escalation.clock_store import ClockStore
from escalation.domain.allowance import stood_still
from escalation.domain.policy import is_promise, is_silent
from escalation.domain.reckoning import Pause, Terms, reckon
from escalation.domain.schedule import Plan, planned, waiting
from escalation.domain.worktime import Due, WorkCalendar
from escalation.request_store import SuspensionStore
from escalation.rulebook import CALENDAR, LADDER, PublishedRules, Rulebook
from escalation.store import BELL
from escalation.terms import columns_of, places_of, terms_of
from schemas.events import Event, Moved
from services.database import ring_after_commit
from services.resources import Resources
from services.tickets import TicketStore

MovedOf = tuple[str, Moved]
"""A ticket, and a deadline of it that is another now."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    A deadline, by its locked row, and what it is reckoned from now; `also` is what else its row says.

    One that stands still goes on to, unless it `runs_on`. `because` is told to its caller.
    """

    row: Any
    terms: Terms
    because: str
    also: Mapping[str, Any] = field(default_factory=dict)
    runs_on: bool = False

    @property
    def still_since(self) -> datetime | None:
        """Since when it stands still afterwards."""
        return None if self.runs_on else self.row.paused_at


async def hold_clocks(ticket_id: str, connection: AsyncConnection, resources: Resources) -> Sequence[Any]:
    """
    Lock the open deadlines of a ticket and of those joined to it, and return them as they then are.

    What fell due before and the worker has not reached yet is climbed first: time that is given
    now takes no rung back, and what a halt holds is put off. Deadlines are locked before their
    tickets, as the worker does.
    """
    store, now = ClockStore(connection), resources.clock.now()
    while True:
        rows = await store.hold(ticket_id)
        missed = [each for each in rows if each.next_rung_at is not None and each.next_rung_at <= now]
        if not missed:
            return rows
        await climb_missed(missed, connection, resources)


async def stop(rows: Iterable[Any], at: datetime, connection: AsyncConnection) -> None:
    """Let deadlines stand still since then: no rung falls due until they run on."""
    await ClockStore(connection).stop([each.id for each in rows], at)


async def stop_new(event: Event, connection: AsyncConnection, resources: Resources) -> None:
    """Let the clocks that an event has opened stand still too, where those of its ticket do since before."""
    standing = await SuspensionStore(connection).open(event.ticket)
    if standing is not None and standing.from_at <= event.time:
        rows = await hold_clocks(event.ticket, connection, resources)
        await stop([each for each in rows if each.opened_by == event.id], event.time, connection)


async def run_on(
    rows: Iterable[Any], at: datetime, because: str, connection: AsyncConnection, resources: Resources
) -> list[MovedOf]:
    """Let those of these deadlines that stand still run on from then."""
    rulebook = await resources.part(PublishedRules).current(connection)
    changes = [
        Change(each, _resumed(each, at, rulebook.calendar_of(each.department)), because, runs_on=True)
        for each in rows
        if each.paused_at is not None
    ]
    return await move(changes, at, connection, resources)


async def move(
    changes: Sequence[Change],
    at: datetime,
    connection: AsyncConnection,
    resources: Resources,
) -> list[MovedOf]:
    """
    Reckon deadlines anew as of a moment, their rungs with them; return which are another now.

    The caller of each citizen clock is promised its new due.
    """
    if not changes:
        return []
    rulebook = await resources.part(PublishedRules).current(connection)
    climbed = await ClockStore(connection).levels([each.row.id for each in changes])
    moved = []
    for change in changes:
        due = reckon(change.terms, rulebook.calendar_of(change.row.department))
        plan = _plan(change, due, rulebook, climbed.get(change.row.id, ()), at)
        looked_at = plan.next_at if change.still_since is None else change.row.next_rung_at
        timer = Pointer(change.row.id, plan.following, looked_at)
        await ClockStore(connection).change(_values(change, due, plan, rulebook, at), timer)
        if due.at != change.row.due_at:
            moved.append((change.row, due))
            if is_promise(change.row):
                ticket, why = change.row.ticket_id, change.because
                await TicketStore(connection).promise(ticket, due.at, why, provisional=due.provisional)
    ring_after_commit(connection, BELL)
    return [(row.ticket_id, moved_to(row, due)) for row, due in moved]


def _resumed(row: Any, at: datetime, calendar: WorkCalendar) -> Terms:
    terms, pause = terms_of(row), Pause(row.paused_at, at)
    return stood_still(terms, pause, calendar) if pause.begins < pause.ends else terms


def _plan(
    change: Change, due: Due, rulebook: Rulebook, climbed: Iterable[tuple[int, datetime]], at: datetime
) -> Plan:
    row = change.row
    if is_silent(row):
        return Plan((), None)
    calendar = rulebook.calendar_of(row.department)
    return planned(
        rulebook.ladder,
        row.stage,
        change.terms,
        due.at,
        calendar,
        climbed=climbed,
        since=at,
        waiting=waiting(places_of(row.schedule), row.next_rung, row.paused_at or at),
    )


def _values(change: Change, due: Due, plan: Plan, rulebook: Rulebook, at: datetime) -> dict[str, Any]:
    return {
        **columns_of(change.terms),
        "due_at": due.at,
        "provisional": due.provisional,
        "versions": {
            **change.row.versions,
            **{kind: rulebook.versions[kind] for kind in (CALENDAR, LADDER)},
        },
        "schedule": [[level, each.isoformat()] for level, each in plan.rungs],
        "paused_at": change.still_since,
        "changed_at": at,
        **change.also,
    }


def moved_to(row: Any, due: Due) -> Moved:
    """Return what an event says of a deadline that is another now."""
    return Moved(
        clock=row.clock,
        stage=row.stage,
        department=row.department,
        was_due_at=row.due_at,
        due_at=due.at,
        provisional=due.provisional,
    )
