"""
Layers of a calendar: the nation's days, the province's, the city's, those of an occasion, a department's.

Of what several layers say about a day the uppermost holds. Office hours are the
city's; a department may have its own, in place of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import IntEnum

from escalation.domain.officehours import DayRule, Hours, Season

WEEK = range(7)


class DayLayer(IntEnum):
    """Who says what a day is; the higher prevails (a typhoon stops work whatever the nation planned)."""

    NATIONAL = 1
    PROVINCE = 2
    CITY = 3
    OCCASION = 4
    DEPARTMENT = 5


@dataclass(frozen=True, slots=True)
class Day:
    """What one layer says about a date: rest, make-up work, or hours of its own."""

    date: date
    rule: DayRule
    layer: DayLayer
    official: bool
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """
    A window of the week, from one day to another if `first_day` and `last_day` are set (夏令作息).

    Without a weekday it is of every day, days of rest as well: a unit on duty round the clock.
    """

    weekday: int | None
    opens: time
    closes: time
    first_day: date | None = None
    last_day: date | None = None
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Laid:
    """What a working calendar is built from."""

    hours: dict[int, Hours]
    seasons: tuple[Season, ...]
    days: dict[date, DayRule]


def laid(days: Sequence[Day], openings: Sequence[Opening], department: str | None = None) -> Laid:
    """
    Lay the layers over each other, for a department or for the city (None).

    Raises `ValueError` when one layer speaks twice about a date.
    """
    own = [each for each in openings if department and each.department == department]
    windows = own or [each for each in openings if each.department is None]
    always = any(each.weekday is None for each in windows)
    spoken: dict[date, Day] = {}
    for each in sorted(days, key=lambda one: one.layer):
        if each.department not in (None, department):
            continue
        below = spoken.get(each.date)
        if below is not None and below.layer is each.layer:
            raise ValueError(f"{each.date} is there twice in the layer {each.layer.name.lower()}")
        if not always or each.layer is DayLayer.DEPARTMENT:
            spoken[each.date] = each
    return Laid(
        _week(each for each in windows if each.first_day is None),
        _seasons([each for each in windows if each.first_day is not None]),
        {day: each.rule for day, each in spoken.items()},
    )


def departments(days: Iterable[Day], openings: Iterable[Opening]) -> frozenset[str]:
    """Return the departments that have days or hours of their own."""
    named = {each.department for each in days} | {each.department for each in openings}
    return frozenset(each for each in named if each is not None)


def provisional_years(days: Iterable[Day], years: Iterable[int]) -> frozenset[int]:
    """A year without the nation's paper is provisional, and so is one with any provisional day of it."""
    said = {(each.date.year, each.official) for each in days if each.layer is DayLayer.NATIONAL}
    return frozenset(year for year in years if (year, True) not in said or (year, False) in said)


def _week(openings: Iterable[Opening]) -> dict[int, Hours]:
    hours: dict[int, list[tuple[time, time]]] = {}
    for each in openings:
        for weekday in WEEK if each.weekday is None else (each.weekday,):
            hours.setdefault(weekday, []).append((each.opens, each.closes))
    return dict(hours)


def _seasons(openings: Sequence[Opening]) -> tuple[Season, ...]:
    spans = dict.fromkeys((each.first_day, each.last_day) for each in openings)
    return tuple(
        Season(
            first or date.min,
            last or date.max,
            _week(o for o in openings if (o.first_day, o.last_day) == (first, last)),
        )
        for first, last in spans
    )
