"""Office hours as a city writes them: by weekday, by season, and for single days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from itertools import pairwise

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

DAY = timedelta(days=1)

Hours = Sequence[tuple[time, time]]
"""Opening and closing, local time, in any order; a closing at 00:00 is the midnight that ends the day."""

Span = tuple[timedelta, timedelta]

OfficeHours = Mapping[int, Hours]
"""The hours of each weekday (Monday is 0); one that is missing is a day of rest."""


class DayKind(StrEnum):
    """A day that differs from its weekday: rest, or make-up work (调休上班)."""

    OFF = "off"
    WORK = "work"


DayRule = DayKind | Hours
"""What holds on one date: rest, make-up work, or hours of its own (a short day); no hours is rest."""


@dataclass(frozen=True, slots=True)
class Season:
    """Office hours that replace the usual ones from one day to another, both included (夏令作息)."""

    first_day: date
    last_day: date
    hours: OfficeHours


def check_hours(hours: OfficeHours, seasons: Sequence[Season], days: Mapping[date, DayRule]) -> None:
    """Raise `ValueError` when windows overlap or end before they begin, or two seasons overlap."""
    for weekday, windows in hours.items():
        _check(WEEKDAYS[weekday], windows)
    for season in seasons:
        for weekday, windows in season.hours.items():
            _check(f"{WEEKDAYS[weekday]} from {season.first_day}", windows)
    for day, rule in days.items():
        if not isinstance(rule, DayKind):
            _check(f"{day}", rule)
    _check_seasons(seasons)


def hours_on(day: date, rule: DayRule | None, hours: OfficeHours, seasons: Iterable[Season]) -> Hours:
    """
    Return the windows of a day.

    A make-up day whose weekday has no hours keeps those of the first weekday that has.
    """
    if rule is DayKind.OFF:
        return ()
    if rule is not None and not isinstance(rule, DayKind):
        return rule
    week = next((each.hours for each in seasons if each.first_day <= day <= each.last_day), hours)
    own = week.get(day.weekday(), ())
    if rule is DayKind.WORK and not own:
        own = next((week[weekday] for weekday in sorted(week) if week[weekday]), ())
    return own


def spans(hours: Hours) -> tuple[Span, ...]:
    """Return windows in order, each from how long to how long after the midnight that begins the day."""
    return tuple((_since_midnight(opens), _since_midnight(closes) or DAY) for opens, closes in sorted(hours))


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)


def _check(whose: str, windows: Hours) -> None:
    ordered = sorted(windows)
    for opens, closes in ordered:
        if closes <= opens and closes != time.min:
            raise ValueError(
                f"The office hours of {whose} are out of order: {opens:%H:%M} to {closes:%H:%M};"
                " what runs past midnight is written as hours of two days."
            )
    for (_, closes), (opens, _) in pairwise(ordered):
        if closes == time.min or opens < closes:
            raise ValueError(f"The office hours of {whose} are out of order: two of them overlap.")


def _check_seasons(seasons: Sequence[Season]) -> None:
    ordered = sorted(seasons, key=lambda each: each.first_day)
    for season in ordered:
        if season.last_day < season.first_day:
            raise ValueError(f"The season from {season.first_day} ends before it begins.")
    for earlier, later in pairwise(ordered):
        if later.first_day <= earlier.last_day:
            raise ValueError(f"The seasons from {earlier.first_day} and {later.first_day} overlap.")
