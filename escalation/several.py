"""Use case: clocks of several tickets opened and settled at once, as an event of each tells."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.claims import Pointer, point
from escalation.clock_store import steps_of
from escalation.clocks import Clocks, open_all
from escalation.commitments import asks_promises, commitments_of, kept_promise
from escalation.domain.policy import Commitment, LimitRule, limits_of
from escalation.rulebook import PublishedRules, Rulebook
from schemas.event import Event
from schemas.events import Matter
from services.bus.handling import about
from services.database import driver_of
from services.resources import Resources
from services.tickets import TicketStore

_THESE = """
FROM unnest($1::text[], $2::integer[], $3::timestamptz[]) AS told (ticket, version, at)
JOIN deadlines AS d ON d.ticket_id = told.ticket AND d.clock = $4 AND d.stage = ANY($5::text[])
    AND d.opened_by IN (
        SELECT event_id FROM ticket_history AS h WHERE h.ticket_id = told.ticket AND h.version <= told.version
    )
"""
"""Clocks of tickets as after an event of each, as `escalation.store.THESE` has those of one."""

_UNEVEN = f"""
SELECT DISTINCT told.ticket {_THESE} LEFT JOIN timers AS m ON m.deadline_id = d.id
WHERE d.paused_at < told.at AND d.settled_at IS NULL
    OR (d.schedule -> m.next_rung ->> 1)::timestamptz < told.at
"""
"""Those of which a clock stood still before the event, or a rung fell due that nobody has climbed."""

_SETTLE = f"""
WITH these AS (
    SELECT d.id, told.at {_THESE} WHERE d.settled_at IS NULL
    ORDER BY d.ticket_id, d.id FOR NO KEY UPDATE OF d
)
UPDATE deadlines SET settled_at = these.at, settled_because = $6, paused_at = NULL
FROM these WHERE deadlines.id = these.id RETURNING deadlines.id, deadlines.ticket_id
"""  # noqa: S608  (a piece of our own)

_TOO_EARLY = """
SELECT DISTINCT d.ticket_id FROM deadlines AS d JOIN escalations AS e ON e.deadline_id = d.id
WHERE d.id = ANY($1::uuid[]) AND e.fell_due_at >= d.settled_at AND e.withdrawn_at IS NULL
"""
"""Tickets of settled clocks of which a rung was climbed that fell due after they had stopped."""


@dataclass(frozen=True, slots=True)
class Start:
    """Clocks of one ticket that an event starts: of which stages, from when, for whom."""

    event: Event
    matter: Matter
    clock: str
    stages: Sequence[str]
    at: datetime
    assignment_id: UUID | None = None
    department: str | None = None

    @property
    def whose(self) -> dict[str, Any]:
        """The columns that say whose clocks they are."""
        return {"assignment_id": self.assignment_id, "department": self.department}


async def start_all(starts: Sequence[Start], connection: AsyncConnection, resources: Resources) -> None:
    """Open clocks of several tickets, each as `Clocks.start` opens those of one."""
    if not starts:
        return
    rulebook = await resources.part(PublishedRules).current(connection)
    steps = await steps_of(connection, [each.event.ticket for each in starts])
    wanted = [_limits(each, rulebook) for each in starts]
    said = await _promised(starts, wanted, rulebook, connection)
    begun, promises = [], []
    for each, limits in zip(starts, wanted, strict=True):
        clocks = Clocks(each.event, rulebook, connection, resources)
        calendar = rulebook.calendar_of(each.department)
        heard = said.get((each.department, _day(each, rulebook)), ())
        kept = [kept_promise(limit, heard, each.matter, each.at, calendar) for limit in limits]
        later = clocks.later(steps[each.event.ticket])
        new = clocks.begun(kept, each.at, each.whose, later, historical=each.matter.historical)
        begun.append((clocks, new.clocks))
        promises += new.promises
    await TicketStore(connection).promise_all(promises)
    await open_all(begun, connection)


async def settle_all(
    events: Sequence[Event],
    clock: str,
    stages: Sequence[str],
    because: str,
    connection: AsyncConnection,
    resources: Resources,
) -> None:
    """Stop clocks of several tickets, each at its event's time, as `Clocks.settle` stops those of one."""
    if not events:
        return
    rulebook = await resources.part(PublishedRules).current(connection)
    clocks = {each.ticket: Clocks(each, rulebook, connection, resources) for each in events}
    driver = await driver_of(connection)
    uneven = {row["ticket"] for row in await driver.fetch(_UNEVEN, *_told(events), clock, stages)}
    even = [each for each in events if each.ticket not in uneven]
    settled: dict[str, list[UUID]] = defaultdict(list)
    for row in await driver.fetch(_SETTLE, *_told(even), clock, stages, because) if even else ():
        settled[row["ticket_id"]].append(row["id"])
    stopped = [each for ids in settled.values() for each in ids]
    await point(connection, [Pointer(each, None, None) for each in stopped])
    too_early = {row["ticket_id"] for row in await driver.fetch(_TOO_EARLY, stopped)} if stopped else set()
    for event in events:
        with about(event):
            if event.ticket in uneven:
                await clocks[event.ticket].settle(clock, stages, because)
            elif event.ticket in too_early:
                await clocks[event.ticket].take_back(settled[event.ticket], event.time)


def _told(events: Sequence[Event]) -> tuple[list[str], list[int], list[datetime]]:
    return [each.ticket for each in events], [each.version for each in events], [each.time for each in events]


def _limits(start: Start, rulebook: Rulebook) -> list[LimitRule]:
    limits = limits_of(rulebook.limits, start.clock, start.matter)
    return [each for each in limits if each.stage in start.stages]


def _day(start: Start, rulebook: Rulebook) -> date:
    return start.at.astimezone(rulebook.calendar_of(start.department).zone).date()


async def _promised(
    starts: Sequence[Start],
    wanted: Sequence[Sequence[LimitRule]],
    rulebook: Rulebook,
    connection: AsyncConnection,
) -> Mapping[tuple[str | None, date], Sequence[Commitment]]:
    """Return what departments have promised, by department and the day it is asked for."""
    asked: dict[date, set[str]] = defaultdict(set)
    for each, limits in zip(starts, wanted, strict=True):
        if each.department is not None and asks_promises(limits, each.department):
            asked[_day(each, rulebook)].add(each.department)
    found: dict[tuple[str | None, date], Sequence[Commitment]] = {}
    for day, departments in asked.items():
        said = await commitments_of(connection, departments, day)
        found |= {(department, day): each for department, each in said.items()}
    return found
