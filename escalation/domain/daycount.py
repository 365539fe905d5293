"""Limits in days: which days are counted, and when on the last of them the limit is over."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple, Protocol

from escalation.domain.counting import DaysEnd, PausedDays, Policy, RestDay, StartDay
from escalation.domain.pauses import Pauses
from escalation.domain.workcalendar import DAY, WorkCalendar, instant_of
from escalation.domain.worktime import Amount, Unit, add_working_time, next_open, working_time_between


class Stretch(NamedTuple):
    """So many days of a limit, counted one after another from the day after `after`."""

    after: date
    number: int


class Days(Protocol):
    """The days a limit counts, of a calendar."""

    def begun_before(self, moment: datetime) -> date:
        """Return the last of them that had begun before the moment."""

    def between(self, after: date, until: date) -> int:
        """Return how many of them come after the one day, up to the other."""

    def nth(self, after: date, number: int) -> date:
        """Return the one so many after a day; raises `CalendarExhausted`."""


def end_of_days(
    start: datetime, limit: Amount, pauses: Pauses, calendar: WorkCalendar, policy: Policy
) -> datetime:
    """Return when a limit in days is over; raises `CalendarExhausted`."""
    if not limit.count:
        return start
    *_, (after, number) = stretches(start, limit, pauses, calendar, policy)
    last = days_of(limit.unit, calendar).nth(after, number)
    at = _end(last, _begin(start, limit.unit, calendar, policy), limit.unit, calendar, policy)
    if policy.pauses_in_days is PausedDays.WORKING_TIME:
        *_, (_, at) = [(at, at), *given_back(at, pauses, calendar)]
        return at
    for pause in pauses:
        if pause.begins < at < pause.ends:
            at = _resumed(pause.ends, calendar, policy)
    return at


def stretches(
    start: datetime, limit: Amount, pauses: Pauses, calendar: WorkCalendar, policy: Policy
) -> Iterator[Stretch]:
    """
    Yield the days that are counted, as the pauses part them; the last stretch is never empty.

    A pause begins after the days that had begun, and the day on which it ends is not counted.
    """
    days = days_of(limit.unit, calendar)
    reached, left = calendar.civil_day(_begin(start, limit.unit, calendar, policy)), limit.count
    if policy.start_day is StartDay.COUNTED:
        reached -= DAY
    for pause in pauses if policy.pauses_in_days is PausedDays.WHOLE_DAYS else ():
        if pause.begins >= calendar.ends_at:
            break
        ran = days.between(reached, days.begun_before(pause.begins))
        if ran >= left:
            break
        yield Stretch(reached, ran)
        left -= ran
        reached = max(reached, calendar.civil_day(pause.ends))
    yield Stretch(reached, left)


def given_back(at: datetime, pauses: Pauses, calendar: WorkCalendar) -> Iterator[tuple[datetime, datetime]]:
    """Yield from when to when a due moves, pause by pause, by the office hours that were paused."""
    for pause in pauses:
        if pause.begins >= at:
            break
        later = add_working_time(at, working_time_between(*pause, calendar), calendar).at
        yield at, later
        at = later


def day_end(day: date, calendar: WorkCalendar, policy: Policy) -> datetime:
    """Return when a day ends: a working day as it closes or by the policy, a day of rest at midnight."""
    windows = calendar.windows_of(day)
    if not windows:
        return instant_of(day + DAY, time.min, calendar.zone)
    if policy.wd_deadline_time is not None:
        return instant_of(day, policy.wd_deadline_time, calendar.zone)
    return windows[-1][1]


def days_of(unit: Unit, calendar: WorkCalendar) -> Days:
    """Return the days a unit counts."""
    return _WorkingDays(calendar) if unit is Unit.WORKING_DAYS else _CalendarDays(calendar)


def _begin(start: datetime, unit: Unit, calendar: WorkCalendar, policy: Policy) -> datetime:
    if policy.after_hours_counts_as_next_day and unit is Unit.WORKING_DAYS:
        opens = next_open(start, calendar)
        if calendar.civil_day(opens) != calendar.civil_day(start):
            return opens
    return start


def _end(last: date, start: datetime, unit: Unit, calendar: WorkCalendar, policy: Policy) -> datetime:
    if unit is Unit.CALENDAR_DAYS and policy.last_day_of_rest is RestDay.NEXT_WORKING_DAY:
        last = _WorkingDays(calendar).nth(last - DAY, 1)
    if policy.days_end is DaysEnd.END_OF_DAY:
        return day_end(last, calendar, policy)
    return instant_of(last, start.astimezone(calendar.zone).time(), calendar.zone)


def _resumed(ends: datetime, calendar: WorkCalendar, policy: Policy) -> datetime:
    if policy.days_end is DaysEnd.SAME_TIME:
        return ends
    days = _WorkingDays(calendar)
    day = days.nth(calendar.civil_day(ends) - 2 * DAY, 1)
    while (at := day_end(day, calendar, policy)) < ends:
        day = days.nth(day, 1)
    return at


@dataclass(frozen=True, slots=True)
class _WorkingDays:
    """Days with office hours; one begins as it opens."""

    calendar: WorkCalendar

    def begun_before(self, moment: datetime) -> date:
        number = bisect_left(self.calendar.day_begins, moment)
        return self.calendar.working_days[number - 1] if number else self.calendar.first_day - DAY

    def between(self, after: date, until: date) -> int:
        days = self.calendar.working_days
        return max(0, bisect_right(days, until) - bisect_right(days, after))

    def nth(self, after: date, number: int) -> date:
        place = bisect_right(self.calendar.working_days, after) + number - 1
        if place >= len(self.calendar.working_days):
            raise self.calendar.exhausted()
        return self.calendar.working_days[place]


@dataclass(frozen=True, slots=True)
class _CalendarDays:
    """All days; one begins at midnight."""

    calendar: WorkCalendar

    def begun_before(self, moment: datetime) -> date:
        day = self.calendar.civil_day(moment)
        return day if instant_of(day, time.min, self.calendar.zone) < moment else day - DAY

    def between(self, after: date, until: date) -> int:
        return max(0, (until - after).days)

    def nth(self, after: date, number: int) -> date:
        day = after + number * DAY
        if day > self.calendar.last_day:
            raise self.calendar.exhausted()
        return day
