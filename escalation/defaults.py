"""The rules that ship, and rules read from rows, whether of a file or of the rule table."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, time
from importlib.resources import files
from typing import Any, TypeVar

from escalation.domain.ladder import Anchor, Card, Rung
from escalation.domain.policy import Clock, LimitRule, Stage
from escalation.domain.worktime import Amount, DayKind, Unit, WorkCalendar
from schemas.errors import Misconfigured
from schemas.ticket import Kind, Urgency

CALENDAR_VERSION = "HK-2026.1"
RULE_VERSION = "HK-DEFAULT-1"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Row = Mapping[str, str]
T = TypeVar("T")

_reference = files("escalation") / "reference"


def shipped() -> tuple[tuple[str, str, Any], ...]:
    """Return kind, version and JSON content of every rule that ships."""
    calendar = {
        "code": "HK",
        "time_zone": "Asia/Shanghai",
        "first_day": "2007-01-01",
        "last_day": "2027-12-31",
        "days": _rows("calendar_days"),
        "office_hours": _rows("office_hours"),
    }
    return (
        ("calendar", CALENDAR_VERSION, calendar),
        ("limits", RULE_VERSION, _rows("limits")),
        ("ladder", RULE_VERSION, _rows("ladder")),
    )


def read_calendar() -> WorkCalendar:
    """Return the calendar that ships: official from 2007 to 2026, 2027 provisional."""
    return calendar_from(_shipped("calendar"), CALENDAR_VERSION)


def read_limits() -> tuple[LimitRule, ...]:
    """Return the limits of `HK-DEFAULT-1`."""
    return limits_from(_shipped("limits"))


def read_ladder() -> tuple[Rung, ...]:
    """Return the ladder of `HK-DEFAULT-1`."""
    return ladder_from(_shipped("ladder"))


def calendar_from(content: Mapping[str, Any], version: str) -> WorkCalendar:
    """Return a calendar from its content, see `shipped`; raises `Misconfigured`."""
    try:
        days: Sequence[Row] = content["days"]
        first_day, last_day = (date.fromisoformat(content[key]) for key in ("first_day", "last_day"))
        return WorkCalendar.build(
            code=content["code"],
            version=version,
            time_zone=content["time_zone"],
            hours=_hours(content["office_hours"]),
            days=_kinds(days),
            provisional_years=_provisional_years(days, range(first_day.year, last_day.year + 1)),
            first_day=first_day,
            last_day=last_day,
        )
    except (KeyError, ValueError) as fault:
        raise Misconfigured(f"The calendar {version} cannot be read: {fault}.") from fault


def limits_from(rows: Iterable[Row]) -> tuple[LimitRule, ...]:
    """Return limits from rows shaped as in `limits.csv`; raises `Misconfigured`."""
    return _parsed("limits", rows, _limit)


def ladder_from(rows: Iterable[Row]) -> tuple[Rung, ...]:
    """Return rungs from rows shaped as in `ladder.csv`; raises `Misconfigured`."""
    return _parsed("ladder", rows, _rung)


def _shipped(kind: str) -> Any:
    return next(content for each, _, content in shipped() if each == kind)


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((_reference / f"{name}.csv").read_text("utf-8").splitlines()))


def _parsed(name: str, rows: Iterable[Row], parse: Callable[[Row], T]) -> tuple[T, ...]:
    parsed = []
    for number, row in enumerate(rows, start=1):
        try:
            parsed.append(parse(row))
        except (KeyError, ValueError) as fault:
            raise Misconfigured(f"Row {number} of the {name} cannot be read: {fault}.") from fault
    return tuple(parsed)


def _kinds(days: Sequence[Row]) -> dict[date, DayKind]:
    kinds = dict(_parsed("calendar", days, _day))
    if len(kinds) < len(days):
        raise ValueError("a date is there twice")
    return kinds


def _day(row: Row) -> tuple[date, DayKind]:
    return date.fromisoformat(row["date"]), DayKind(row["kind"])


def _provisional_years(days: Iterable[Row], years: Iterable[int]) -> frozenset[int]:
    """A year without a paper is provisional, and so is one with any provisional row."""
    status = {(int(row["date"][:4]), row["status"]) for row in days}
    return frozenset(
        year for year in years if (year, "official") not in status or (year, "provisional") in status
    )


def _hours(rows: Iterable[Row]) -> dict[int, list[tuple[time, time]]]:
    hours: dict[int, list[tuple[time, time]]] = {}
    for weekday, opens, closes in _parsed("office hours", rows, _window):
        hours.setdefault(weekday, []).append((opens, closes))
    return hours


def _window(row: Row) -> tuple[int, time, time]:
    closes = "00:00" if row["closes"] == "24:00" else row["closes"]
    return WEEKDAYS.index(row["weekday"]), time.fromisoformat(row["opens"]), time.fromisoformat(closes)


def _limit(row: Row) -> LimitRule:
    return LimitRule(
        rule=row["rule"],
        clock=Clock(row["clock"]),
        stage=Stage(row["stage"]),
        urgency=Urgency(row["urgency"]),
        kind=Kind(row["kind"]) if row["kind"] else None,
        live={"true": True, "false": False, "": None}[row["live"]],
        amount=Amount(int(row["amount"]), Unit(row["unit"])),
        source=row["source"],
    )


def _rung(row: Row) -> Rung:
    share = row["unit"] == "percent"
    return Rung(
        level=int(row["level"]),
        name=row["name"],
        stages=frozenset(Stage(each) for each in row["stages"].split("|") if each),
        anchor=Anchor(row["anchor"]),
        amount=None if share or not row["amount"] else Amount(int(row["amount"]), Unit(row["unit"])),
        percent=int(row["amount"]) if share else None,
        card=_CARDS[row["card"]],
        receiver=row["receiver"],
        effect=row["effect"],
    )


_CARDS: dict[str, Card | None] = {"yellow": "yellow", "red": "red", "": None}
