"""Working time that has passed, and limits counted back from when they are over."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from escalation.domain.counting import HAIKOU, DaysEnd, Hour, Policy, UsedUp
from escalation.domain.daycount import day_end
from escalation.domain.pauses import Pause, merged
from escalation.domain.wallclock import by_wall_clock, shown
from escalation.domain.workcalendar import DAY, NOTHING, WorkCalendar, instant_of, utc
from escalation.domain.worktime import (
    MINUTE,
    Amount,
    Unit,
    last_open,
    subtract_working_days,
    subtract_working_time,
    working_time_between,
)


def elapsed(
    begins: datetime,
    ends: datetime,
    calendar: WorkCalendar,
    pauses: Iterable[Pause] = (),
    policy: Policy = HAIKOU,
) -> timedelta:
    """Return the office hours from one moment to another outside the pauses; nothing if they are reversed."""
    if policy.hour is Hour.WALL_CLOCK:
        stood_still = [Pause(*(shown(each, calendar) for each in pause)) for pause in pauses]
        begins, ends = shown(begins, calendar), shown(ends, calendar)
        calendar, pauses = by_wall_clock(calendar), stood_still
    start, end = utc(begins), utc(ends)
    if end <= start:
        return NOTHING
    still = [Pause(each.begins, min(each.ends, end)) for each in merged(pauses, start) if each.begins < end]
    paused = sum((working_time_between(*each, calendar) for each in still), NOTHING)
    return working_time_between(start, end, calendar) - paused


def subtract(due: datetime, limit: Amount, calendar: WorkCalendar, policy: Policy = HAIKOU) -> datetime:
    """
    Return when a limit that is over then would have begun, counted back; raises `CalendarExhausted`.

    In days it is the day so many before that of `due`, as it ends or at the same
    hour; with `next_opening` the office was open just before.
    """
    try:
        at = _subtracted(utc(due), limit, calendar, policy)
    except OverflowError as fault:
        raise calendar.exhausted() from fault
    return at if limit.unit is Unit.WALL_MINUTES else _was_open(at, calendar, policy)


def run_back(due: datetime, amount: timedelta, calendar: WorkCalendar, policy: Policy = HAIKOU) -> datetime:
    """Return the last moment from which so much office time runs until `due`, exact to the microsecond."""
    return _was_open(subtract_working_time(due, amount, calendar), calendar, policy)


def _was_open(at: datetime, calendar: WorkCalendar, policy: Policy) -> datetime:
    return last_open(at, calendar) if policy.used_up is UsedUp.NEXT_OPENING else at


def _subtracted(due: datetime, limit: Amount, calendar: WorkCalendar, policy: Policy) -> datetime:
    if not limit.count:
        return due
    if limit.unit is Unit.WALL_MINUTES:
        return due - limit.count * MINUTE
    if limit.unit is Unit.WORKING_MINUTES:
        return subtract_working_time(due, limit.count * MINUTE, calendar)
    if limit.unit is Unit.WORKING_DAYS:
        at = subtract_working_days(due, limit.count, calendar)
        day = calendar.civil_day(at)
    else:
        day = calendar.civil_day(due) - limit.count * DAY
        at = instant_of(day, due.astimezone(calendar.zone).time(), calendar.zone)
    return day_end(day, calendar, policy) if policy.days_end is DaysEnd.END_OF_DAY else at
