"""
Working time: when a limit that starts now is over.

Counting follows the Civil Code, Art. 201-203: the day of the start is not
counted, a limit in days ends when business closes, and a last day that is a
rest day moves to the next working day. Minutes run from the moment itself.
Instants are UTC and arithmetic is on real elapsed time; only the question
"which day is it?" is asked in the calendar's own zone.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from escalation.domain.officehours import DayKind
from escalation.domain.workcalendar import DAY, NOTHING, Window, WorkCalendar, instant_of, utc

__all__ = [
    "Amount",
    "DayKind",
    "Due",
    "Unit",
    "WorkCalendar",
    "add",
    "add_calendar_days",
    "add_wall_minutes",
    "add_working_days",
    "add_working_minutes",
    "add_working_time",
    "is_open",
    "last_open",
    "next_open",
    "subtract_working_days",
    "subtract_working_time",
    "utc",
    "windows_from",
    "working_days_between",
    "working_minutes_between",
    "working_time_between",
]

MINUTE = timedelta(minutes=1)


class Unit(StrEnum):
    """What a limit counts; units are never converted into each other."""

    WALL_MINUTES = "wall_minutes"
    WORKING_MINUTES = "working_minutes"
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"

    @property
    def counts_days(self) -> bool:
        """Whether a limit in this unit ends with a day rather than at a minute."""
        return self in (Unit.WORKING_DAYS, Unit.CALENDAR_DAYS)


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of a unit; zero of anything is the start itself. Raises `ValueError` below zero."""

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        _refuse_negative(self.count)


class Due(NamedTuple):
    """When a limit is over; provisional when it crosses a year the State Council has not published."""

    at: datetime
    provisional: bool


def add(start: datetime, limit: Amount, calendar: WorkCalendar) -> Due:
    """Return when a limit is over; raises `CalendarExhausted`, never guesses."""
    try:
        return _ADD[limit.unit](start, limit.count, calendar)
    except OverflowError as fault:
        raise calendar.exhausted() from fault


def add_wall_minutes(start: datetime, count: int, _calendar: WorkCalendar) -> Due:
    """Count by the clock on the wall, day and night; no calendar is asked."""
    _refuse_negative(count)
    return Due(utc(start) + count * MINUTE, provisional=False)


def add_working_minutes(start: datetime, count: int, calendar: WorkCalendar) -> Due:
    """Count minutes inside office hours only."""
    return add_working_time(start, count * MINUTE, calendar)


def add_working_time(start: datetime, amount: timedelta, calendar: WorkCalendar) -> Due:
    """
    Return the first moment by which `amount` has been worked, exact to the microsecond.

    So a deadline that falls exactly on closing time stays there; it does not
    slip to the next opening.
    """
    if amount < NOTHING:
        raise ValueError("A limit cannot be negative.")
    begins = calendar.instant(start)
    if not amount:
        return _due(calendar, begins, begins)
    target = calendar.worked_until(begins) + amount
    window = bisect_left(calendar.worked, target)
    if window == len(calendar.worked):
        raise calendar.exhausted()
    return _due(calendar, begins, calendar.closings[window] - (calendar.worked[window] - target))


def add_working_days(start: datetime, count: int, calendar: WorkCalendar) -> Due:
    """Count working days after the day of the start; ends when the last of them closes."""
    _refuse_negative(count)
    day, begins = calendar.civil_day(start), utc(start)
    if not count:
        return _due(calendar, begins, begins)
    last = bisect_right(calendar.working_days, day) + count - 1
    if last >= len(calendar.day_ends):
        raise calendar.exhausted()
    return _due(calendar, begins, calendar.day_ends[last])


def add_calendar_days(start: datetime, count: int, calendar: WorkCalendar) -> Due:
    """Count days after the day of the start; a last day of rest moves to the next working day."""
    _refuse_negative(count)
    day, begins = calendar.civil_day(start), utc(start)
    if not count:
        return _due(calendar, begins, begins)
    last = bisect_left(calendar.working_days, day + count * DAY)
    if last >= len(calendar.day_ends):
        raise calendar.exhausted()
    return _due(calendar, begins, calendar.day_ends[last])


