"""The rules that ship, and rules read from rows, whether of a file or of the rule table."""

import csv
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from escalation.calendars import calendar_from
from escalation.domain.consequences import Consequence
from escalation.domain.ladder import Anchor, Card, Counted, Rung
from escalation.domain.policy import Clock, Layer, LimitRule, Stage
from escalation.domain.worktime import Amount, Unit, WorkCalendar
from escalation.reading import Row, parsed
from schemas.ticket import CallerType, Kind, Urgency

CALENDAR_VERSION = "HK-2026.1"
RULE_VERSION = "HK-DEFAULT-1.3"
LADDER_VERSION = "HK-DEFAULT-1.3"
ALLOWANCES_VERSION = "HK-DEFAULT-1.3"

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
        ("ladder", LADDER_VERSION, _rows("ladder")),
        (
            "allowances",
            ALLOWANCES_VERSION,
            {name: _rows(name) for name in ("extensions", "suspensions", "reopenings")},
        ),
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


def limits_from(rows: Iterable[Row]) -> tuple[LimitRule, ...]:
    """Return limits from rows shaped as in `limits.csv`; raises `Misconfigured`."""
    return parsed("limits", rows, _limit)


def ladder_from(rows: Iterable[Row]) -> tuple[Rung, ...]:
    """Return rungs from rows shaped as in `ladder.csv`; raises `Misconfigured`."""
    return parsed("ladder", rows, _rung)


def _shipped(kind: str) -> Any:
    return next(content for each, _, content in shipped() if each == kind)


def columns(name: str) -> set[str]:
    """Return the columns that rows of limits or of a ladder may have."""
    return set(_rows(name)[0])


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((_reference / f"{name}.csv").read_text("utf-8").splitlines()))


def _limit(row: Row) -> LimitRule:
    return LimitRule(
        rule=row["rule"],
        clock=Clock(row["clock"]),
        stage=Stage(row["stage"]),
        urgency=Urgency(row["urgency"]) if row["urgency"] else None,
        kind=Kind(row["kind"]) if row["kind"] else None,
        live={"true": True, "false": False, "": None}[row["live"]],
        amount=Amount(int(row["amount"]), Unit(row["unit"])),
        source=row["source"],
        caller_type=CallerType(row["caller_type"]) if row.get("caller_type") else None,
        layer=Layer(row.get("layer") or Layer.DEFAULT),
        category=_category(row.get("category") or ""),
        procedure=row.get("procedure") or None,
        extension=_extension(row.get("extension") or ""),
        repeats={"true": True, "": False}[row.get("repeats") or ""],
    )


def _extension(text: str) -> int | None:
    if text and int(text) < 1:
        raise ValueError(f"{text} is no extension")
    return int(text) if text else None


def _category(prefix: str) -> str:
    if prefix and not (prefix.isascii() and prefix.isdecimal() and len(prefix) in (2, 4, 6)):
        raise ValueError(f"{prefix} is no category")
    return prefix


def _rung(row: Row) -> Rung:
    anchor, number = Anchor(row["anchor"]), int(row["amount"]) if row["amount"] else None
    share, counted = row["unit"] == "percent", anchor in (Anchor.COUNTED, Anchor.MONTHLY)
    within = row.get("within_days")
    return Rung(
        level=int(row["level"]),
        name=row["name"],
        stages=frozenset(Stage(each) for each in _words(row["stages"])),
        anchor=anchor,
        amount=None if share or counted or number is None else Amount(number, Unit(row["unit"])),
        percent=number if share else None,
        card=_CARDS[row["card"]],
        receiver=row["receiver"],
        effect=row["effect"],
        cc=tuple(_words(row.get("cc", ""))),
        consequences=tuple(Consequence(each) for each in _words(row.get("consequences", ""))),
        times=number if counted else None,
        counted=Counted(row["unit"]) if anchor is Anchor.COUNTED else None,
        within_days=int(within) if within else None,
    )


def _words(text: str) -> list[str]:
    return [each for each in text.split("|") if each]


_CARDS: dict[str, Card | None] = {"yellow": "yellow", "red": "red", "": None}
