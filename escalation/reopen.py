"""Consumer: a matter is taken up again: the caller's clock goes on, the department's as the city says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.allowances import allowances_in_force
from escalation.clock_store import ClockStore
from escalation.clocks import Clocks
from escalation.domain.ending import ending
from escalation.domain.policy import Clock, Stage
from escalation.domain.reckoning import reckon
from escalation.domain.reopening import Reopening, reopened
from escalation.rulebook import CALENDAR, PublishedRules, civil_day
from escalation.store import EscalationStore
from escalation.terms import columns_of, terms_of
from schemas.events import Matter, TicketRedoOrdered
from services.departments import with_predecessors
from services.resources import Resources
from services.tickets import TicketStore

AGAIN = "重办,继续计时,办结至重办期间不计"
BEFORE = (Stage.SIGN, Stage.CONTACT, Stage.FEEDBACK)
ASSIGNED_STAGES = (*BEFORE, Stage.COMPLETION)
"""What begins with an assignment, when all goes as usual."""
KEPT = ("ticket_id", "clock", "stage", "rule", "layer", "source")
"""What the row of a clock that goes on takes over from the one that had stopped."""


async def on_redo_ordered(
    event: TicketRedoOrdered, connection: AsyncConnection, resources: Resources
) -> None:
    """
    Let the caller's clock go on where it stopped: the time it was thought solved is not counted.

    Its caller was asked, so that is settled.
    """
    clocks = await Clocks.of(event, connection, resources)
    await clocks.settle(Clock.CITIZEN, (Stage.CALLBACK,), "redo")
    ended = await ClockStore(connection).promise_kept(event.ticket, event.time)
    if ended is None:
        return
    was = terms_of(ended)
    calendar = clocks.rulebook.calendar_of(None)
    terms = reopened(was, ended.settled_at, event.time, Reopening.CONTINUE, was.limit, calendar)
    due = reckon(terms, calendar)
    row: dict[str, Any] = {
        **{name: ended._mapping[name] for name in KEPT},
        **columns_of(terms),
        "id": uuid4(),
        "opened_by": event.id,
        "assignment_id": None,
        "department": None,
        "versions": {**ended.versions, CALENDAR: clocks.rulebook.versions[CALENDAR]},
        "due_at": due.at,
        "provisional": due.provisional,
        "schedule": [],
        "changed_at": None,
        "next_rung": None,
        "next_rung_at": None,
        "settled_at": None,
        "settled_because": None,
    }
    history = await TicketStore(connection).history(event.ticket)
    later = [(each.step, each.at) for each in history if each.version > event.version]
    await clocks.open([(row, ending(ended.clock, ended.stage, later))])
    await TicketStore(connection).promise(event.ticket, due.at, AGAIN, provisional=due.provisional)


@dataclass(frozen=True, slots=True)
class Again:
    """
    By which policy a department's clocks begin that takes a matter up again, and which ticket's job goes on.

    A department that had no such job begins `otherwise`.
    """

    how: Reopening
    otherwise: Reopening
    ticket: str


async def open_clocks(
    matter: Matter,
    department: str,
    start: datetime,
    open_for: Callable[..., Awaitable[None]],
    connection: AsyncConnection,
    resources: Resources,
    *,
    redone: str | None = None,
) -> None:
    """
    Open the clocks of a department that gets a ticket, by `open_for`.

    Those of a ticket that is `redone`, or that reopens another, begin by the policies in force.
    """
    how, last = Reopening.RESTART, None
    wanted = await _again(matter, connection, resources, redone)
    if wanted is not None:
        these = await with_predecessors(department, civil_day(start, resources), connection)
        last = await ClockStore(connection).last_job(wanted.ticket, these, start)
        nothing_to_continue = wanted.how is Reopening.CONTINUE and last is None
        how = wanted.otherwise if nothing_to_continue else wanted.how
    if how is Reopening.RESTART:
        await open_for(ASSIGNED_STAGES, start)
    elif how is Reopening.FRESH or wanted is None or last is None:
        await open_for((*BEFORE, Stage.REDO), start)
    else:
        rulebook = await resources.part(PublishedRules).current(connection)
        was, calendar = terms_of(last), rulebook.calendar_of(department)
        terms = reopened(was, last.settled_at, start, how, was.limit, calendar)
        climbed = await EscalationStore(connection).climbed(wanted.ticket, last.started_at)
        await open_for(BEFORE, start)
        await open_for((Stage.COMPLETION,), terms.start, kept=terms, climbed=climbed, since=start)


async def _again(
    matter: Matter, connection: AsyncConnection, resources: Resources, redone: str | None
) -> Again | None:
    if redone is None and matter.reopens is None:
        return None
    rulebook = await resources.part(PublishedRules).current(connection)
    allowed = await allowances_in_force(connection, rulebook)
    if redone is not None:
        return Again(allowed.redo, Reopening.FRESH, redone)
    return Again(allowed.reopened, Reopening.RESTART, str(matter.reopens))
