"""Loop: work every overdue deadline and a sample of the others out once more, and count what differs."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.audit_store import AuditStore, Spot, places
from escalation.domain.audit import GRACE, Difference, Kept, differences
from escalation.domain.policy import AFTERWARDS, Clock, is_silent
from escalation.explained import NONSENSE
from escalation.rulebook import CALENDAR, LADDER, PublishedRules
from escalation.terms import places_of, terms_of
from services.leadership import leadership
from services.resources import Resources

BATCH = 500
SAMPLE = 20
"""Batches of deadlines not due yet that a round looks at; the next goes on after them."""
EVERY = timedelta(minutes=15)
EXAMPLES = 50
FIRST = timedelta(days=30)
"""How far back the first round looks at assignments; each other since the one before."""
BELL = "auditor"

log = structlog.get_logger()


async def auditor(resources: Resources) -> None:
    """Audit for ever, in one process, a round each quarter of an hour; a round cut off is gone on with."""
    async with leadership(resources, "auditor"):
        bell = resources.wakeups.bell(BELL)
        while True:
            if not await audit_some(resources):
                await resources.clock.sleep_until(None, bell, EVERY.total_seconds())


async def audit_some(resources: Resources) -> bool:
    """Look at one batch, or begin a round; say whether the round goes on."""
    return await resources.database.run(lambda connection: _step(connection, resources))


async def _step(connection: AsyncConnection, resources: Resources) -> bool:
    store, now = AuditStore(connection), resources.clock.now()
    audit = await store.under_way()
    if audit is None:
        last = next(iter(await store.latest(1)), None)
        sampled = (last.sampled_at, last.sampled_id) if last is not None and last.sampled_at else None
        await store.begin(now, sampled)
        return True
    if audit.phase == "assignments":
        await _assignments(audit, store, now)
        return False
    overdue = audit.phase == "overdue"
    spot: Spot | None = (audit.place_at, audit.place_id) if audit.place_at else None
    if not overdue and (spot is None or spot[0] < audit.began_at):
        goes_on = audit.sampled_at is not None and audit.sampled_at > audit.began_at
        spot = (audit.sampled_at, audit.sampled_id) if goes_on else (audit.began_at, UUID(int=0))
    rows = await store.open_after(spot, audit.began_at if overdue else None, BATCH)
    found = await _differences(rows, store, connection, resources)
    await store.note(audit.number, **_progress(audit, rows, found))
    return True


def _progress(audit: Any, rows: Sequence[Any], found: Sequence[tuple[Any, Difference]]) -> dict[str, Any]:
    """Return what is noted of a round after a batch: an incomplete one ends its phase."""
    values = {**_counted(audit, [(str(row.id), each) for row, each in found])}
    values["looked_at"] = audit.looked_at + len(rows)
    if rows:
        values |= {"place_at": rows[-1].due_at, "place_id": rows[-1].id}
    sampling = audit.phase == "sample"
    sampled = int(audit.found.get("sampled", 0)) + sampling
    values["found"] = {**values["found"], "sampled": sampled}
    if len(rows) < BATCH or sampled >= SAMPLE:
        values["phase"] = "assignments" if sampling else "sample"
        if sampling:
            more = len(rows) == BATCH
            values |= {
                "sampled_at": rows[-1].due_at if more else None,
                "sampled_id": rows[-1].id if more else None,
            }
    return values


def _counted(audit: Any, found: Sequence[tuple[str, Difference]]) -> dict[str, Any]:
    counts = Counter({str(kind): count for kind, count in audit.found.items()})
    counts.update(str(each) for _, each in found)
    examples = [*audit.examples, *([which, str(each)] for which, each in found)]
    for which, each in found:
        log.error("audit_difference", difference=str(each), of=which)
    return {"found": dict(counts), "examples": examples[:EXAMPLES]}


async def _assignments(audit: Any, store: AuditStore, now: datetime) -> None:
    """Look for assignments since the last round that have no clock, and end the round."""
    before = [each for each in await store.latest(2) if each.number != audit.number]
    since = before[0].began_at if before else audit.began_at - FIRST
    tickets = await store.without_clock(since - GRACE, audit.began_at - GRACE)
    counted = _counted(audit, [(each, Difference.NO_CLOCK) for each in tickets])
    counted["found"].pop("sampled", None)
    await store.note(audit.number, **counted, finished_at=now)


async def _differences(
    rows: Sequence[Any], store: AuditStore, connection: AsyncConnection, resources: Resources
) -> list[tuple[Any, Difference]]:
    """
    Return what is wrong with deadlines.

    The worker may be at one between the looks at its row and at its rungs: what seems wrong is
    looked at once more, held.
    """
    seem_wrong = {row.id for row, _ in await _found(rows, store, connection, resources)}
    if not seem_wrong:
        return []
    return await _found(await store.hold(seem_wrong), store, connection, resources)


async def _found(
    rows: Sequence[Any], store: AuditStore, connection: AsyncConnection, resources: Resources
) -> list[tuple[Any, Difference]]:
    tickets = {name for each in rows for name in (each.ticket_id, each.reopens) if name is not None}
    climbed = await store.climbed(tickets)
    found = []
    for row in rows:
        of_matter = [*climbed.get(row.ticket_id, ()), *climbed.get(row.reopens, ())]
        wrong = await _wrong(row, of_matter, connection, resources)
        found += [(row, each) for each in sorted(wrong)]
    return found


async def _wrong(
    row: Any, climbed: Sequence[Any], connection: AsyncConnection, resources: Resources
) -> set[Difference]:
    """Return what is wrong with a deadline; one that says nonsense must not hide all the others."""
    rules = resources.part(PublishedRules)
    try:
        calendars = await rules.calendars(connection, row.versions[CALENDAR])
        ladder = await rules.ladder(connection, row.versions[LADDER])
        calendar = calendars.of(row.department)
        return differences(_kept(row, climbed), ladder, calendar, resources.clock.now())
    except NONSENSE as fault:
        log.warning("deadline_unreadable", deadline=str(row.id), fault=str(fault))
        return {Difference.UNREADABLE}


def _kept(row: Any, climbed: Sequence[Any]) -> Kept:
    others = [
        each
        for each in climbed
        if each.deadline_id != row.id
        and (each.clock, each.stage) == (row.clock, row.stage)
        and (row.clock == Clock.DEPARTMENT or each.department == row.department)
    ]
    return Kept(
        stage=row.stage,
        terms=terms_of(row),
        due_at=row.due_at,
        schedule=places_of(row.schedule),
        next_rung=row.next_rung,
        next_rung_at=row.next_rung_at,
        paused=row.paused_at is not None,
        silent=is_silent(row),
        historical=row.historical,
        since=row.changed_at or row.started_at,
        ended_at=None if row.stage in AFTERWARDS else row.ended_at,
        climbed=places(each for each in climbed if each.deadline_id == row.id),
        before=places(each for each in others if each.ticket_id == row.ticket_id),
        earlier=places(each for each in others if each.started_at == row.started_at),
    )
