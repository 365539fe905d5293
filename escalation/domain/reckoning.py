"""
When a deadline is: limit, pauses and extensions together.

Everything that computes or recomputes a deadline asks `reckon`, so the row of
a clock and its recomputation cannot differ.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from escalation.domain.counting import HAIKOU, Hour, Policy, StartDay, UsedUp
from escalation.domain.daycount import end_of_days
from escalation.domain.pauses import Pause, Pauses, merged
from escalation.domain.wallclock import by_wall_clock, moment, shown
from escalation.domain.workcalendar import WorkCalendar, utc
from escalation.domain.worktime import MINUTE, Amount, Due, Unit, add, add_working_time, next_open

__all__ = ["HAIKOU", "Pause", "Policy", "Terms", "reckon"]


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What a deadline is reckoned from.

    `pauses` have ended, in any order; `extensions` follow one another from the
    due so far; `fixed` is a due that was set, which no calendar moves.
    """

    start: datetime
    limit: Amount
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Amount, ...] = ()
    fixed: datetime | None = None


def reckon(terms: Terms, calendar: WorkCalendar, policy: Policy = HAIKOU) -> Due:
    """
    Return when the deadline is; raises `CalendarExhausted`, never guesses.

    Of a limit in minutes a pause takes what would have been counted of it, to
    the microsecond. Of one in days the days not begun are kept: that on which
    the pause began is used up if it began after the day had (a working day
    does as it opens, a calendar day at midnight), and that on which it ended
    is not counted. A due that would fall inside a pause waits for its end: in
    days, for the next close of business.
    """
    if terms.fixed is not None:
        return Due(utc(terms.fixed), provisional=False)
    start = utc(terms.start)
    if policy is HAIKOU and not terms.pauses and not terms.extensions:
        return add(start, terms.limit, calendar)
    try:
        *_, (_, at) = reached(terms, calendar, policy)
    except OverflowError as fault:
        raise calendar.exhausted() from fault
    asked = any(each.unit is not Unit.WALL_MINUTES for each in (terms.limit, *terms.extensions))
    return Due(at, asked and calendar.crosses_provisional(start, at))


def reached(terms: Terms, calendar: WorkCalendar, policy: Policy) -> Iterable[tuple[datetime, datetime]]:
    """Yield from when to when the limit runs, then each extension; an `OverflowError` is not caught."""
    start = utc(terms.start)
    at = _counted(start, terms.limit, terms.pauses, calendar, policy)
    yield start, at
    going_on = replace(policy, start_day=StartDay.NOT_COUNTED, after_hours_counts_as_next_day=False)
    for extension in terms.extensions:
        due = at
        if extension.count:
            at = _counted(due, extension, terms.pauses, calendar, going_on)
        yield due, at


def run_out(
    start: datetime,
    amount: timedelta,
    calendar: WorkCalendar,
    pauses: Iterable[Pause] = (),
    policy: Policy = HAIKOU,
) -> datetime:
    """Return the first moment by which so much office time has run, exact to the microsecond."""

    def count(start: datetime, pauses: Pauses, calendar: WorkCalendar) -> datetime:
        return _working_time(start, amount, pauses, calendar)

    return _in_office(count, start, pauses, calendar, policy)


def _counted(
    start: datetime, limit: Amount, pauses: Iterable[Pause], calendar: WorkCalendar, policy: Policy
) -> datetime:
    if limit.unit is Unit.WALL_MINUTES:
        return _wall_time(start, limit.count * MINUTE, merged(pauses, start))
    if limit.unit is Unit.WORKING_MINUTES:
        return run_out(start, limit.count * MINUTE, calendar, pauses, policy)

    def count(start: datetime, pauses: Pauses, calendar: WorkCalendar) -> datetime:
        return end_of_days(start, limit, pauses, calendar, policy)

    return _in_office(count, start, pauses, calendar, policy)


def _in_office(
    count: Callable[[datetime, Pauses, WorkCalendar], datetime],
    start: datetime,
    pauses: Iterable[Pause],
    calendar: WorkCalendar,
    policy: Policy,
) -> datetime:
    """Count by the calendar or by what clocks show of it; where the policy says so, on to when it is open."""
    if policy.hour is Hour.WALL_CLOCK:
        seen = [Pause(*(shown(each, calendar) for each in pause)) for pause in pauses]
        walls, real = by_wall_clock(calendar), replace(policy, hour=Hour.REAL)
        return moment(_in_office(count, shown(start, calendar), seen, walls, real), calendar)
    stood_still = merged(pauses, start)
    at = count(start, stood_still, calendar)
    return _running(at, stood_still, calendar) if policy.used_up is UsedUp.NEXT_OPENING else at


def _wall_time(start: datetime, left: timedelta, pauses: Pauses) -> datetime:
    for pause in pauses:
        if pause.begins - start >= left:
            break
        left -= pause.begins - start
        start = pause.ends
    return start + left


def _working_time(start: datetime, left: timedelta, pauses: Pauses, calendar: WorkCalendar) -> datetime:
    start = calendar.instant(start)
    for pause in pauses:
        ran = calendar.worked_until(pause.begins) - calendar.worked_until(start)
        if ran >= left:
            break
        left -= ran
        start = calendar.instant(pause.ends)
    return add_working_time(start, left, calendar).at


def _running(at: datetime, pauses: Pauses, calendar: WorkCalendar) -> datetime:
    """Return the first moment from then on at which the office is open and nothing is paused."""
    at = next_open(at, calendar)
    for pause in pauses:
        if pause.begins <= at < pause.ends:
            at = next_open(pause.ends, calendar)
    return at
