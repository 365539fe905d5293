"""Which layer of a calendar prevails, and whose hours count."""

from datetime import date
from typing import Any

import pytest

from escalation.calendars import Calendars, calendars_from
from escalation.defaults import shipped
from escalation.domain.horizon import horizon
from escalation.domain.worktime import add_working_days, add_working_minutes, is_open
from schemas.errors import Misconfigured
from tests.escalation.domain.examples import HK, local

CONTENT: dict[str, Any] = next(content for kind, _, content in shipped() if kind == "calendar")
DAILY = {"opens": "00:00", "closes": "24:00", "weekday": "daily", "department": "water-group"}


def day(when: str, kind: str, **more: str) -> dict[str, str]:
    return {"date": when, "kind": kind, "name": "", "source": "文件", "status": "official", **more}


def laid(*days: dict[str, str], hours: tuple[dict[str, str], ...] = ()) -> Calendars:
    more = {"days": [*CONTENT["days"], *days], "office_hours": [*CONTENT["office_hours"], *hours]}
    return calendars_from({**CONTENT, **more}, "T")


@pytest.mark.parametrize(
    ("days", "open_at_nine"),
    [
        ([], True),
        ([day("2026-11-23", "off", layer="province")], False),
        ([day("2026-11-23", "off", layer="province"), day("2026-11-23", "work", layer="city")], True),
        ([day("2026-11-23", "work", layer="city"), day("2026-11-23", "off", layer="occasion")], False),
        ([day("2026-11-23", "off", layer="occasion"), day("2026-11-23", "work", layer="city")], False),
        ([day("2026-11-23", "hours", layer="city", hours="10:00-12:00|14:30-16:00")], False),
    ],
)
def test_of_what_layers_say_about_a_day_the_uppermost_holds(
    days: list[dict[str, str]], open_at_nine: bool
) -> None:
    calendar = laid(*days).city
    assert is_open(local("2026-11-23T09:00"), calendar) is open_at_nine
    assert is_open(local("2026-11-24T09:00"), calendar)


def test_the_provinces_holiday_takes_a_day_of_the_nations_week() -> None:
    sanyuesan = day("2027-04-09", "off", layer="province", status="provisional")
    start = local("2027-02-25T17:30")
    assert add_working_days(start, 30, HK).at == local("2027-04-09T17:30")
    assert add_working_days(start, 30, laid(sanyuesan).city).at == local("2027-04-12T17:30")


def test_a_typhoon_stops_work_from_the_afternoon_on() -> None:
    stopped = day("2026-09-24", "hours", layer="occasion", hours="08:00-12:00")
    calendar = laid(stopped).city
    assert add_working_minutes(local("2026-09-24T11:50"), 30, calendar).at == local("2026-09-28T08:20")
    assert add_working_days(local("2026-09-23T09:00"), 1, calendar).at == local("2026-09-24T12:00")


def test_in_summer_the_office_closes_by_other_hours() -> None:
    summer = tuple(
        {
            "weekday": weekday,
            "opens": "08:00",
            "closes": "15:00",
            "first_day": "2026-06-01",
            "last_day": "2026-08-31",
        }
        for weekday in ("mon", "tue", "wed", "thu", "fri")
    )
    calendar = laid(hours=summer).city
    assert add_working_days(local("2026-05-29T09:00"), 1, calendar).at == local("2026-06-01T15:00")
    assert add_working_days(local("2026-08-31T09:00"), 1, calendar).at == local("2026-09-01T17:30")


def test_a_unit_round_the_clock_has_no_day_of_rest_and_leaves_the_city_its_own() -> None:
    calendars = laid(hours=(DAILY,))
    holiday = local("2026-10-03T22:00")
    unit = calendars.of("water-group")
    assert is_open(holiday, unit)
    assert add_working_minutes(holiday, 180, unit).at == local("2026-10-04T01:00")
    for other in (calendars.city, calendars.of("police"), calendars.of(None)):
        assert not is_open(holiday, other)


def test_a_department_may_rest_on_a_day_of_its_own_without_stopping_the_city() -> None:
    calendars = laid(day("2026-11-24", "off", department="police"))
    start = local("2026-11-23T09:00")
    assert add_working_days(start, 1, calendars.of("police")).at == local("2026-11-25T17:30")
    assert add_working_days(start, 1, calendars.city).at == local("2026-11-24T17:30")


@pytest.mark.parametrize(
    ("days", "hours", "says"),
    [
        ([day("2026-11-24", "off", layer="city")] * 2, (), "twice in the layer city"),
        ([day("2026-11-24", "off", layer="village")], (), "VILLAGE"),
        ([day("2026-11-24", "hours")], (), "says which"),
        ([day("2026-11-24", "off", status="perhaps")], (), "perhaps"),
        ([], ({**DAILY, "first_day": "2026-06-01"},), "a first and a last day"),
        ([], (DAILY, DAILY), "overlap"),
    ],
)
def test_layers_that_contradict_or_cannot_be_read_are_refused(
    days: list[dict[str, str]], hours: tuple[dict[str, str], ...], says: str
) -> None:
    with pytest.raises(Misconfigured, match=says):
        laid(*days, hours=hours)


def test_a_days_own_year_stays_provisional_whatever_the_city_adds() -> None:
    calendar = laid(day("2027-07-01", "off", layer="city")).city
    assert date(2027, 7, 1) in calendar.provisional_days


@pytest.mark.parametrize(
    ("today", "left", "alarm"),
    [
        ("2026-01-05", 246, False),
        ("2026-10-08", 61, False),
        ("2026-10-09", 60, True),
        ("2026-12-31", 0, True),
        ("2027-03-01", 0, True),
    ],
)
def test_the_alarm_comes_sixty_working_days_before_the_last_official_one(
    today: str, left: int, alarm: bool
) -> None:
    found = horizon(HK, date.fromisoformat(today))
    assert (found.working_days_left, found.alarm, found.last_day) == (left, alarm, date(2027, 12, 31))


def test_an_official_calendar_reaches_to_its_end() -> None:
    days = [{**row, "status": "official"} for row in CONTENT["days"]]
    calendar = calendars_from({**CONTENT, "days": days}, "T").city
    assert horizon(calendar, date(2026, 12, 31)).last_official_day == date(2027, 12, 31)
