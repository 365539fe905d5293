"""
Use case: let open deadlines follow a publication, batch by batch.

A batch commits with the ticket it has come to, so whoever dies is continued by
another, and nothing is done twice. Clocks that are opened meanwhile go by the
new rules already; the work begins once every transaction has ended that may
not have seen them.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import Any
from uuid import UUID, uuid4

import structlog
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.claims import Pointer
from escalation.climb import WORKER, climb_missed
from escalation.domain.horizon import horizon
from escalation.domain.ladder import Rung, Times
from escalation.domain.policy import is_promise, is_silent
from escalation.domain.publication_note import sentence
from escalation.domain.reason import also_granted, because
from escalation.domain.reckoning import Terms
from escalation.domain.schedule import Plan, ahead_of, stood_overdue, times_of, waiting
from escalation.domain.workcalendar import instant_of
from escalation.move import moved_to
from escalation.new_stages import NO_LIMIT
from escalation.recompute_store import BELL, OpenDeadlines, RecomputeStore, Running
from escalation.recount import Recount, Recounting
from escalation.rulebook import CALENDAR, LADDER, LIMITS, PublishedRules, Rulebook, civil_day
from escalation.store import BELL as TIMER_BELL
from escalation.store import DeadlineStore
from escalation.terms import columns_of, places_of, terms_of
from schemas.events import DeadlinesMoved
from schemas.lifecycle import Step
from services.database import ring_after_commit
from services.notes import Note, write_down
from services.resources import Resources
from services.tickets import TicketStore

BATCH = 200
"""Tickets at once: so long nobody else changes them, which must not be felt."""
POLL_SECONDS = 30.0
SETTLING_SECONDS = 0.2

_WHOSE = ("ticket_id", "clock", "stage", "assignment_id", "department")

log = structlog.get_logger()


async def recomputing(resources: Resources) -> None:
    """Loop: carry publications to open deadlines; any number of processes may, one works at a time."""
    bell = resources.wakeups.bell(BELL)
    warned = None
    while True:
        found = await resources.database.run(lambda connection: recompute_some(connection, resources))
        if found is None:
            warned = await warn_of_end(resources, warned)
            await resources.clock.sleep_until(None, bell, POLL_SECONDS)
        elif not found:
            await resources.clock.sleep_until(None, bell, SETTLING_SECONDS)


async def recompute_some(connection: AsyncConnection, resources: Resources, batch: int = BATCH) -> int | None:
    """
    Carry the oldest publication on by some tickets; return how many.

    0 while older transactions are awaited or at its end, None when there is nothing to do.
    """
    store, now = RecomputeStore(connection), resources.clock.now()
    job = await store.take(civil_day(now, resources))
    if job is None:
        return None
    if job.after_xid is None:
        await store.begin(job.number, now)
        return 0
    if not await store.all_ended(job.after_xid):
        return 0
    ticket_ids = await OpenDeadlines(connection).tickets_after(job.done_until, batch)
    if not ticket_ids:
        await store.finish(job.number, now)
        log.info("recomputed", kind=job.kind, version=job.version, moved=job.moved, kept=job.kept)
        return 0
    counts = await _carry(job, ticket_ids, connection, resources)
    await store.advance(job.number, ticket_ids[-1], tickets=len(ticket_ids), **counts)
    return len(ticket_ids)


async def cancel(
    before: Rulebook, after: Rulebook, connection: AsyncConnection, resources: Resources
) -> None:
    """
    Stop, within the publication itself, the clocks of stages that lose their limit.

    No card must be given out for a limit that is gone; the recompute would come to some too late.
    What had fallen due before is climbed.
    """
    kept = {each.condition for each in after.limits}
    lost = {(each.clock, each.stage) for each in before.limits if each.condition not in kept}
    carrier, recounting = (
        _Carrier(LIMITS, after, {}, resources),
        Recounting(LIMITS, after, connection, resources),
    )
    place, running = "", OpenDeadlines(connection)
    while lost and (ticket_ids := await running.tickets_after(place, BATCH)):
        rows = [each for each in await running.of(ticket_ids, lock=False) if (each.clock, each.stage) in lost]
        over = [each for each in await recounting.of(rows) if each.gone]
        if over:
            rows = await _held(sorted({each.row.ticket_id for each in over}), connection, resources)
            rows = [each for each in rows if (each.clock, each.stage) in lost]
            over = [each for each in await recounting.of(rows) if each.gone]
        await running.settle([each.row.id for each in over], carrier.now, NO_LIMIT)
        await _tell(over, carrier, connection)
        place = ticket_ids[-1]


async def warn_of_end(resources: Resources, warned: object) -> object:
    """Log once a day that the official calendar ends soon; return the day it was looked at."""
    today = civil_day(resources.clock.now(), resources)
    if today == warned:
        return warned
    async with resources.database.transaction() as connection:
        calendar = (await resources.part(PublishedRules).current(connection)).calendar
    left = horizon(calendar, today)
    if left.alarm:
        log.warning("calendar_ends_soon", calendar=calendar.version, working_days=left.working_days_left)
    return today


async def _carry(
    job: Any, ticket_ids: Sequence[str], connection: AsyncConnection, resources: Resources
) -> dict[str, int]:
    rows = await _held(ticket_ids, connection, resources)
    rules = resources.part(PublishedRules)
    rulebook = await rules.current(connection)
    kind, since = job.kind, _in_force_since(job, rulebook, resources)
    found = await Recounting(kind, rulebook, connection, resources, since).of(rows)
    ladders = {
        version: await rules.ladder(connection, version)
        for version in {each.row.versions[LADDER] for each in found}
    }
    carrier = _Carrier(kind, rulebook, ladders, resources)
    plans = {each.row.id: carrier.plan(each) for each in found if not each.gone}
    new = [each for each in found if each.new]
    changed = [each for each in found if each.goes_on and carrier.touches(each, plans[each.row.id])]
    over = [each for each in found if each.gone]
    store = OpenDeadlines(connection)
    rows_now = [carrier.values(each, plans[each.row.id]) for each in changed]
    await store.change(rows_now, [_timer(each.row, plans[each.row.id]) for each in changed])
    await store.settle([each.row.id for each in over], carrier.now, NO_LIMIT)
    callers = [carrier.promise(each) for each in changed if is_promise(each.row)]
    await TicketStore(connection).promise_all(callers)
    told = await _tell([*changed, *over, *new], carrier, connection)
    await DeadlineStore(connection).open([carrier.opened(each, plans[each.row.id]) for each in new])
    ring_after_commit(connection, TIMER_BELL)
    moved, kept = sum(each.moved for each in changed), sum(each.kept for each in found)
    return {"deadlines": len(rows), "moved": moved, "kept": kept, "changed_tickets": told}


def _in_force_since(job: Any, rulebook: Rulebook, resources: Resources) -> datetime | None:
    """Return the moment from which on a publication holds; None for one that another has followed."""
    if rulebook.versions[job.kind] != job.version:
        return None
    asked_at: datetime = job.asked_at
    return max(asked_at, instant_of(job.begins_on, time.min, resources.settings.zone))


async def _held(
    ticket_ids: Sequence[str], connection: AsyncConnection, resources: Resources
) -> list[Running]:
    """Lock the open deadlines of these tickets; what fell due before is climbed by the rules as they were."""
    while True:
        rows = await OpenDeadlines(connection).of(ticket_ids, lock=True)
        now = resources.clock.now()
        missed = [each for each in rows if each.next_rung_at is not None and each.next_rung_at <= now]
        if not missed:
            return rows
        await climb_missed(missed, connection, resources, now)


async def _tell(found: Iterable[Recount], carrier: "_Carrier", connection: AsyncConnection) -> int:
    """Note and announce what changed: one entry and one event a ticket; return how many."""
    by_ticket: dict[str, list[Recount]] = {}
    for each in found:
        by_ticket.setdefault(each.row.ticket_id, []).append(each)
    standing = await TicketStore(connection).standing(by_ticket)
    notes = [carrier.note(ticket, by_ticket[ticket]) for ticket in sorted(by_ticket)]
    await write_down(connection, notes, standing, WORKER)
    return len(notes)


def _timer(row: Running, plan: Plan) -> Pointer:
    return Pointer(row.id, plan.following, plan.next_at if row.paused_at is None else row.next_rung_at)


class _Carrier:
    """Writes what becomes of a deadline: its row, its promise, its note."""

    def __init__(
        self, kind: str, rulebook: Rulebook, ladders: dict[str, tuple[Rung, ...]], resources: Resources
    ) -> None:
        self.now = resources.clock.now()
        self._kind = kind
        self._rulebook = rulebook
        self._ladders = ladders
        self._zone = resources.settings.zone
        self._events: defaultdict[str, UUID] = defaultdict(uuid4)
        self._versions: dict[str, dict[str, str]] = {}
        self._known: dict[tuple[object, ...], Times] = {}

    def touches(self, each: Recount, plan: Plan) -> bool:
        """Say whether anything of a deadline is another: what was told, or its rungs."""
        if self._kind == LIMITS and each.kept:
            return False  # it goes on by the limit it had, which still explains it
        return each.differs or plan.rungs != places_of(each.row.schedule)

    def values(self, each: Recount, plan: Plan) -> dict[str, Any]:
        """Return what a deadline's row says now."""
        row, due = each.row, each.outcome.due
        terms = columns_of(each.outcome.terms)
        return {
            "id": row.id,
            **{name: terms[name] for name in ("amount", "unit", "pauses", "fixed")},
            "due_at": due.at,
            "provisional": due.provisional,
            "rule": each.limit.rule if each.limit else row.rule,
            "layer": str(each.limit.layer) if each.limit else row.layer,
            "source": each.limit.source if each.limit else row.source,
            "versions": self._versions_of(row.versions_text),
            "schedule": [[level, at.isoformat()] for level, at in plan.rungs],
            "changed_at": self.now,
        }

    def opened(self, each: Recount, plan: Plan) -> dict[str, Any]:
        """Return the row of a clock that begins, as the one entry of its ticket tells."""
        row = each.row
        return {
            **self.values(each, plan),
            **{name: getattr(row, name) for name in _WHOSE},
            "started_at": row.started_at,
            "extensions": [],
            "paused_at": row.paused_at,
            "opened_by": self._events[row.ticket_id],
            "changed_at": None,
            "settled_at": None,
            "settled_because": None,
            "next_rung": plan.following,
            "next_rung_at": plan.next_at if row.paused_at is None else None,
        }

    def promise(self, each: Recount) -> tuple[str, datetime, str, bool]:
        """Return what the caller is told now."""
        row, due = each.row, each.outcome.due
        limit = each.limit
        said = because(
            row.clock,
            each.outcome.terms.limit,
            limit.rule if limit else row.rule,
            limit.source if limit else row.source,
            row.started_at.astimezone(self._zone),
            self._rulebook.versions[CALENDAR],
        )
        said += also_granted(terms_of(row))
        if each.kept:
            said += ",新日历本可提前,仍按原告知时间"
        return row.ticket_id, due.at, said, due.provisional

    def note(self, ticket: str, found: Sequence[Recount]) -> Note:
        """Return the entry and the event of a ticket."""
        before = {each.row.versions[self._kind] for each in found}
        told_of = [each.told for each in found if each.differs]
        said = sentence(self._kind, before, self._rulebook.versions[self._kind], told_of, self._zone)
        told = DeadlinesMoved(
            moved=[
                moved_to(each.row, each.outcome.due)
                for each in found
                if each.differs and not (each.gone or each.new)
            ],
            because=said,
            department=found[0].row.lead,
        )
        return Note(
            ticket=ticket,
            event_id=self._events[ticket],
            type="ticket.deadlines_moved",
            at=self.now,
            body=to_json(told),
            step=Step.MOVE_DEADLINE,
            sentence=said,
        )

    def _versions_of(self, before: str) -> dict[str, str]:
        """Return the rules a deadline goes by now: those published, and the calendar its date is by."""
        if before not in self._versions:
            kinds = {self._kind, CALENDAR} if self._kind != LADDER else {LADDER}
            published = {kind: self._rulebook.versions[kind] for kind in kinds}
            self._versions[before] = {**json.loads(before), **published}
        return self._versions[before]

    def plan(self, each: Recount) -> Plan:
        """Return the rungs still to climb; a deadline that stands still is planned when it runs on."""
        row, rungs = each.row, places_of(each.row.schedule)
        if each.new:
            return ahead_of(self._times(each), (), row.started_at)
        if row.paused_at is not None or is_silent(row):
            return Plan(rungs, row.next_rung)
        climbed = rungs if row.next_rung is None else rungs[: row.next_rung]
        held = waiting(rungs, row.next_rung, self.now)
        return ahead_of(self._times(each), climbed, max(row.started_at, self.now), held)

    def _times(self, each: Recount) -> Times:
        """
        Return when the rungs of a deadline fall due.

        Of a limit in days they go by the due alone, which thousands share: the start only bounds them.
        """
        row, terms = each.row, each.outcome.terms
        calendar = self._rulebook.calendar_of(row.department)
        by_due = terms.limit.unit.counts_days and not stood_overdue(terms, each.outcome.due.at)
        key = (row.versions_text, row.stage, None if by_due else terms, each.outcome.due.at, calendar)
        if key not in self._known:
            self._known[key] = times_of(
                each.ladder or self._ladders[row.versions[LADDER]],
                row.stage,
                Terms(calendar.begins_at, terms.limit) if by_due else terms,
                each.outcome.due.at,
                calendar,
            )
        return self._known[key]
