"""Why a deadline is when it is: every stretch of time and every day that was counted of its limit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from escalation.domain.counting import HAIKOU, Hour, PausedDays, Policy, StartDay
from escalation.domain.daycount import days_of, end_of_days, given_back, stretches
from escalation.domain.pauses import Pause, Pauses, merged
from escalation.domain.reckoning import Terms, reached, reckon
from escalation.domain.wallclock import by_wall_clock, moment, shown
from escalation.domain.workcalendar import DAY, WorkCalendar, instant_of, utc
from escalation.domain.worktime import Amount, Due, Unit, windows_from

Segment = tuple[datetime, datetime]
"""From one moment to another, half-open, UTC."""


@dataclass(frozen=True, slots=True)
class Count:
    """
    How the limit, or one extension, was used up.

    Of minutes the segments are the time that ran, and their lengths add up to the amount to the
    microsecond (as clocks show them, if the policy counts by the clock on the wall). Of days there
    is one segment for each day counted, and `days` names it: a working day from its first opening
    to its last closing, a calendar day from midnight to midnight, none of it outside start and end.
    `given_back` is how the end then moved by office hours that were paused, where a policy gives those.
    """

    amount: Amount
    segments: tuple[Segment, ...]
    days: tuple[date, ...] = ()
    given_back: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A due, what was counted until it, limit first, and the pauses before it, merged."""

    due: Due
    counts: tuple[Count, ...]
    skipped: Pauses


def explain(terms: Terms, calendar: WorkCalendar, policy: Policy = HAIKOU) -> Explanation:
    """Return a deadline with what was counted; of a due that was set nothing is. Raises as `reckon` does."""
    due = reckon(terms, calendar, policy)
    if terms.fixed is not None:
        return Explanation(due, (), ())
    amounts = (terms.limit, *terms.extensions)
    counts = []
    for amount, (begins, ends) in zip(amounts, reached(terms, calendar, policy), strict=True):
        counts.append(_count(amount, begins, ends, terms.pauses, calendar, policy))
        policy = replace(policy, start_day=StartDay.NOT_COUNTED, after_hours_counts_as_next_day=False)
    skipped = tuple(each for each in merged(terms.pauses, utc(terms.start)) if each.begins < due.at)
    return Explanation(due, tuple(counts), skipped)


def _count(
    amount: Amount, begins: datetime, ends: datetime, pauses: Pauses, calendar: WorkCalendar, policy: Policy
) -> Count:
    if not amount.count:
        return Count(amount, ())
    if amount.unit is not Unit.WALL_MINUTES and policy.hour is Hour.WALL_CLOCK:
        return _by_wall_clock(amount, begins, ends, pauses, calendar, policy)
    stood_still = merged(pauses, begins)
    if amount.unit is Unit.WALL_MINUTES:
        return Count(amount, tuple(_without([(begins, ends)], stood_still)))
    if amount.unit is Unit.WORKING_MINUTES:
        return Count(amount, tuple(_without(_office(begins, ends, calendar), stood_still)))
    return _days(amount, begins, ends, stood_still, calendar, policy)


def _by_wall_clock(
    amount: Amount, begins: datetime, ends: datetime, pauses: Pauses, calendar: WorkCalendar, policy: Policy
) -> Count:
    def real(segments: Iterable[Segment]) -> tuple[Segment, ...]:
        return tuple((moment(opens, calendar), moment(closes, calendar)) for opens, closes in segments)

    seen = tuple(Pause(*(shown(at, calendar) for at in each)) for each in pauses)
    span = (shown(begins, calendar), shown(ends, calendar))
    count = _count(amount, *span, seen, by_wall_clock(calendar), replace(policy, hour=Hour.REAL))
    return replace(count, segments=real(count.segments), given_back=real(count.given_back))


def _days(
    amount: Amount, begins: datetime, ends: datetime, pauses: Pauses, calendar: WorkCalendar, policy: Policy
) -> Count:
    days_counted = days_of(amount.unit, calendar)
    days = tuple(
        days_counted.nth(after, each)
        for after, number in stretches(begins, amount, pauses, calendar, policy)
        for each in range(1, number + 1)
    )
    segments = tuple(_within(_whole(day, amount.unit, calendar), begins, ends) for day in days)
    if policy.pauses_in_days is not PausedDays.WORKING_TIME:
        return Count(amount, segments, days)
    end = end_of_days(begins, amount, (), calendar, policy)
    return Count(amount, segments, days, tuple(given_back(end, pauses, calendar)))


def _whole(day: date, unit: Unit, calendar: WorkCalendar) -> Segment:
    if unit is Unit.WORKING_DAYS:
        windows = calendar.windows_of(day)
        return windows[0][0], windows[-1][1]
    return instant_of(day, time.min, calendar.zone), instant_of(day + DAY, time.min, calendar.zone)


def _within(segment: Segment, begins: datetime, ends: datetime) -> Segment:
    opens, closes = segment
    return min(max(opens, begins), ends), min(max(closes, begins), ends)


def _office(begins: datetime, ends: datetime, calendar: WorkCalendar) -> Iterator[Segment]:
    for opens, closes in windows_from(begins, calendar):
        if opens >= ends:
            return
        yield opens, min(closes, ends)


def _without(segments: Iterable[Segment], pauses: Pauses) -> Iterator[Segment]:
    """Yield what of the segments lies outside the pauses; both are in order."""
    first = 0
    for begins, ends in segments:
        while first < len(pauses) and pauses[first].ends <= begins:
            first += 1
        number = first
        while number < len(pauses) and pauses[number].begins < ends:
            if begins < pauses[number].begins:
                yield begins, pauses[number].begins
            begins = pauses[number].ends
            number += 1
        if begins < ends:
            yield begins, ends
