"""A working calendar: the office hours of every civil day, indexed so that any question is cheap."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Self
from zoneinfo import ZoneInfo

from escalation.domain.officehours import (
    DAY,
    DayRule,
    Hours,
    OfficeHours,
    Season,
    Span,
    check_hours,
    hours_on,
    spans,
)
from schemas.errors import CalendarExhausted

__all__ = ["DAY", "NOTHING", "NeverOpens", "Window", "WorkCalendar", "instant_of", "utc"]

Window = tuple[datetime, datetime]
"""From opening to closing, half-open, UTC."""

NOTHING = timedelta(0)


class NeverOpens(ValueError):
    """A calendar without office hours: no limit could ever be over."""


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """A version of a city's working calendar; `days` holds the windows of each day from `first_day` on."""

    code: str
    version: str
    time_zone: str
    first_day: date
    last_day: date
    days: tuple[tuple[Window, ...], ...] = field(repr=False)
    provisional_days: frozenset[date] = field(repr=False)

    @classmethod
    def build(
        cls,
        *,
        code: str,
        version: str,
        time_zone: str,
        hours: OfficeHours,
        days: Mapping[date, DayRule],
        provisional_years: Collection[int],
        first_day: date,
        last_day: date,
        seasons: Sequence[Season] = (),
    ) -> Self:
        """
        Lay the office hours over every civil day: a date's own rule, else its season's, else the usual.

        Raises `ValueError` when hours or seasons overlap, `NeverOpens` when there are none.
        """
        check_hours(hours, seasons, days)
        zone = ZoneInfo(time_zone)
        civil = [first_day + n * DAY for n in range((last_day - first_day).days + 1)]
        each_day = (hours_on(day, days.get(day), hours, seasons) for day in civil)
        windows = tuple(_laid(first_day, each_day, zone))
        if not any(windows):
            raise NeverOpens(f"The calendar {code} {version} never opens.")
        provisional = frozenset(day for day in civil if day.year in provisional_years)
        return cls(code, version, time_zone, first_day, last_day, windows, provisional)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone its civil days are days of."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def begins_at(self) -> datetime:
        """The midnight its first day begins with."""
        return instant_of(self.first_day, time.min, self.zone)

    @cached_property
    def ends_at(self) -> datetime:
        """The midnight its last day ends with."""
        return instant_of(self.last_day + DAY, time.min, self.zone)

    @cached_property
    def openings(self) -> tuple[datetime, ...]:
        """Every opening, in order."""
        return tuple(opens for windows in self.days for opens, _ in windows)

    @cached_property
    def closings(self) -> tuple[datetime, ...]:
        """Every closing, in order."""
        return tuple(closes for windows in self.days for _, closes in windows)

    @cached_property
    def worked(self) -> tuple[timedelta, ...]:
        """Working time from the calendar's beginning to each closing."""
        pairs = zip(self.openings, self.closings, strict=True)
        return tuple(accumulate(closes - opens for opens, closes in pairs))

    @cached_property
    def working_days(self) -> tuple[date, ...]:
        """Every day with office hours, in order."""
        return tuple(self.first_day + n * DAY for n, windows in enumerate(self.days) if windows)

    @cached_property
    def day_begins(self) -> tuple[datetime, ...]:
        """The first opening of each working day."""
        return tuple(windows[0][0] for windows in self.days if windows)

    @cached_property
    def day_ends(self) -> tuple[datetime, ...]:
        """The last closing of each working day."""
        return tuple(windows[-1][1] for windows in self.days if windows)

    @cached_property
    def provisional_spans(self) -> tuple[tuple[datetime, ...], tuple[datetime, ...]]:
        """The provisional days as instants, adjoining days joined: beginnings, and ends."""
        days = self.provisional_days
        begins = sorted(day for day in days if day - DAY not in days)
        ends = sorted(day + DAY for day in days if day + DAY not in days)
        return self._midnights(begins), self._midnights(ends)

    def _midnights(self, days: Iterable[date]) -> tuple[datetime, ...]:
        return tuple(instant_of(day, time.min, self.zone) for day in days)

    def instant(self, at: datetime) -> datetime:
        """Return the moment in UTC; raises `CalendarExhausted` outside the calendar."""
        moment = utc(at)
        if not self.begins_at <= moment < self.ends_at:
            raise self.exhausted()
        return moment

    def civil_day(self, at: datetime) -> date:
        """Return the day it is in the calendar's zone; raises `CalendarExhausted` outside it."""
        day = utc(at).astimezone(self.zone).date()
        if not self.first_day <= day <= self.last_day:
            raise self.exhausted()
        return day

    def windows_of(self, day: date) -> tuple[Window, ...]:
        """Return the office hours of a day; raises `CalendarExhausted` outside the calendar."""
        if not self.first_day <= day <= self.last_day:
            raise self.exhausted()
        return self.days[(day - self.first_day).days]

    def worked_until(self, moment: datetime) -> timedelta:
        """Return the working time from the calendar's beginning to one of its instants."""
        window = bisect_right(self.openings, moment) - 1
        if window < 0:
            return NOTHING
        closes = self.closings[window]
        return self.worked[window] - (closes - moment) if moment < closes else self.worked[window]

    def crosses_provisional(self, start: datetime, end: datetime) -> bool:
        """Say whether any day up to a moment is provisional; midnight belongs to the day it ends."""
        begins, ends = self.provisional_spans
        nearest = bisect_right(ends, start)
        return nearest < len(begins) and begins[nearest] < end

    def exhausted(self) -> CalendarExhausted:
        """Say that a question leads out of the calendar."""
        return CalendarExhausted(
            f"The calendar {self.code} {self.version} only knows {self.first_day} to {self.last_day}.",
            calendar=self.code,
            version=self.version,
            first_day=self.first_day.isoformat(),
            last_day=self.last_day.isoformat(),
        )


