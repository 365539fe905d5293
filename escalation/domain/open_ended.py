"""A calendar without an end: laid over as many days as a question needs."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from escalation.domain.officehours import DayKind, DayRule, Hours, OfficeHours, Season, check_hours
from escalation.domain.reckoning import Terms
from escalation.domain.workcalendar import DAY, NeverOpens, WorkCalendar
from escalation.domain.worktime import Unit, utc
from schemas.errors import CalendarExhausted, TooLarge

FURTHEST_DAYS = 36_525
"""A century; a limit that has not ended by then is none."""

AT_FIRST_DAYS, MORE = 70, 4
WEEK = 7

T = TypeVar("T")


class Allowance:
    """How many days may be laid for one request, so that no question costs minutes."""

    def __init__(self, days: int) -> None:
        self._left = days

    def take(self, days: int) -> None:
        """Raise `TooLarge` when they are used up."""
        if days > self._left:
            raise TooLarge("Together these calendars reach too far; ask in smaller batches.")
        self._left -= days


class OpenEndedCalendar:
    """Office hours of a zone; raises `ValueError` when they overlap, `NeverOpens` when there are none."""

    def __init__(
        self,
        time_zone: str,
        hours: OfficeHours,
        days: Mapping[date, DayRule],
        seasons: Sequence[Season],
        allowance: Allowance,
    ) -> None:
        check_hours(hours, seasons, days)
        self._zone, self._hours, self._days, self._seasons = time_zone, hours, days, seasons
        self._allowance = allowance
        self._laid: WorkCalendar | None = None
        weeks = [hours, *(each.hours for each in seasons)]
        self._weekly = any(any(week.values()) for week in weeks)
        own = [day for day, rule in days.items() if rule and not isinstance(rule, DayKind)]
        if not self._weekly and not own:
            raise NeverOpens("The calendar never opens.")
        self._last_own = max(own, default=date.min)

    def ask(self, terms: Terms, question: Callable[[WorkCalendar], T]) -> T:
        """Return what a question about these terms gives; raises `CalendarExhausted` beyond a century."""
        first = utc(terms.start).astimezone(ZoneInfo(self._zone)).date() - 2 * DAY
        furthest = first + FURTHEST_DAYS * DAY
        if not self._weekly:
            furthest = max(first + DAY, min(furthest - DAY, self._last_own) + DAY)
        reach = self._guess(terms)
        while True:
            last = min(furthest, first + min(reach, FURTHEST_DAYS) * DAY)
            try:
                return question(self._over(first, last))
            except (CalendarExhausted, NeverOpens) as fault:
                if last == furthest:
                    raise _exhausted(first, last) from fault
            reach *= MORE

    def _over(self, first: date, last: date) -> WorkCalendar:
        laid = self._laid
        if laid is None or first < laid.first_day or laid.last_day < last:
            if laid is not None and abs((first - laid.first_day).days) < FURTHEST_DAYS:
                first, last = min(first, laid.first_day), max(last, laid.last_day)
            self._allowance.take((last - first).days * (1 + max(map(len, self._hours.values()), default=0)))
            laid = self._laid = WorkCalendar.build(
                code="inline",
                version="",
                time_zone=self._zone,
                hours=self._hours,
                days=self._days,
                provisional_years=(),
                first_day=first,
                last_day=last,
                seasons=self._seasons,
            )
        return laid

    def _guess(self, terms: Terms) -> int:
        """Return how many days the terms may take; a guess too low costs only time."""
        count, unit = terms.limit.count, terms.limit.unit
        paused = max((each.ends - utc(terms.start) for each in terms.pauses), default=timedelta(0)).days
        if unit is Unit.WORKING_MINUTES:
            weeks = timedelta(minutes=min(count, 10**9)) / max(_worked(self._hours), timedelta(hours=1))
        elif unit is Unit.WORKING_DAYS:
            weeks = count / max(1, sum(map(bool, self._hours.values())))
        else:
            weeks = count / WEEK if unit is Unit.CALENDAR_DAYS else 0
        return min(FURTHEST_DAYS, AT_FIRST_DAYS + max(0, paused) + int(weeks * WEEK * 1.2))


def _worked(week: Mapping[int, Hours]) -> timedelta:
    minutes = sum(
        ((closes.hour or 24) - opens.hour) * 60 + closes.minute - opens.minute
        for windows in week.values()
        for opens, closes in windows
    )
    return timedelta(minutes=minutes)


def _exhausted(first: date, last: date) -> CalendarExhausted:
    return CalendarExhausted(
        f"The limit is not over by {last}, which is as far as this calendar is counted.",
        first_day=first.isoformat(),
        last_day=last.isoformat(),
    )
