"""What may be wrong with an open deadline, found by working it out once more from what it says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from escalation.domain.ladder import Rung
from escalation.domain.reckoning import Terms, reckon
from escalation.domain.schedule import Place, planned, waiting
from escalation.domain.worktime import WorkCalendar

GRACE = timedelta(minutes=10)
"""So long may the worker, or an event, be on its way."""


class Difference(StrEnum):
    """How a deadline, or a ticket without one, differs from what it should be."""

    WRONG_DUE = "wrong_due"
    WRONG_RUNGS = "wrong_rungs"
    WRONG_NEXT = "wrong_next"
    RUNG_MISSING = "rung_missing"
    RUNG_TWICE = "rung_twice"
    OPEN_THOUGH_ENDED = "open_though_ended"
    NO_CLOCK = "no_clock"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Kept:
    """
    An open deadline as it is stored.

    `climbed` are its own rungs; `before`, those its department, or who led before a merger, had for
    the stage under another deadline of the ticket. `earlier` are those of the very clock before it
    stopped and went on. `silent` when cards go by another clock. Of a
    `historical` matter the rungs that passed before its file was read are passed over, with no card.
    """

    stage: str
    terms: Terms
    due_at: datetime
    schedule: Sequence[Place]
    next_rung: int | None
    next_rung_at: datetime | None
    paused: bool
    silent: bool
    historical: bool
    since: datetime
    ended_at: datetime | None
    climbed: Sequence[Place] = ()
    before: Sequence[Place] = ()
    earlier: Sequence[Place] = ()


def differences(kept: Kept, ladder: Iterable[Rung], calendar: WorkCalendar, now: datetime) -> set[Difference]:
    """Return everything that is wrong with a deadline. Raises `CalendarExhausted`."""
    found = set()
    if reckon(kept.terms, calendar).at != kept.due_at:
        found.add(Difference.WRONG_DUE)
    if not kept.paused:  # else its rungs are planned anew as it goes on
        if set(kept.schedule) != _rungs(kept, ladder, calendar):
            found.add(Difference.WRONG_RUNGS)
        if not _next_holds(kept, now):
            found.add(Difference.WRONG_NEXT)
    if _is_missing(kept, now):
        found.add(Difference.RUNG_MISSING)
    if {place for place in kept.climbed if place in kept.before} or _repeated(kept.climbed):
        found.add(Difference.RUNG_TWICE)
    if kept.ended_at is not None and kept.ended_at <= now - GRACE:
        found.add(Difference.OPEN_THOUGH_ENDED)
    return found


def _rungs(kept: Kept, ladder: Iterable[Rung], calendar: WorkCalendar) -> set[Place]:
    if kept.silent:
        return set()
    found = planned(
        ladder,
        kept.stage,
        kept.terms,
        kept.due_at,
        calendar,
        climbed=_behind(kept),
        since=kept.since,
        waiting=waiting(kept.schedule, kept.next_rung, kept.since),
    )
    return set(found.rungs)


def _behind(kept: Kept) -> Sequence[Place]:
    """Return the rungs a move has left as they were: those climbed, and those passed over."""
    moved = kept.since > kept.terms.start
    if kept.historical and moved:
        return kept.schedule[: kept.next_rung]
    own = {level for level, _ in kept.climbed}
    return [*(each for each in kept.earlier if each[0] not in own), *kept.climbed]


def _next_holds(kept: Kept, now: datetime) -> bool:
    """Say whether the next rung is one not climbed yet, and is looked at no sooner than it falls due."""
    if kept.next_rung is None:
        return kept.next_rung_at is None
    if kept.next_rung_at is None or kept.next_rung >= len(kept.schedule):
        return False
    level, at = kept.schedule[kept.next_rung]
    put_off = at <= now and kept.next_rung_at > at
    return level not in {each for each, _ in kept.climbed} and (kept.next_rung_at == at or put_off)


def _is_missing(kept: Kept, now: datetime) -> bool:
    """Say whether a rung fell due that nobody climbed nor holds back, of a matter whose past is ours."""
    if kept.historical or kept.paused:
        return False
    held = kept.next_rung_at is not None and kept.next_rung_at > now + GRACE
    passed = kept.schedule[: kept.next_rung] if held else kept.schedule
    levels = {level for level, _ in kept.climbed}
    due = [each for each in passed if each[1] <= now - GRACE]
    elsewhere = {*kept.before, *kept.earlier}
    return any(each[0] not in levels and each not in elsewhere for each in due)


def _repeated(climbed: Sequence[Place]) -> bool:
    levels = [level for level, _ in climbed]
    return len(set(levels)) < len(levels)
