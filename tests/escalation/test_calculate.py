"""Deadlines calculated for any start, limit and calendar, many at once, and what is wrong with each."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.calculate import MOST_DAYS, among, calculate
from escalation.rulebook import Rulebook
from tests.escalation.domain.examples import HK, LADDER, LIMITS, ROUND_THE_CLOCK, calendar, daily
from tests.escalation.domain.oracle import Oracle
from tests.inprocess import InProcess

OFFICE = [["08:00", "12:00"], ["14:30", "17:30"]]
WEEK = dict.fromkeys(["mon", "tue", "wed", "thu", "fri"], OFFICE)
SHANGHAI = {"time_zone": "Asia/Shanghai", "week": WEEK}
NIGHT_DESK = calendar(daily(ROUND_THE_CLOCK))
IN_FORCE = Rulebook(HK, LIMITS, LADDER, {}, {"night-desk": NIGHT_DESK})
DAYS_5 = {"amount": 5, "unit": "working_days"}


def answers(*items: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = calculate(items, among(IN_FORCE)).model_dump(mode="json")["items"]
    return found


def test_the_citys_calendar_is_the_default_and_has_its_code() -> None:
    before_national_day = {"start": "2026-09-30T17:50:00+08:00", "limit": DAYS_5}
    plain, named = answers(before_national_day, {**before_national_day, "calendar": "HK"})
    assert plain == named
    assert named["due"] == "2026-10-13T17:30:00+08:00"
    assert named["days"] == ["2026-10-08", "2026-10-09", "2026-10-10", "2026-10-12", "2026-10-13"]
    assert named["segments"][2] == ["2026-10-10T08:00:00+08:00", "2026-10-10T17:30:00+08:00"]
    assert not named["provisional"]


def test_a_department_with_days_of_its_own_has_its_calendar() -> None:
    item = {"start": "2026-09-30T17:50:00+08:00", "limit": {"amount": 60, "unit": "working_minutes"}}
    (found,) = answers({**item, "calendar": "night-desk"})
    assert found["due"] == "2026-09-30T18:50:00+08:00"


def test_a_calendar_of_ones_own_may_have_make_up_days_short_days_and_seasons() -> None:
    own = {
        **SHANGHAI,
        "days": {"2026-10-10": "work", "2026-10-12": "off", "2026-10-13": [["09:00", "10:00"]]},
        "seasons": [
            {"first_day": "2026-10-14", "last_day": "2026-10-14", "week": {"wed": [["20:00", "24:00"]]}}
        ],
    }
    (found,) = answers(
        {
            "start": "2026-10-10T16:30:00+08:00",
            "limit": {"amount": 420, "unit": "working_minutes"},
            "calendar": own,
        },
    )
    assert found["segments"] == [
        ["2026-10-10T16:30:00+08:00", "2026-10-10T17:30:00+08:00"],
        ["2026-10-13T09:00:00+08:00", "2026-10-13T10:00:00+08:00"],
        ["2026-10-14T20:00:00+08:00", "2026-10-15T00:00:00+08:00"],
        ["2026-10-15T08:00:00+08:00", "2026-10-15T09:00:00+08:00"],
    ]
    assert found["due"] == "2026-10-15T09:00:00+08:00"
    assert found["days"] is None


def test_pauses_are_skipped_and_told() -> None:
    (found,) = answers(
        {
            "start": "2026-11-16T10:00:00+08:00",
            "limit": DAYS_5,
            "pauses": [
                ["2026-11-20T00:00:00+08:00", "2026-11-25T10:00:00+08:00"],
                ["2026-11-18T15:00:00+08:00", "2026-11-21T00:00:00+08:00"],
            ],
        },
    )
    assert found["due"] == "2026-11-30T17:30:00+08:00"
    assert found["skipped"] == [["2026-11-18T15:00:00+08:00", "2026-11-25T10:00:00+08:00"]]
    assert found["days"] == ["2026-11-17", "2026-11-18", "2026-11-26", "2026-11-27", "2026-11-30"]


@pytest.mark.parametrize(
    ("policy", "limit", "due"),
    [
        ({}, {"amount": 60, "unit": "working_minutes"}, "2026-11-23T17:30:00+08:00"),
        (
            {"used_up": "next_opening"},
            {"amount": 60, "unit": "working_minutes"},
            "2026-11-24T08:00:00+08:00",
        ),
        ({"days_end": "same_time"}, {"amount": 2, "unit": "working_days"}, "2026-11-25T16:30:00+08:00"),
        ({"start_day": "counted"}, {"amount": 2, "unit": "working_days"}, "2026-11-24T17:30:00+08:00"),
        ({"last_day_of_rest": "stays"}, {"amount": 5, "unit": "calendar_days"}, "2026-11-29T00:00:00+08:00"),
        ({}, {"amount": 5, "unit": "calendar_days"}, "2026-11-30T17:30:00+08:00"),
        ({"wd_deadline_time": "17:00"}, {"amount": 2, "unit": "working_days"}, "2026-11-25T17:00:00+08:00"),
        ({"wd_deadline_time": "18:00"}, {"amount": 5, "unit": "calendar_days"}, "2026-11-30T18:00:00+08:00"),
        (
            {"wd_deadline_time": "17:00", "last_day_of_rest": "stays"},
            {"amount": 5, "unit": "calendar_days"},
            "2026-11-29T00:00:00+08:00",
        ),
    ],
)
def test_a_policy_is_named_settings(policy: dict[str, str], limit: dict[str, Any], due: str) -> None:
    item = {"start": "2026-11-23T16:30:00+08:00", "limit": limit, "calendar": SHANGHAI, "policy": policy}
    (found,) = answers(item)
    assert found["due"] == due


@pytest.mark.parametrize(
    "limit",
    [
        {"amount": 1, "unit": "days"},
        {"amount": 1, "unit": "hours"},
        {"amount": "1 working_days"},
        {"working_days": 1},
        {"amount": 1, "unit": "working_days", "working_minutes": 30},
        [{"amount": 1, "unit": "working_days"}, {"amount": 30, "unit": "working_minutes"}],
    ],
)
def test_a16_units_are_named_and_never_mixed_or_converted(limit: Any) -> None:
    (found,) = answers({"start": "2026-11-23T09:00:00+08:00", "limit": limit})
    assert found["problem"]["code"] == "invalid"
    assert found["problem"]["pointer"].startswith("/items/0/limit")


def test_zero_of_anything_is_the_start() -> None:
    units = ["wall_minutes", "working_minutes", "working_days", "calendar_days"]
    night = "2026-11-22T03:00:00+08:00"
    items = [{"start": night, "limit": {"amount": 0, "unit": unit}, "calendar": SHANGHAI} for unit in units]
    found = answers(*items)
    assert [(each["due"], each["segments"]) for each in found] == [(night, [])] * 4


WRONG: list[tuple[Any, str, str]] = [
    ({"start": None}, "invalid", "/items/1/start"),
    ({"start": "2026-11-23T09:00:00"}, "invalid", "/items/1/start"),
    ({"start": 1764000000}, "invalid", "/items/1/start"),
    ({"start": "2026-02-30T09:00:00Z"}, "invalid", "/items/1/start"),
    ({"limit": {"amount": -1, "unit": "working_days"}}, "invalid", "/items/1/limit/amount"),
    ({"limit": {"amount": 1.5, "unit": "working_days"}}, "invalid", "/items/1/limit/amount"),
    ({"limit": {"amount": True, "unit": "working_days"}}, "invalid", "/items/1/limit/amount"),
    ({"limit": {"amount": 1, "unit": "hours"}}, "invalid", "/items/1/limit/unit"),
    ({"limit": {"amount": 1, "unit": "working_days", "hours": 2}}, "invalid", "/items/1/limit/hours"),
    ({"colour": "red"}, "invalid", "/items/1/colour"),
    ({"policy": {"used_up": "tomorrow"}}, "invalid", "/items/1/policy/used_up"),
    ({"policy": {"wd_deadline_time": "25:00"}}, "invalid", "/items/1/policy/wd_deadline_time"),
    (
        {"policy": {"after_hours_counts_as_next_day": 1}},
        "invalid",
        "/items/1/policy/after_hours_counts_as_next_day",
    ),
    ({"pauses": [["2026-11-24T09:00:00Z"]]}, "invalid", "/items/1/pauses/0/1"),
    ({"pauses": [["2026-11-24T09:00:00Z", "2026-11-24T08:00:00Z"]]}, "invalid", "/items/1/pauses/0"),
    ({"calendar": "XX"}, "unknown_calendar", "/items/1/calendar"),
    ({"calendar": {**SHANGHAI, "time_zone": "Asia/Haikou"}}, "invalid", "/items/1/calendar/time_zone"),
    ({"calendar": {**SHANGHAI, "week": {"funday": OFFICE}}}, "invalid", "/items/1/calendar/week/funday"),
    ({"calendar": {**SHANGHAI, "week": {"mon": [["8", "9"]]}}}, "invalid", "/items/1/calendar/week/mon/0/0"),
    (
        {"calendar": {**SHANGHAI, "days": {"2026-10-10": "maybe"}}},
        "invalid",
        "/items/1/calendar/days/2026-10-10",
    ),
    ({"calendar": {**SHANGHAI, "days": {"10.10.": "off"}}}, "invalid", "/items/1/calendar/days/10.10."),
    ({"calendar": {**SHANGHAI, "week": {}}}, "bad_calendar", "/items/1/calendar"),
    ({"calendar": {**SHANGHAI, "week": {"mon": []}}}, "bad_calendar", "/items/1/calendar"),
    (
        {"calendar": {**SHANGHAI, "week": {}, "days": {"2026-12-01": "work", "2026-12-02": "off"}}},
        "bad_calendar",
        "/items/1/calendar",
    ),
    (
        {"calendar": {**SHANGHAI, "week": {"mon": [["08:00", "12:00"], ["11:00", "13:00"]]}}},
        "bad_calendar",
        "/items/1/calendar",
    ),
    ({"calendar": {**SHANGHAI, "week": {"mon": [["22:00", "06:00"]]}}}, "bad_calendar", "/items/1/calendar"),
    (
        {"calendar": {**SHANGHAI, "week": {}, "days": {"2026-12-01": OFFICE}}},
        "calendar_exhausted",
        "/items/1",
    ),
    ({"limit": {"amount": 1000, "unit": "working_days"}}, "calendar_exhausted", "/items/1"),
    (
        {"calendar": SHANGHAI, "limit": {"amount": 10**9, "unit": "working_minutes"}},
        "calendar_exhausted",
        "/items/1",
    ),
    ("2026-11-23T09:00:00Z", "invalid", "/items/1"),
    (None, "invalid", "/items/1"),
]


@pytest.mark.parametrize(("wrong", "code", "pointer"), WRONG, ids=lambda value: str(value)[:60])
def test_an_item_that_is_wrong_says_where_and_spoils_no_other(wrong: Any, code: str, pointer: str) -> None:
    right = {"start": "2026-11-23T09:00:00+08:00", "limit": DAYS_5}
    item = {**right, **wrong} if isinstance(wrong, dict) else wrong
    before, found, after = answers(right, item, right)
    problem = found["problem"]
    assert (problem["code"], problem["pointer"], problem["status"]) == (code, pointer, 422)
    assert before == after
    assert before["due"] == "2026-11-30T17:30:00+08:00"


async def test_a_thousand_are_answered_in_order_and_more_are_refused(hotline: InProcess) -> None:
    items = [
        {"start": "2026-11-23T08:00:00+08:00", "limit": {"amount": n, "unit": "working_minutes"}}
        for n in range(1000)
    ]
    client = await hotline.client("department", "traffic-police")
    answer = await client.post("/v1/deadlines/calculate", json={"items": items})
    due = [each["due"] for each in answer.json()["items"]]
    assert (answer.status_code, len(set(due)), due) == (200, 1000, sorted(due))
    assert due[420] == "2026-11-23T17:30:00+08:00"
    refused = await client.post("/v1/deadlines/calculate", json={"items": [*items, items[0]]})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    unknown = await client.post("/v1/deadlines/calculate", json={"items": [], "colour": "red"})
    assert (unknown.status_code, unknown.json()["pointer"]) == (422, "/colour")


def test_answers_that_are_too_long_together_are_refused_and_short_ones_still_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("escalation.calculate.MOST_SEGMENTS", 25)
    item = {"start": "2026-11-23T09:00:00+08:00", "limit": {"amount": 10, "unit": "working_days"}}
    found = answers(item, item, item, {**item, "limit": DAYS_5})
    assert [each.get("problem", {}).get("code") for each in found] == [None, None, "too_large", None]
    in_minutes = {**item, "limit": {"amount": 10_000, "unit": "working_minutes"}}
    assert answers(in_minutes)[0]["problem"]["code"] == "too_large"


def test_calendars_that_reach_too_far_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def years(count: int, closes: str) -> dict[str, Any]:
        limit = {"amount": count * 52, "unit": "working_days"}
        calendar = {**SHANGHAI, "week": {"mon": [["08:00", closes]]}}
        return {"start": "2026-11-23T09:00:00+08:00", "limit": limit, "calendar": calendar}

    monkeypatch.setattr("escalation.calculate.MOST_DAYS", 6000)
    found = answers(years(3, "12:00"), years(10, "12:01"), years(3, "12:02"), years(10, "12:02"))
    assert [each.get("problem", {}).get("code") for each in found] == [None, "too_large", None, "too_large"]


def test_a_due_inside_a_pause_waits_for_the_hour_at_which_days_are_over() -> None:
    item = {
        "start": "2026-11-23T09:00:00+08:00",
        "limit": {"amount": 1, "unit": "working_days"},
        "calendar": SHANGHAI,
    }
    asked = {**item, "policy": {"wd_deadline_time": "17:00"}}
    due = [
        each["due"]
        for ends in ("2026-11-26T17:00:00+08:00", "2026-11-26T17:01:00+08:00")
        for each in answers({**asked, "pauses": [["2026-11-24T16:00:00+08:00", ends]]})
    ]
    assert due == ["2026-11-26T17:00:00+08:00", "2026-11-27T17:00:00+08:00"]


def test_a_thousand_calendars_of_ones_own_reach_as_far_as_a_working_year(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("escalation.calculate.MOST_DAYS", MOST_DAYS // 100)
    found = answers(
        *(
            {
                "start": "2026-11-23T09:00:00+08:00",
                "limit": {"amount": 250, "unit": "working_days"},
                "calendar": {**SHANGHAI, "days": {f"2026-12-{day}": "off"}},
            }
            for day in range(10, 20)
        )
    )
    assert all("due" in each for each in found)


def test_random_questions_are_answered_as_counting_by_hand_does() -> None:
    chance = random.Random(2026)
    items, expected = zip(*(question(chance) for _ in range(150)), strict=True)
    found = answers(*items)
    assert [datetime.fromisoformat(each["due"]) for each in found] == list(expected)
    for each, item in zip(found, items, strict=True):
        spans = [[datetime.fromisoformat(at) for at in segment] for segment in each["segments"]]
        if item["limit"]["unit"].endswith("minutes"):
            whole = sum((ends - begins for begins, ends in spans), timedelta())
            assert whole == timedelta(minutes=item["limit"]["amount"])
        else:
            assert len(spans) == item["limit"]["amount"]


def question(chance: random.Random) -> tuple[dict[str, Any], datetime]:
    """Return an item and, counted by hand, its due."""
    hours = chance.choice([OFFICE, [["09:00", "17:00"]], [["16:00", "24:00"]], [["00:00", "24:00"]]])
    weekdays = chance.sample(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], chance.randint(1, 7))
    zone = chance.choice(["Europe/Amsterdam", "America/New_York", "Asia/Shanghai", "Australia/Sydney"])
    start = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(60 * 24 * 250))
    days = {
        (start + timedelta(chance.randrange(-2, 30))).date().isoformat(): chance.choice(
            ["work", "off", [["10:00", "11:15"]]]
        )
        for _ in range(chance.randrange(6))
    }
    unit = chance.choice(["working_minutes", "working_days", "calendar_days", "wall_minutes"])
    amount = chance.randrange(1, 1200) if unit.endswith("minutes") else chance.randrange(1, 9)
    begins = start + timedelta(minutes=chance.randrange(-600, 4000))
    pauses = [(begins, begins + timedelta(minutes=chance.randrange(6000)))][: chance.randrange(2)]
    calendar = {"time_zone": zone, "week": dict.fromkeys(weekdays, hours), "days": days}
    item = {
        "start": start.isoformat(),
        "limit": {"amount": amount, "unit": unit},
        "calendar": calendar,
        "pauses": [[each.isoformat() for each in pause] for pause in pauses],
    }
    oracle = Oracle.written(calendar)
    if unit.endswith("minutes"):
        return item, oracle.add_minutes(start, amount, pauses, unit == "working_minutes")
    return item, oracle.add_days(start, amount, pauses, unit == "working_days")


def test_a_day_the_zone_leaves_out_is_no_working_day() -> None:
    """Samoa went from 29 to 31 December 2011: the hours of that Friday are nobody's, Saturday has its own."""
    samoa = {
        "time_zone": "Pacific/Apia",
        "week": {"thu": [["08:00", "12:00"]], "fri": [["02:00", "23:45"]], "sat": [["09:15", "19:15"]]},
    }
    item = {"start": "2011-12-28T12:00:00-10:00", "calendar": samoa}
    days, minutes = answers(
        {**item, "limit": {"amount": 2, "unit": "working_days"}},
        {**item, "limit": {"amount": 241, "unit": "working_minutes"}},
    )
    assert days["days"] == ["2011-12-29", "2011-12-31"]
    assert days["due"] == "2011-12-31T19:15:00+14:00"
    assert minutes["due"] == "2011-12-31T09:16:00+14:00"


def test_a_calendar_may_open_on_the_last_day_there_is() -> None:
    own = {"time_zone": "UTC", "week": {}, "days": {"9999-12-31": [["08:00", "09:00"]]}}
    (found,) = answers({"start": "2026-11-23T09:00:00Z", "limit": DAYS_5, "calendar": own})
    assert found["problem"]["code"] == "calendar_exhausted"
