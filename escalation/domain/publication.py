"""
What a publication does to a deadline that runs.

What somebody was told is not taken back: a deadline that would come earlier
keeps its date. So a new make-up day gives nobody less time than was promised.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from escalation.domain.reckoning import Pause, Terms, reckon
from escalation.domain.workcalendar import DAY, WorkCalendar, instant_of
from escalation.domain.worktime import Amount, Due

TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """A deadline as it stands: what it was reckoned from, and when it is due."""

    terms: Terms
    due: Due


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of it; `kept` is when it would be due if it might come earlier."""

    terms: Terms
    due: Due
    kept: datetime | None = None


def on_calendar(standing: Standing, before: WorkCalendar, after: WorkCalendar) -> Outcome:
    """Return a deadline by another calendar; raises `CalendarExhausted`."""
    due = reckon(standing.terms, after)
    if due.at >= standing.due.at:
        return Outcome(standing.terms, due)
    terms = _kept(standing, before, after)
    return Outcome(terms, reckon(terms, after), due.at)


@lru_cache(maxsize=64)
def differs_from(before: WorkCalendar, after: WorkCalendar) -> datetime | None:
    """Return the midnight from which on two calendars differ, None if never: what ends by then stays."""
    day, last = min(before.first_day, after.first_day), max(before.last_day, after.last_day)
    while day <= last:
        if _is(before, day) != _is(after, day):
            return instant_of(day, time.min, after.zone)
        day += DAY
    return None


def on_limit(standing: Standing, limit: Amount, calendar: WorkCalendar) -> Outcome:
    """Return a deadline by another limit; one that would come earlier goes on by the limit it had."""
    terms = replace(standing.terms, limit=limit)
    due = reckon(terms, calendar)
    if due.at >= standing.due.at:
        return Outcome(terms, due)
    return Outcome(standing.terms, standing.due, due.at)


def _kept(standing: Standing, before: WorkCalendar, after: WorkCalendar) -> Terms:
    """
    Return terms that by the new calendar give the old date.

    The days that became working days are not counted, as if the clock had stood still; so what is
    granted later still adds to it. Where that does not give the date, it is set.
    """
    terms, due = standing.terms, standing.due.at
    day, last = (after.civil_day(each) for each in (terms.start, due))
    pauses = []
    while day <= last:
        if _opens(after, day) and not _opens(before, day):
            midnight = instant_of(day, time.min, after.zone)
            pauses.append(Pause(midnight, instant_of(day + DAY, time.min, after.zone) - TICK))
        day += DAY
    candidate = replace(terms, pauses=(*terms.pauses, *pauses))
    return candidate if reckon(candidate, after).at == due else replace(terms, fixed=due)


def _opens(calendar: WorkCalendar, day: date) -> bool:
    return bool(_is(calendar, day)[0])


def _is(calendar: WorkCalendar, day: date) -> tuple[object, bool]:
    """Return the windows of a day and whether it is provisional; a day outside is like none inside."""
    number = (day - calendar.first_day).days
    if not 0 <= number < len(calendar.days):
        return None, False
    return calendar.days[number], day in calendar.provisional_days
