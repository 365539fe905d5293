"""Which rungs a deadline still has to climb, once it is another than it was."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from escalation.domain.allowance import left_after
from escalation.domain.ladder import Rung, Times, rung_times
from escalation.domain.reckoning import Pause, Terms
from escalation.domain.worktime import WorkCalendar, utc

Place = tuple[int, datetime]
"""A level, and when it falls due."""


class Plan(NamedTuple):
    """The rungs of a deadline in their order, and which of them is next; None above the last."""

    rungs: tuple[Place, ...]
    following: int | None

    @property
    def next_at(self) -> datetime | None:
        """When the next rung falls due."""
        return None if self.following is None else self.rungs[self.following][1]


def times_of(
    ladder: Iterable[Rung], stage: str, terms: Terms, due: datetime, calendar: WorkCalendar
) -> Times:
    """Return when the rungs of a deadline fall due; one after the due waits for pauses that began later."""
    times = rung_times(ladder, stage=stage, start=terms.start, due=due, limit=terms.limit, calendar=calendar)
    for pause in stood_overdue(terms, due):
        times = tuple(
            (rung, max(at, left_after(pause, at, terms.limit.unit, calendar)) if at > pause.begins else at)
            for rung, at in times
        )
    return times


def stood_overdue(terms: Terms, due: datetime) -> list[Pause]:
    """Return the pauses that began when a deadline had passed: a matter answered late, and taken up again."""
    return [each for each in terms.pauses if each.begins >= due]


def planned(
    ladder: Iterable[Rung],
    stage: str,
    terms: Terms,
    due: datetime,
    calendar: WorkCalendar,
    *,
    climbed: Iterable[Place],
    since: datetime,
    waiting: Sequence[Place] = (),
) -> Plan:
    """
    Plan the rungs of a deadline that was moved at `since`: those `climbed` or `waiting` keep their date.

    None is climbed twice, and none is dated before the moment that made it due.
    """
    times = times_of(ladder, stage, terms, due, calendar)
    return ahead_of(times, climbed, max(utc(terms.start), utc(since)), waiting)


def ahead_of(times: Times, climbed: Iterable[Place], since: datetime, waiting: Sequence[Place] = ()) -> Plan:
    """Plan rungs whose times are known; what has fallen due stays, and none ahead is dated before `since`."""
    past = sorted(climbed, key=_in_order)
    levels = {level for level, _ in (*past, *waiting)}
    ahead = [(rung.level, max(at, since)) for rung, at in times if rung.level not in levels]
    still = (*waiting, *sorted(ahead, key=_in_order))
    return Plan((*past, *still), len(past) if still else None)


def waiting(schedule: Sequence[Place], next_rung: int | None, by: datetime) -> tuple[Place, ...]:
    """Return the rungs that had fallen due by then and are not climbed: a halt holds them, or a fault."""
    return () if next_rung is None else tuple(each for each in schedule[next_rung:] if each[1] <= by)


def _in_order(place: Place) -> tuple[datetime, int]:
    return place[1], place[0]
