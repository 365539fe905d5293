"""What of asking for time, and of deciding about it, would be refused now, whatever is said with it."""

from types import SimpleNamespace
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.allowances import allowances_in_force
from escalation.domain.policy import JOBS, Clock
from escalation.extend import may_extend
from escalation.request_store import EXTENSION, SUSPENSION
from escalation.request_tables import time_requests
from escalation.rulebook import PublishedRules
from escalation.tables import deadlines
from schemas.lifecycle import Status, Step
from services.offers import Refused, Refuses, Rows
from services.resources import Resources
from services.security import Principal

ASKS = ((EXTENSION, Step.ASK_EXTENSION), (SUSPENSION, Step.ASK_SUSPENSION))
DECIDES = (
    (EXTENSION, frozenset({Step.GRANT_EXTENSION, Step.REFUSE_EXTENSION})),
    (SUSPENSION, frozenset({Step.SUSPEND, Step.REFUSE_SUSPENSION})),
)


async def _asking(tickets: Rows, _: Principal, connection: AsyncConnection, resources: Resources) -> Refused:
    """
    Return that nobody asks while another request waits, nor for what is not given (any more).

    Nor for anything once it is due, unless the clocks stand still.
    """
    waiting, jobs = await _waiting(tickets, connection), await _jobs(tickets, connection)
    rulebook = await resources.part(PublishedRules).current(connection)
    allowed = (await allowances_in_force(connection, rulebook)).extensions
    now, zone = resources.clock.now(), resources.settings.zone
    refused = {}
    for ticket in tickets:
        steps = {step for kinds, step in ASKS if waiting.get(ticket["id"], set()) & set(kinds)}
        job = jobs.get(ticket["id"])
        if job is not None and not may_extend(SimpleNamespace(**ticket), job, rulebook, allowed, now, zone):
            steps.add(Step.ASK_EXTENSION)
        if job is not None and job.due_at <= now and ticket["status"] != Status.SUSPENDED:
            steps.add(Step.ASK_SUSPENSION)
        refused[ticket["id"]] = steps
    return refused


async def _deciding(tickets: Rows, _: Principal, connection: AsyncConnection, __: Resources) -> Refused:
    """Return that only what waits is decided about."""
    waiting = await _waiting(tickets, connection)
    return {
        ticket["id"]: {
            step
            for kinds, steps in DECIDES
            for step in steps
            if not waiting.get(ticket["id"], set()) & set(kinds)
        }
        for ticket in tickets
    }


async def _waiting(tickets: Rows, connection: AsyncConnection) -> dict[str, set[str]]:
    """Return which kinds of request wait, by ticket."""
    asked = time_requests.c
    query = select(asked.ticket_id, asked.kind).where(
        asked.ticket_id.in_([each["id"] for each in tickets]), asked.outcome.is_(None)
    )
    found: dict[str, set[str]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.ticket_id, set()).add(row.kind)
    return found


async def _jobs(tickets: Rows, connection: AsyncConnection) -> dict[str, Row[Any]]:
    """Return the deadline each ticket's department is to be done by."""
    clock = deadlines.c
    query = select(deadlines).where(
        clock.ticket_id.in_([each["id"] for each in tickets]),
        clock.assignment_id.in_([each["assignment_id"] for each in tickets]),
        clock.clock == str(Clock.DEPARTMENT),
        clock.stage.in_([str(each) for each in JOBS]),
        clock.settled_at.is_(None),
    )
    return {row.ticket_id: row for row in await connection.execute(query)}


REFUSES = (
    Refuses(frozenset(step for _, step in ASKS), _asking),
    Refuses(frozenset(step for _, steps in DECIDES for step in steps), _deciding),
)
