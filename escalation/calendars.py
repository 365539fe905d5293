"""Calendars read from their content: the city's, and those of departments with days or hours of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from escalation.domain.layers import Day, DayLayer, Opening, departments, laid, provisional_years
from escalation.domain.officehours import DayKind, Hours
from escalation.domain.worktime import WorkCalendar
from escalation.reading import Row, parsed
from schemas.base import FIRST_YEAR, LAST_YEAR
from schemas.errors import Misconfigured

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAILY = "daily"
OWN_HOURS = "hours"
STATUS = {"official": True, "provisional": False}


@dataclass(frozen=True)
class Calendars:
    """A version of the city's calendar, and by code those of departments that differ from it."""

    city: WorkCalendar
    of_departments: Mapping[str, WorkCalendar]

    def of(self, department: str | None) -> WorkCalendar:
        """Return whose days a department's clock counts; the caller's clock has no department."""
        return self.of_departments.get(department or "", self.city)


def calendars_from(content: Mapping[str, Any], version: str) -> Calendars:
    """Return the calendars of a version, see `defaults.shipped`; raises `Misconfigured`."""
    try:
        days = parsed("calendar", content["days"], read_day)
        openings = parsed("office hours", content["office_hours"], read_opening)
        built = {
            each: _build(content, version, days, openings, each)
            for each in (None, *sorted(departments(days, openings)))
        }
    except (KeyError, ValueError, TypeError, OSError) as fault:
        raise Misconfigured(f"The calendar {version} cannot be read: {fault}.") from fault
    return Calendars(built[None], {code: each for code, each in built.items() if code is not None})


def calendar_from(content: Mapping[str, Any], version: str) -> WorkCalendar:
    """Return the city's own calendar of a version; raises `Misconfigured`."""
    return calendars_from(content, version).city


def read_day(row: Row) -> Day:
    """Return a day from its row; raises `KeyError` or `ValueError`."""
    department = row.get("department") or None
    usual = "department" if department else "national"
    return Day(
        date.fromisoformat(row["date"]),
        _hours(row.get("hours", "")) if row["kind"] == OWN_HOURS else DayKind(row["kind"]),
        DayLayer[(row.get("layer") or usual).upper()],
        STATUS[row["status"]],
        department,
    )


def read_opening(row: Row) -> Opening:
    """Return a window of the week from its row; raises `KeyError` or `ValueError`."""
    first, last = (date.fromisoformat(each) if each else None for each in _span(row))
    weekday = None if row["weekday"] == DAILY else WEEKDAYS.index(row["weekday"])
    return Opening(
        weekday,
        time.fromisoformat(row["opens"]),
        _closing(row["closes"]),
        first,
        last,
        row.get("department") or None,
    )


def _span(row: Row) -> tuple[str, str]:
    first, last = row.get("first_day") or "", row.get("last_day") or ""
    if bool(first) != bool(last):
        raise ValueError("a season has a first and a last day")
    return first, last


def _hours(windows: str) -> Hours:
    pairs = [each.split("-") for each in windows.split("|") if each]
    if not pairs:
        raise ValueError("a day with hours of its own says which")
    return [(time.fromisoformat(opens), _closing(closes)) for opens, closes in pairs]


def _closing(text: str) -> time:
    return time.fromisoformat("00:00" if text == "24:00" else text)


def _build(
    content: Mapping[str, Any],
    version: str,
    days: tuple[Day, ...],
    openings: tuple[Opening, ...],
    department: str | None,
) -> WorkCalendar:
    of = laid(days, openings, department)
    first_day, last_day = (date.fromisoformat(content[key]) for key in ("first_day", "last_day"))
    if not all(FIRST_YEAR <= each.year <= LAST_YEAR for each in (first_day, last_day)):
        raise ValueError(f"its days lie between {FIRST_YEAR} and {LAST_YEAR}")
    return WorkCalendar.build(
        code=content["code"],
        version=version,
        time_zone=content["time_zone"],
        hours=of.hours,
        seasons=of.seasons,
        days=of.days,
        provisional_years=provisional_years(days, range(first_day.year, last_day.year + 1)),
        first_day=first_day,
        last_day=last_day,
    )
