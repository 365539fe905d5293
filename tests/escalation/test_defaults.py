"""The rules that ship, and how rows are read."""

import json
from typing import Any

import pytest

from escalation.calendars import calendar_from
from escalation.defaults import ladder_from, limits_from, shipped
from escalation.domain.worktime import add_working_days
from schemas.errors import Misconfigured
from tests.escalation.domain.examples import local

CONTENT: dict[str, Any] = {kind: content for kind, _, content in shipped()}


def test_what_ships_survives_storage_as_json() -> None:
    for kind, version, content in shipped():
        assert json.loads(json.dumps(content)) == content, (kind, version)


@pytest.mark.parametrize(
    ("change", "provisional"),
    [
        ({}, {2027}),
        ({"last_day": "2028-12-31"}, {2027, 2028}),
        ({"last_day": "2026-12-31"}, set()),
    ],
)
def test_a_year_without_a_paper_is_provisional(change: dict[str, Any], provisional: set[int]) -> None:
    read = calendar_from({**CONTENT["calendar"], **change}, "T")
    assert {day.year for day in read.provisional_days} == provisional


def test_a_city_rest_day_does_not_make_a_year_official() -> None:
    rest_day = {"date": "2027-04-09", "kind": "off", "status": "official"}
    days = [*CONTENT["calendar"]["days"], rest_day]
    read = calendar_from({**CONTENT["calendar"], "days": days}, "T")
    assert {day.year for day in read.provisional_days} == {2027}


def test_a_year_is_official_once_its_paper_is_in() -> None:
    days = [{**row, "status": "official"} for row in CONTENT["calendar"]["days"]]
    assert calendar_from({**CONTENT["calendar"], "days": days}, "T").provisional_days == frozenset()


@pytest.mark.parametrize(
    ("rest", "work", "start", "count", "due"),
    [
        # the break may grow to eight days, made up on two weekends
        (["02-11", "02-12"], ["01-31", "02-14"], "2026-11-26T10:00", 60, "2027-02-25T17:30"),
        # the city may rest on 三月三
        (["04-09"], [], "2027-02-25T17:30", 30, "2027-04-12T17:30"),
        # 3 January may become a make-up day
        ([], ["01-03"], "2026-12-30T16:00", 5, "2027-01-06T17:30"),
    ],
)
def test_a_published_year_moves_the_deadlines_it_changes(
    rest: list[str], work: list[str], start: str, count: int, due: str
) -> None:
    changed = {f"2027-{day}": "off" for day in rest} | {f"2027-{day}": "work" for day in work}
    kept = [row for row in CONTENT["calendar"]["days"] if row["date"] not in changed]
    days = kept + [{"date": day, "kind": kind, "status": "official"} for day, kind in changed.items()]
    published = calendar_from({**CONTENT["calendar"], "days": days}, "T")
    assert add_working_days(local(start), count, published).at == local(due)


def test_office_hours_until_24_00_end_at_midnight() -> None:
    hours = [{"weekday": "mon", "opens": "16:00", "closes": "24:00"}]
    read = calendar_from({**CONTENT["calendar"], "office_hours": hours}, "T")
    opens, closes = next(windows for windows in read.days if windows)[0]
    assert (closes - opens).total_seconds() == 8 * 3600


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"days": [{"date": "2026-02-30", "kind": "off", "status": "official"}]}, "Row 1 of the calendar"),
        ({"days": [{"date": "2026-02-03", "kind": "half", "status": "official"}]}, "half"),
        ({"days": [{"date": "2026-02-03", "kind": "off", "status": "official"}] * 2}, "twice"),
        ({"office_hours": []}, "never opens"),
        (
            {"office_hours": [{"weekday": "monday", "opens": "08:00", "closes": "12:00"}]},
            "Row 1 of the office",
        ),
        ({"office_hours": [{"weekday": "mon", "opens": "12:00", "closes": "08:00"}]}, "out of order"),
        ({"time_zone": "Asia/Haikou"}, "Asia/Haikou"),
        ({"last_day": "2006-01-01"}, "never opens"),
        ({"days": [{"date": "2026-02-03", "kind": "hours", "status": "official"}]}, "says which"),
    ],
)
def test_a_calendar_that_cannot_be_read_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        calendar_from({**CONTENT["calendar"], **change}, "T")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("unit", "hours"),
        ("amount", "-1"),
        ("amount", "1.5"),
        ("urgency", "U1"),
        ("kind", "rant"),
        ("live", "yes"),
    ],
)
def test_a_limit_that_cannot_be_read_is_refused_by_its_row(column: str, value: str) -> None:
    good = CONTENT["limits"][0]
    with pytest.raises(Misconfigured, match="Row 2 of the limits"):
        limits_from([good, {**good, column: value}])


@pytest.mark.parametrize(
    ("column", "value"), [("anchor", "sometime"), ("stages", "lunch"), ("card", "blue"), ("amount", "100")]
)
def test_a_rung_that_cannot_be_read_is_refused_by_its_row(column: str, value: str) -> None:
    good = CONTENT["ladder"][1]
    with pytest.raises(Misconfigured, match="Row 2 of the ladder"):
        ladder_from([good, {**good, column: value}])
