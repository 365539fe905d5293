"""
What twelve other systems' own tests expect of working time, each under the named policy of its system.

`peer_vectors.json` holds the facts with their sources; its `semantics` say what a field means.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from escalation.domain.counting import DaysEnd, Hour, PausedDays, Policy, RestDay, UsedUp
from escalation.domain.measuring import elapsed, run_back, subtract
from escalation.domain.officehours import DayKind, DayRule, Hours
from escalation.domain.reckoning import Pause, Terms, reckon, run_out
from escalation.domain.workcalendar import WorkCalendar, instant_of
from escalation.domain.worktime import (
    Amount,
    Unit,
    is_open,
    last_open,
    next_open,
    subtract_working_days,
    windows_from,
)

FACTS = json.loads((Path(__file__).parent / "peer_vectors.json").read_text("utf-8"))
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

CLOSING = Policy()
RUBY_BIZ = Policy(used_up=UsedUp.NEXT_OPENING, days_end=DaysEnd.SAME_TIME)
GLPI = Policy(days_end=DaysEnd.SAME_TIME, pauses_in_days=PausedDays.WORKING_TIME)
GLPI_END_OF_DAY = replace(GLPI, days_end=DaysEnd.END_OF_DAY)
SAME_TIME = Policy(days_end=DaysEnd.SAME_TIME)
SIGNALEN = replace(SAME_TIME, after_hours_counts_as_next_day=True, last_day_of_rest=RestDay.STAYS)
WORKING_HOURS = replace(SAME_TIME, hour=Hour.WALL_CLOCK)

POLICIES = {
    "zammad-old": CLOSING,
    "zammad-new": RUBY_BIZ,
    "zammad-esc": RUBY_BIZ,
    "biz": RUBY_BIZ,
    "znuny": CLOSING,
    "glpi": GLPI,
    "chatwoot": CLOSING,
    "signalen": SIGNALEN,
    "frappe": CLOSING,
    "fms": SAME_TIME,
    "wh": WORKING_HOURS,
    "btd": CLOSING,
    "ost": CLOSING,
    "cn": SAME_TIME,
}

Vector = Mapping[str, Any]


def policy_of(vector: Vector) -> Policy:
    source = vector["source"]
    if vector.get("end_of_day"):
        return GLPI_END_OF_DAY
    return next(policy for name, policy in POLICIES.items() if source.startswith(name))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def clock_time(text: str) -> time:
    return time.min if text == "24:00" else time.fromisoformat(text)


def hours(windows: Iterable[Sequence[str]]) -> list[tuple[time, time]]:
    return [(clock_time(opens), clock_time(closes)) for opens, closes in windows]


def without(own: Hours, breaks: Hours) -> Hours:
    """Take breaks out of the hours of a day; none of them reaches midnight."""
    for begins, ends in breaks:
        parts = [(o, min(c, begins)) for o, c in own] + [(max(o, ends), c) for o, c in own]
        own = [(opens, closes) for opens, closes in parts if opens < closes]
    return own


@cache
def calendar_of(name: str) -> WorkCalendar:
    """Return a calendar over the years its vectors speak of."""
    told = FACTS["calendars"][name]
    week = {WEEKDAYS.index(day): hours(windows) for day, windows in told.get("weekly", {}).items()}
    years = [
        at(vector[key]).year
        for vector in FACTS["vectors"]
        for key in ("start", "at", "end", "expected")
        if vector["calendar"] == name and isinstance(vector.get(key), str)
    ]
    return WorkCalendar.build(
        code=name,
        version="1",
        time_zone=told["timezone"],
        hours=week,
        days=days_of(told, week),
        provisional_years=(),
        first_day=date(min(years) - 1, 1, 1),
        last_day=date(max(years) + 5, 12, 31),
    )


def days_of(told: Mapping[str, Any], week: Mapping[int, Hours]) -> dict[date, DayRule]:
    days: dict[date, DayRule] = {
        date.fromisoformat(day): hours(windows) for day, windows in told.get("overrides", {}).items()
    }
    for day, windows in told.get("breaks", {}).items():
        on = date.fromisoformat(day)
        days[on] = without(days.get(on, week.get(on.weekday(), ())), hours(windows))  # type: ignore[arg-type]
    for opens, closes in told.get("windows", ()):
        whole = (at(closes) - at(opens)).days
        days |= {at(opens).date() + timedelta(n): [(time.min, time.min)] for n in range(whole)}
    return days | dict.fromkeys(map(date.fromisoformat, told.get("holidays", ())), DayKind.OFF)


def pauses_of(vector: Vector) -> tuple[Pause, ...]:
    return tuple(Pause(at(each["from"]), at(each["to"])) for each in vector.get("pauses", ()))


def check_add(vector: Vector, calendar: WorkCalendar, policy: Policy) -> None:
    amount = timedelta(seconds=vector["duration_s"])
    due = run_out(at(vector["start"]), amount, calendar, pauses_of(vector), policy)
    off = due - at(vector["expected"])
    assert timedelta(0) <= off <= timedelta(seconds=vector.get("tolerance_s", 0))
    if not vector["duration_s"] % 60:
        whole = Amount(vector["duration_s"] // 60, Unit.WORKING_MINUTES)
        terms = Terms(at(vector["start"]), whole, pauses_of(vector))
        assert reckon(terms, calendar, policy).at == due
    check_warning(vector, due, calendar)


def check_warning(vector: Vector, due: datetime, calendar: WorkCalendar) -> None:
    """A warning is so many office seconds, or working days at the same hour, from the due."""
    if "expected_warn" not in vector:
        return
    unit, value = vector["warn_offset"]["unit"], vector["warn_offset"]["value"]
    if unit == "s":
        step = timedelta(seconds=abs(value))
        warned = run_back(due, step, calendar) if value < 0 else run_out(due, step, calendar)
    elif value < 0:
        warned = subtract_working_days(due, -value, calendar)
    else:
        warned = reckon(Terms(due, Amount(value, Unit.WORKING_DAYS)), calendar, SAME_TIME).at
    assert warned == at(vector["expected_warn"])


def check_days(vector: Vector, calendar: WorkCalendar, policy: Policy) -> None:
    unit = Unit.CALENDAR_DAYS if vector["kind"] == "add_calendar_days" else Unit.WORKING_DAYS
    limit = Amount(abs(vector["days"]), unit)
    if vector["days"] < 0 or vector.get("snap") == "backward":
        due = subtract(at(vector["start"]), limit, calendar, policy)
    else:
        due = reckon(Terms(at(vector["start"]), limit, pauses_of(vector)), calendar, policy).at
    assert due == at(vector["expected"])
    check_warning(vector, due, calendar)


def check_subtract(vector: Vector, calendar: WorkCalendar, policy: Policy) -> None:
    amount = timedelta(seconds=vector["duration_s"])
    assert run_back(at(vector["start"]), amount, calendar, policy) == at(vector["expected"])


def check_elapsed(vector: Vector, calendar: WorkCalendar, policy: Policy) -> None:
    passed = elapsed(at(vector["start"]), at(vector["end"]), calendar, pauses_of(vector), policy)
    assert passed.total_seconds() == vector["expected_s"]


def check_open(vector: Vector, calendar: WorkCalendar, _policy: Policy) -> None:
    assert is_open(at(vector["at"]), calendar) == vector["expected_open"]


def check_windows(vector: Vector, calendar: WorkCalendar, _policy: Policy) -> None:
    found = list(islice(windows_from(at(vector["start"]), calendar), vector["take"]))
    assert found == [(at(opens), at(closes)) for opens, closes in vector["expected_windows"]]


def check_forward(vector: Vector, calendar: WorkCalendar, _policy: Policy) -> None:
    assert next_open(at(vector["start"]), calendar) == at(vector["expected"])


def check_backward(vector: Vector, calendar: WorkCalendar, _policy: Policy) -> None:
    assert last_open(at(vector["start"]), calendar) == at(vector["expected"])


CHECKS: dict[str, Callable[[Vector, WorkCalendar, Policy], None]] = {
    "add": check_add,
    "add_working_days": check_days,
    "add_calendar_days": check_days,
    "subtract": check_subtract,
    "elapsed": check_elapsed,
    "is_open": check_open,
    "windows": check_windows,
    "snap_forward": check_forward,
    "snap_backward": check_backward,
}
LOCAL = [vector for vector in FACTS["vectors"] if vector["kind"] == "resolve_local"]
COUNTED = [vector for vector in FACTS["vectors"] if vector["kind"] != "resolve_local"]


@pytest.mark.parametrize("vector", COUNTED, ids=lambda vector: vector["id"])
def test_what_another_system_expects_holds_under_its_policy(vector: Vector) -> None:
    CHECKS[vector["kind"]](vector, calendar_of(vector["calendar"]), policy_of(vector))


@pytest.mark.parametrize("vector", LOCAL, ids=lambda vector: vector["id"])
def test_a_local_time_that_is_skipped_or_comes_twice_is_one_moment(vector: Vector) -> None:
    local, zone = at(vector["local"]), ZoneInfo(vector["tz"])
    assert instant_of(local.date(), local.time(), zone) == at(vector["expected"])


def test_there_are_369_of_them_from_twelve_systems() -> None:
    assert len(COUNTED) + len(LOCAL) == 369
    assert {vector["source"] for vector in FACTS["vectors"]} <= set(FACTS["sources"])
    assert all("license" in source for source in FACTS["sources"].values())
