"""Consumer: a matter is taken up again: the caller's clock goes on, the department's as the city says."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.allowances import allowances_in_force
from escalation.clock_store import ClockStore
from escalation.clocks import Clocks
from escalation.domain.ending import ending
from escalation.domain.policy import Stage
from escalation.domain.reckoning import reckon
from escalation.domain.reopening import Reopening, reopened
from escalation.rulebook import CALENDAR
from escalation.store import EscalationStore
from escalation.terms import columns_of, terms_of
from schemas.events import TicketAssigned, TicketRedoOrdered
from services.resources import Resources
from services.tickets import TicketStore

AGAIN = "重办,继续计时,办结至重办期间不计"
BEFORE = (Stage.SIGN, Stage.CONTACT, Stage.FEEDBACK)
KEPT = ("ticket_id", "clock", "stage", "rule", "layer", "source")
"""What the row of a clock that goes on takes over from the one that had stopped."""


async def on_redo_ordered(
    event: TicketRedoOrdered, connection: AsyncConnection, resources: Resources
) -> None:
    """Let the caller's clock go on where it stopped: the time it was thought solved is not counted."""
    ended = await ClockStore(connection).promise_kept(event.ticket, event.time)
    if ended is None:
        return
    clocks = await Clocks.of(event, connection, resources)
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
        "next_rung": None,
        "next_rung_at": None,
        "settled_at": None,
        "settled_because": None,
    }
    history = await TicketStore(connection).history(event.ticket)
    later = [(each.step, each.at) for each in history if each.version > event.version]
    await clocks.open([(row, ending(ended.clock, ended.stage, later))])
    await TicketStore(connection).promise(event.ticket, due.at, AGAIN, provisional=due.provisional)


async def open_redo(
    event: TicketAssigned,
    open_for: Callable[..., Awaitable[None]],
    start: datetime,
    connection: AsyncConnection,
    resources: Resources,
) -> None:
    """Open the clocks of a department that does it again, by the policy in force."""
    clocks, given = await Clocks.of(event, connection, resources), event.data
    how = (await allowances_in_force(connection, clocks.rulebook)).reopening
    last = await ClockStore(connection).last_job(event.ticket, given.department, start)
    if how is Reopening.FRESH or last is None:
        await open_for((*BEFORE, Stage.REDO), start)
    elif how is Reopening.RESTART:
        await open_for((*BEFORE, Stage.COMPLETION), start)
    else:
        was, calendar = terms_of(last), clocks.rulebook.calendar_of(given.department)
        terms = reopened(was, last.settled_at, start, how, was.limit, calendar)
        climbed = await EscalationStore(connection).climbed(event.ticket, given.department, Stage.COMPLETION)
        await open_for(BEFORE, start)
        await open_for((Stage.COMPLETION,), terms.start, kept=terms, climbed=climbed)