def subtract_working_days(due: datetime, count: int, calendar: WorkCalendar) -> datetime:
    """Return the same local time so many working days before the day of `due`."""
    _refuse_negative(count)
    day, local = calendar.civil_day(due), utc(due).astimezone(calendar.zone)
    if not count:
        return utc(due)
    earlier = bisect_left(calendar.working_days, day) - count
    if earlier < 0:
        raise calendar.exhausted()
    return instant_of(calendar.working_days[earlier], local.time(), calendar.zone)


def subtract_working_time(due: datetime, amount: timedelta, calendar: WorkCalendar) -> datetime:
    """
    Return the last moment from which `amount` is worked until `due`, exact to the microsecond.

    One that falls exactly on an opening stays there.
    """
    if amount < NOTHING:
        raise ValueError("A limit cannot be negative.")
    ends = calendar.instant(due)
    if not amount:
        return ends
    target = calendar.worked_until(ends) - amount
    if target < NOTHING:
        raise calendar.exhausted()
    window = bisect_right(calendar.worked, target)
    return calendar.closings[window] - (calendar.worked[window] - target)


def working_time_between(begins: datetime, ends: datetime, calendar: WorkCalendar) -> timedelta:
    """Return the office hours between two moments; negative when they are the wrong way round."""
    first, last = calendar.instant(begins), calendar.instant(ends)
    return calendar.worked_until(last) - calendar.worked_until(first)


def working_minutes_between(begins: datetime, ends: datetime, calendar: WorkCalendar) -> float:
    """Return the working minutes between two moments, with their fraction."""
    return working_time_between(begins, ends, calendar) / MINUTE


def working_days_between(begins: datetime, ends: datetime, calendar: WorkCalendar) -> int:
    """Return how many working days a limit from `begins` has used when `ends` is its last day."""
    first, last = calendar.civil_day(begins), calendar.civil_day(ends)
    return bisect_right(calendar.working_days, last) - bisect_right(calendar.working_days, first)


def is_open(at: datetime, calendar: WorkCalendar) -> bool:
    """Say whether the office is open; it is at the opening and is not at the closing."""
    moment = calendar.instant(at)
    window = bisect_right(calendar.openings, moment) - 1
    return window >= 0 and moment < calendar.closings[window]


def next_open(at: datetime, calendar: WorkCalendar) -> datetime:
    """Return the first moment from then on at which the office is open; raises `CalendarExhausted`."""
    moment = calendar.instant(at)
    window = bisect_right(calendar.closings, moment)
    if window == len(calendar.closings):
        raise calendar.exhausted()
    return max(moment, calendar.openings[window])


def last_open(at: datetime, calendar: WorkCalendar) -> datetime:
    """Return the last moment up to then by which the office was open; raises `CalendarExhausted`."""
    moment = calendar.instant(at)
    window = bisect_left(calendar.openings, moment) - 1
    if window < 0:
        raise calendar.exhausted()
    return min(moment, calendar.closings[window])


def windows_from(at: datetime, calendar: WorkCalendar) -> Iterator[Window]:
    """Yield when the office is open from then on, half-open; hours that adjoin are one window."""
    begins = calendar.instant(at)
    number = bisect_right(calendar.closings, begins)
    while number < len(calendar.closings):
        opens, closes = max(begins, calendar.openings[number]), calendar.closings[number]
        number += 1
        while number < len(calendar.closings) and calendar.openings[number] == closes:
            closes = calendar.closings[number]
            number += 1
        yield opens, closes


_ADD: dict[Unit, Callable[[datetime, int, WorkCalendar], Due]] = {
    Unit.WALL_MINUTES: add_wall_minutes,
    Unit.WORKING_MINUTES: add_working_minutes,
    Unit.WORKING_DAYS: add_working_days,
    Unit.CALENDAR_DAYS: add_calendar_days,
}


def _due(calendar: WorkCalendar, start: datetime, at: datetime) -> Due:
    return Due(at, calendar.crosses_provisional(start, at))


def _refuse_negative(count: int) -> None:
    if count < 0:
        raise ValueError(f"A limit cannot be negative: {count}.")