def utc(at: datetime) -> datetime:
    """Return the moment in UTC; raises `ValueError` when it does not say its offset."""
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise ValueError(f"{at} does not say its offset.")
    return at.astimezone(UTC)


def instant_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return a local time in UTC: the earlier of two, or, if skipped, as by the offset before."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def _laid(first_day: date, each_day: Iterable[Hours], zone: ZoneInfo) -> Iterator[tuple[Window, ...]]:
    """
    Yield the windows of each day from the first on.

    Of a day of 24 hours they are counted from its midnight; only where the clock is changed is each
    local time looked up. A day that the zone leaves out, crossing the date line, has none.
    """
    known: dict[int, tuple[Hours, tuple[Span, ...]]] = {}
    day, begins, ended = first_day, instant_of(first_day, time.min, zone), datetime.min.replace(tzinfo=UTC)
    for hours in each_day:
        ends = instant_of(day + DAY, time.min, zone)
        if ends - begins == DAY and ended <= begins:
            if id(hours) not in known:
                known[id(hours)] = hours, spans(hours)
            windows = tuple([(begins + opens, begins + closes) for opens, closes in known[id(hours)][1]])
        else:
            windows = _looked_up(day, hours, zone, ended) if begins < ends else ()
        if windows:
            ended = windows[-1][1]
        yield windows
        day, begins = day + DAY, ends


def _looked_up(day: date, hours: Hours, zone: ZoneInfo, ended: datetime) -> tuple[Window, ...]:
    """
    Where the clock is put forward, hours shrink or vanish; none is counted twice.

    What was skipped comes after hours that are later on the clock, so their order is that of instants.
    """
    kept = []
    for opens, closes in sorted(_instants(day, each, zone) for each in hours):
        begins = max(opens, ended)
        if begins < closes:
            kept.append((begins, closes))
            ended = closes
    return tuple(kept)


def _instants(day: date, hours: tuple[time, time], zone: ZoneInfo) -> Window:
    opens, closes = hours
    return instant_of(day, opens, zone), instant_of(day if closes > opens else day + DAY, closes, zone)
