"""Consumer: the clocks of those who help (协办): to sign, and to answer their lead in time."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.clocks import Clocks, End
from escalation.domain.co_handling import amount_between
from escalation.domain.policy import CO_HANDLING, LimitRule, Stage
from escalation.domain.reckoning import Terms
from escalation.domain.worktime import Due, add
from escalation.limits import limit_of
from schemas.events import (
    CoAssignment,
    TicketCoAnswered,
    TicketCoAssigned,
    TicketCoEnded,
    TicketCoSigned,
)
from services.bus import Handler
from services.resources import Resources

STAGES = (Stage.SIGN, Stage.COMPLETION)

_DONE = text("SELECT signed_at, ended_at, ended_because FROM co_handlings WHERE id = :id")
"""The table is the router's, so it is only read: what was done before the clock could be opened."""


async def on_co_assigned(event: TicketCoAssigned, connection: AsyncConnection, resources: Resources) -> None:
    """Start the clocks of a co-handler: the usual limit to sign, the time it was given to answer."""
    clocks, given = await Clocks.of(event, connection, resources), event.data
    done = (await connection.execute(_DONE, {"id": given.co_handling_id})).one_or_none()
    opened = []
    for stage in STAGES:
        limit = limit_of(given.matter, stage, clocks.rulebook)
        if limit is not None:
            opened.append((_row(stage, limit, given, clocks), _end(stage, done)))
    await clocks.open(opened)


async def on_co_signed(event: TicketCoSigned, connection: AsyncConnection, resources: Resources) -> None:
    """The co-handler has signed."""
    clocks = await Clocks.of(event, connection, resources)
    await clocks.settle(CO_HANDLING, (Stage.SIGN,), "signed", event.data.co_handling_id)


async def on_co_over(
    event: TicketCoAnswered | TicketCoEnded, connection: AsyncConnection, resources: Resources
) -> None:
    """Answered, or not needed any more."""
    clocks = await Clocks.of(event, connection, resources)
    because = "answered" if isinstance(event, TicketCoAnswered) else event.data.because
    await clocks.settle(CO_HANDLING, STAGES, because, event.data.co_handling_id)


def _row(stage: Stage, limit: LimitRule, given: CoAssignment, clocks: Clocks) -> dict[str, Any]:
    calendar, start = clocks.rulebook.calendar_of(given.department), given.assigned_at
    if stage is Stage.COMPLETION:
        limit = replace(limit, amount=amount_between(start, given.due_at, limit.amount.unit, calendar))
        due = Due(given.due_at, calendar.crosses_provisional(start, given.due_at))
        fixed: datetime | None = given.due_at
    else:
        due, fixed = add(start, limit.amount, calendar), None
    whose = {"assignment_id": given.co_handling_id, "department": given.department, "fixed": fixed}
    return {**clocks.row(limit, Terms(start, limit.amount), due, calendar), **whose, "clock": CO_HANDLING}


def _end(stage: Stage, done: Any) -> End | None:
    if done is None:
        return None
    ended: tuple[datetime | None, str] = (done.ended_at, done.ended_because or "")
    at, because = (done.signed_at, "signed") if stage is Stage.SIGN and done.signed_at else ended
    return (at, because) if at is not None else None


HANDLERS: dict[str, Handler] = {
    "ticket.co_assigned": on_co_assigned,
    "ticket.co_signed": on_co_signed,
    "ticket.co_answered": on_co_over,
    "ticket.co_ended": on_co_over,
}
