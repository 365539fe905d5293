"""Working time against tables a clerk can check, and edge cases peers got wrong."""

import csv
import time as clock
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest

from escalation.domain.officehours import Season
from escalation.domain.worktime import (
    Amount,
    DayKind,
    Due,
    Unit,
    add,
    add_calendar_days,
    add_wall_minutes,
    add_working_days,
    add_working_minutes,
    add_working_time,
    is_open,
    subtract_working_days,
    working_minutes_between,
    working_time_between,
)
from schemas.errors import CalendarExhausted
from tests.escalation.domain.examples import (
    HK,
    MIDNIGHT,
    NINE_TO_FIVE,
    ROUND_THE_CLOCK,
    WEEKDAYS,
    calendar,
    daily,
    local,
)

UNIT_CASES = list(csv.DictReader((Path(__file__).parent / "unit_cases.csv").read_text().splitlines()))

ANNOUNCED = list(
    csv.DictReader((files("escalation") / "reference/calendar_days.csv").read_text("utf-8").splitlines())
)
PUBLISHED = [date(2007, 1, 1) + timedelta(n) for n in range((date(2027, 1, 1) - date(2007, 1, 1)).days)]
KINDS = {True: "work", False: "off"}

SCENARIOS = """
    S1a  sign        2026-09-30T17:50  30    working_minutes  2026-10-08T08:30
    S1a  contact     2026-09-30T17:50   1    working_days     2026-10-08T17:30
    S1a  completion  2026-09-30T17:50   5    working_days     2026-10-13T17:30
    S1b  sign        2025-09-26T17:50  30    working_minutes  2025-09-28T08:30
    S1b  contact     2025-09-26T17:50   1    working_days     2025-09-28T17:30
    S1b  completion  2025-09-26T17:50   5    working_days     2025-10-10T17:30
    S1c  sign        2026-09-25T17:50  30    working_minutes  2026-09-28T08:30
    S1c  contact     2026-09-25T17:50   1    working_days     2026-09-28T17:30
    S1c  completion  2026-09-25T17:50   5    working_days     2026-10-09T17:30
    S1d  sign        2026-09-30T17:29  30    working_minutes  2026-10-08T08:29
    S1d  contact     2026-09-30T17:29   1    working_days     2026-10-08T17:30
    S1d  completion  2026-09-30T17:29   5    working_days     2026-10-13T17:30
    S1a' sign-u2     2026-09-30T17:50  30    wall_minutes     2026-09-30T18:20
    S1a' sign-u1     2026-09-30T17:50  15    wall_minutes     2026-09-30T18:05
    S1a' completion  2026-09-30T17:50  1440  wall_minutes     2026-10-01T17:50
    S2a  sign        2026-10-10T11:50  30    working_minutes  2026-10-10T14:50
    S2a  contact     2026-10-10T11:50   1    working_days     2026-10-12T17:30
    S2a  completion  2026-10-10T11:50   5    working_days     2026-10-16T17:30
    S2b  sign        2026-10-10T22:40  15    wall_minutes     2026-10-10T22:55
    S2b  contact     2026-10-10T22:40  30    wall_minutes     2026-10-10T23:10
    S2b  feedback    2026-10-10T22:40  120   wall_minutes     2026-10-11T00:40
    S2b  completion  2026-10-10T22:40  1440  wall_minutes     2026-10-11T22:40
    S3   sign        2026-11-19T16:55  30    working_minutes  2026-11-19T17:25
    S3   contact     2026-11-19T16:55   1    working_days     2026-11-20T17:30
    S3   completion  2026-11-19T16:55   5    working_days     2026-11-26T17:30
    S4   sign        2026-11-21T22:10  30    working_minutes  2026-11-23T08:30
    S4   transfer    2026-11-21T22:10   1    working_days     2026-11-23T17:30
    S4   statutory   2026-11-21T22:10  15    calendar_days    2026-12-07T17:30
    S4   completion  2026-11-21T22:10   5    working_days     2026-11-27T17:30
    S5   sign-A      2026-11-24T09:05  30    working_minutes  2026-11-24T09:35
    S5   return-A    2026-11-24T09:05   1    working_days     2026-11-25T17:30
    S5   completion  2026-11-24T09:05   5    working_days     2026-12-01T17:30
    S5   review      2026-11-25T11:00  240   working_minutes  2026-11-25T17:30
    S5   sign-B      2026-11-25T15:10  30    working_minutes  2026-11-25T15:40
    S5   due-B       2026-11-25T15:10   5    working_days     2026-12-02T17:30
    S5   dispute     2026-11-26T09:30   1    working_days     2026-11-27T17:30
    S6   suspended   2026-11-25T10:00   3    working_days     2026-11-30T17:30
    S6   extended    2026-12-01T17:30  10    working_days     2026-12-15T17:30
    S6   redo        2026-12-01T16:20   3    working_days     2026-12-04T17:30
    S6   callback    2026-10-09T11:00   2    working_days     2026-10-12T17:30
"""

ACROSS_THE_YEAR = [
    ("2026-11-26T10:00", Unit.WORKING_DAYS, 60, "2027-02-25T17:30", True),
    ("2027-02-25T17:30", Unit.WORKING_DAYS, 30, "2027-04-09T17:30", True),
    ("2026-12-30T16:00", Unit.WORKING_DAYS, 5, "2027-01-07T17:30", True),
    ("2026-12-31T16:00", Unit.WORKING_MINUTES, 90, "2026-12-31T17:30", False),
    ("2026-12-31T16:00", Unit.WORKING_MINUTES, 91, "2027-01-04T08:01", True),
    ("2026-12-25T09:00", Unit.WORKING_DAYS, 4, "2026-12-31T17:30", False),
    ("2026-12-20T09:00", Unit.CALENDAR_DAYS, 11, "2026-12-31T17:30", False),
    ("2026-12-20T09:00", Unit.CALENDAR_DAYS, 12, "2027-01-04T17:30", True),
    ("2026-12-31T23:30", Unit.WALL_MINUTES, 60, "2027-01-01T00:30", False),
]


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


def limit(count: str, unit: str) -> Amount:
    return Amount(int(count), Unit(unit))


@pytest.mark.parametrize("case", UNIT_CASES, ids=lambda case: f"{case['kind']} {case['start']} {case['n']}")
def test_a_published_case_falls_due_when_the_table_says(case: dict[str, str]) -> None:
    start, expected = (datetime.fromisoformat(case[key]) for key in ("start", "expected"))
    due = add(start, limit(case["n"], case["kind"]), HK)
    assert due == Due(expected, provisional=False)
    assert due.at.tzinfo is UTC


@pytest.mark.parametrize("row", rows(SCENARIOS), ids=" ".join)
def test_a_scenario_falls_due_to_the_minute(row: list[str]) -> None:
    _, _, start, count, unit, expected = row
    assert add(local(start), limit(count, unit), HK) == Due(local(expected), provisional=False)


@pytest.mark.parametrize(("start", "unit", "count", "expected", "provisional"), ACROSS_THE_YEAR)
def test_a11_a_deadline_that_reaches_an_unpublished_year_says_so(
    start: str, unit: Unit, count: int, expected: str, provisional: bool
) -> None:
    assert add(local(start), Amount(count, unit), HK) == Due(local(expected), provisional)


def test_only_the_years_between_start_and_end_make_a_deadline_provisional() -> None:
    always = calendar(daily(ROUND_THE_CLOCK), first="2025-01-01", last="2027-12-31", provisional=[2025, 2027])
    assert add_working_days(local("2025-06-01T09:00"), 1, always).provisional
    assert add_working_days(local("2025-12-31T09:00"), 1, always).provisional
    assert not add_working_days(local("2026-06-01T09:00"), 1, always).provisional
    assert add_working_days(local("2026-06-01T09:00"), 214, always).provisional
    assert add_working_minutes(local("2026-12-31T23:00"), 60, always) == Due(local("2027-01-01T00:00"), False)
    assert add_working_minutes(local("2026-12-31T23:00"), 61, always) == Due(local("2027-01-01T00:01"), True)


@pytest.mark.parametrize(
    ("due", "count", "earlier"),
    [
        ("2026-10-13T17:30", 1, "2026-10-12T17:30"),
        ("2026-10-12T17:30", 1, "2026-10-10T17:30"),
        ("2026-10-08T17:30", 1, "2026-09-30T17:30"),
        ("2026-10-04T09:00", 1, "2026-09-30T09:00"),
        ("2026-10-16T17:30", 5, "2026-10-10T17:30"),
        ("2026-10-04T09:00", 0, "2026-10-04T09:00"),
    ],
)
def test_working_days_are_taken_back_at_the_same_local_time(due: str, count: int, earlier: str) -> None:
    assert subtract_working_days(local(due), count, HK) == local(earlier)


def test_the_calendar_agrees_with_an_independent_one_day_by_day() -> None:
    working = set(HK.working_days)
    assert [day for day in PUBLISHED if chinese_calendar.is_workday(day) != (day in working)] == []


def test_every_day_is_as_the_state_council_announced_it_and_else_as_its_weekday() -> None:
    kinds = {row["date"]: row["kind"] for row in ANNOUNCED}
    working = set(HK.working_days)
    by_the_papers = {day for day in PUBLISHED if kinds.get(f"{day}", KINDS[day.weekday() < 5]) == "work"}
    assert working & set(PUBLISHED) == by_the_papers
    assert len(PUBLISHED) == 7305


def test_a10_the_make_up_days_of_2026_are_open() -> None:
    made_up = [day for day in HK.working_days if day.year == 2026 and day.weekday() > 4]
    assert [f"{day:%m-%d}" for day in made_up] == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
    assert all(is_open(local(f"{day}T10:00"), HK) for day in made_up)
    assert len([day for day in HK.working_days if day.year == 2026]) == 248


def test_only_the_unpublished_year_is_provisional() -> None:
    assert {day.year for day in HK.provisional_days} == {2027}
    assert len(HK.provisional_days) == 365


class TestBoundaries:
    @pytest.mark.parametrize(
        ("start", "count", "due"),
        [
            ("2026-11-23T08:00", 240, "2026-11-23T12:00"),
            ("2026-11-23T14:30", 180, "2026-11-23T17:30"),
            ("2026-11-23T12:00", 180, "2026-11-23T17:30"),
            ("2026-11-23T17:30", 1, "2026-11-24T08:01"),
        ],
    )
    def test_a1_a_limit_used_up_at_closing_time_stays_there(self, start: str, count: int, due: str) -> None:
        assert add_working_minutes(local(start), count, HK).at == local(due)

    @pytest.mark.parametrize("start", ["2026-11-23T09:00", "2026-11-23T13:00", "2026-11-22T09:00"])
    @pytest.mark.parametrize("unit", Unit)
    def test_a2_a_limit_of_nothing_is_over_at_once(self, start: str, unit: Unit) -> None:
        assert add(local(start), Amount(0, unit), HK).at == local(start)

    def test_a2_a_negative_limit_is_refused(self) -> None:
        start = local("2026-11-23T09:00")
        with pytest.raises(ValueError, match="negative"):
            Amount(-1, Unit.WORKING_DAYS)
        for count in (add_wall_minutes, add_working_minutes, add_working_days, add_calendar_days):
            with pytest.raises(ValueError, match="negative"):
                count(start, -1, HK)
        with pytest.raises(ValueError, match="negative"):
            subtract_working_days(start, -1, HK)

    def test_a_time_without_an_offset_is_refused(self) -> None:
        naive = local("2026-11-23T09:00").replace(tzinfo=None)
        for unit in Unit:
            with pytest.raises(ValueError, match="offset"):
                add(naive, Amount(1, unit), HK)

    @pytest.mark.parametrize(
        ("start", "end", "minutes"),
        [
            ("2026-11-23T07:00", "2026-11-23T08:00", 0),
            ("2026-11-23T12:00", "2026-11-23T14:30", 0),
            ("2026-10-01T09:00", "2026-10-07T17:00", 0),
            ("2026-10-03T09:00", "2026-10-08T08:10", 10),
            ("2026-11-23T11:59", "2026-11-23T14:31", 2),
            ("2026-11-23T08:00", "2026-11-24T08:00", 420),
            ("2026-11-24T08:00", "2026-11-23T08:00", -420),
            ("2026-11-23T08:00:00", "2026-11-23T08:00:30", 0.5),
        ],
    )
    def test_a3_only_office_hours_are_counted_between(self, start: str, end: str, minutes: float) -> None:
        assert working_minutes_between(local(start), local(end), HK) == minutes

    @pytest.mark.parametrize(
        ("at", "is_it"),
        [
            ("2026-11-23T08:00:00", True),
            ("2026-11-23T07:59:59.999999", False),
            ("2026-11-23T11:59:59.999999", True),
            ("2026-11-23T12:00:00", False),
            ("2026-11-23T17:30:00", False),
            ("2026-10-10T09:00:00", True),
            ("2026-10-07T09:00:00", False),
            ("2026-11-22T09:00:00", False),
        ],
    )
    def test_the_office_is_open_from_opening_until_just_before_closing(self, at: str, is_it: bool) -> None:
        assert is_open(local(at), HK) is is_it

    def test_a4_hours_may_last_until_midnight(self) -> None:
        evenings = calendar(daily([(time(16), MIDNIGHT)]))
        due = add_working_minutes(local("2026-11-23T22:00"), 121, evenings)
        assert due.at == local("2026-11-24T16:01")

    def test_seconds_and_microseconds_are_exact_over_many_pauses(self) -> None:
        pause = timedelta(seconds=37, microseconds=1)
        at = local("2026-11-02T08:00")
        for _ in range(1000):
            at = add_working_time(at, pause, HK).at
        assert working_time_between(local("2026-11-02T08:00"), at, HK) == 1000 * pause


class TestFarAndSparse:
    def test_a8_a_calendar_that_opens_one_hour_a_week_is_followed_for_weeks(self) -> None:
        wednesdays = calendar({2: [(time(9), time(10))]})
        due = add_working_minutes(local("2026-11-05T12:00"), 180, wednesdays)
        assert due.at == local("2026-11-25T10:00")

    def test_a17_250_working_days_are_counted_one_by_one(self) -> None:
        start = local("2025-03-03T12:00")
        after = [day for day in HK.working_days if day > date(2025, 3, 3)]
        assert add_working_days(start, 250, HK).at == local(f"{after[249]}T17:30")

    def test_a17_two_years_of_working_time_are_exact(self) -> None:
        start = local("2024-01-02T08:00")
        days = [day for day in HK.working_days if date(2024, 1, 2) <= day < date(2026, 1, 1)]
        assert add_working_minutes(start, 420 * len(days), HK).at == local("2025-12-31T17:30")

    @pytest.mark.parametrize(
        ("start", "amount"),
        [
            ("2027-12-31T08:00", Amount(421, Unit.WORKING_MINUTES)),
            ("2027-12-31T08:00", Amount(1, Unit.WORKING_DAYS)),
            ("2027-12-31T08:00", Amount(1, Unit.CALENDAR_DAYS)),
            ("2026-11-23T08:00", Amount(10**6, Unit.WORKING_MINUTES)),
            ("2026-11-23T08:00", Amount(10**20, Unit.WORKING_MINUTES)),
            ("2026-11-23T08:00", Amount(10**20, Unit.WALL_MINUTES)),
            ("2026-11-23T08:00", Amount(10**20, Unit.WORKING_DAYS)),
            ("2026-11-23T08:00", Amount(10**20, Unit.CALENDAR_DAYS)),
            ("2028-01-01T00:00", Amount(0, Unit.WORKING_MINUTES)),
            ("2028-01-01T00:00", Amount(0, Unit.WORKING_DAYS)),
            ("2006-12-31T23:59", Amount(5, Unit.WORKING_DAYS)),
            ("2006-12-31T23:59", Amount(5, Unit.WORKING_MINUTES)),
        ],
    )
    def test_a17_a_limit_that_leaves_the_calendar_is_an_error(self, start: str, amount: Amount) -> None:
        with pytest.raises(CalendarExhausted, match="2007-01-01 to 2027-12-31") as error:
            add(local(start), amount, HK)
        assert error.value.facts["last_day"] == "2027-12-31"

    def test_the_last_minute_of_the_calendar_can_be_used(self) -> None:
        assert add_working_minutes(local("2027-12-31T08:00"), 420, HK).at == local("2027-12-31T17:30")

    def test_a_calendar_is_not_left_backwards_either(self) -> None:
        with pytest.raises(CalendarExhausted):
            subtract_working_days(local("2007-01-04T17:30"), 1, HK)


class TestBuilding:
    def test_a7_a_calendar_that_never_opens_is_refused(self) -> None:
        with pytest.raises(ValueError, match="never opens"):
            calendar({})
        with pytest.raises(ValueError, match="never opens"):
            calendar({5: NINE_TO_FIVE}, first="2026-11-23", last="2026-11-27")

    @pytest.mark.parametrize(
        "windows",
        [
            [(time(9), time(9))],
            [(time(17), time(9))],
            [(time(9), time(12)), (time(11), time(17))],
            [(time(9), MIDNIGHT), (time(12), time(13))],
        ],
    )
    def test_office_hours_out_of_order_are_refused(self, windows: list[tuple[time, time]]) -> None:
        with pytest.raises(ValueError, match="out of order"):
            calendar({0: windows})

    def test_office_hours_may_be_written_in_any_order(self) -> None:
        lunch = calendar(daily([(time(14), time(17)), (time(9), time(12))]))
        assert add_working_minutes(local("2026-11-23T11:00"), 120, lunch).at == local("2026-11-23T15:00")

    def test_a_day_may_have_hours_of_its_own(self) -> None:
        short = calendar(daily(NINE_TO_FIVE), days={"2026-11-24": [(time(9), time(11))], "2026-11-25": []})
        assert add_working_days(local("2026-11-23T11:00"), 1, short).at == local("2026-11-24T11:00")
        assert add_working_days(local("2026-11-23T11:00"), 2, short).at == local("2026-11-26T17:00")

    def test_a_season_replaces_the_usual_hours_on_its_days(self) -> None:
        june = Season(date(2026, 6, 1), date(2026, 6, 30), daily([(time(7), time(15))], WEEKDAYS))
        summer = calendar(daily(NINE_TO_FIVE), days={"2026-06-06": DayKind.WORK}, seasons=[june])
        assert add_working_days(local("2026-05-30T11:00"), 1, summer).at == local("2026-05-31T17:00")
        assert add_working_days(local("2026-05-31T11:00"), 6, summer).at == local("2026-06-06T15:00")
        assert add_working_days(local("2026-06-30T11:00"), 1, summer).at == local("2026-07-01T17:00")

    def test_seasons_that_overlap_or_end_before_they_begin_are_refused(self) -> None:
        june = Season(date(2026, 6, 1), date(2026, 6, 30), {})
        with pytest.raises(ValueError, match="overlap"):
            calendar(daily(NINE_TO_FIVE), seasons=[june, Season(date(2026, 6, 30), date(2026, 7, 1), {})])
        with pytest.raises(ValueError, match="ends before it begins"):
            calendar(daily(NINE_TO_FIVE), seasons=[Season(date(2026, 6, 30), date(2026, 6, 1), {})])

    def test_windows_that_touch_are_one_stretch_of_work(self) -> None:
        touching = calendar(daily([(time(8), time(12)), (time(12), time(16))]))
        assert add_working_minutes(local("2026-11-23T11:00"), 120, touching).at == local("2026-11-23T13:00")

    def test_a_make_up_day_has_hours_though_its_weekday_has_none(self) -> None:
        made_up = calendar(daily(NINE_TO_FIVE, WEEKDAYS), days={"2026-11-28": DayKind.WORK})
        assert add_working_days(local("2026-11-27T10:00"), 1, made_up).at == local("2026-11-28T17:00")

    def test_a_make_up_day_keeps_the_hours_of_the_first_weekday_that_has_any(self) -> None:
        hours = {4: [(time(8), time(11))], 1: NINE_TO_FIVE, 0: []}
        made_up = calendar(hours, days={"2026-11-28": DayKind.WORK})
        assert add_working_days(local("2026-11-27T10:00"), 1, made_up).at == local("2026-11-28T17:00")

    def test_a_make_up_day_on_a_weekday_with_hours_keeps_them(self) -> None:
        saturdays = {**daily(NINE_TO_FIVE, WEEKDAYS), 5: [(time(9), time(12))]}
        made_up = calendar(saturdays, days={"2026-11-28": DayKind.WORK})
        assert add_working_days(local("2026-11-27T10:00"), 1, made_up).at == local("2026-11-28T12:00")


class TestZones:
    AMSTERDAM = ZoneInfo("Europe/Amsterdam")

    @pytest.fixture(params=["UTC", "America/New_York", "Asia/Shanghai"])
    def machine_zone(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("TZ", request.param)
        clock.tzset()
        yield
        monkeypatch.undo()
        clock.tzset()

    @pytest.mark.usefixtures("machine_zone")
    @pytest.mark.parametrize("seen_from", ["UTC", "America/New_York", "Asia/Shanghai"])
    def test_a9_neither_the_machine_nor_the_caller_chooses_the_zone_of_a_day(self, seen_from: str) -> None:
        start = local("2026-09-30T00:30").astimezone(ZoneInfo(seen_from))
        assert add_working_days(start, 1, HK).at == local("2026-10-08T17:30")
        assert add_working_minutes(start, 421, HK).at == local("2026-10-08T08:01")
        assert subtract_working_days(local("2026-10-08T00:30"), 1, HK) == local("2026-09-30T00:30")

    @pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)])
    def test_a6_a_day_is_as_long_as_it_really_is(self, day: str, hours: int) -> None:
        always = calendar(daily(ROUND_THE_CLOCK), zone="Europe/Amsterdam")
        begins = local(f"{day}T00:00", self.AMSTERDAM)
        ends = local(f"{date.fromisoformat(day) + timedelta(1)}T00:00", self.AMSTERDAM)
        assert working_minutes_between(begins, ends, always) == hours * 60
        assert add_working_minutes(begins, hours * 60, always).at == ends

    def test_wall_minutes_are_real_minutes_when_the_clock_is_put_back(self) -> None:
        start = local("2026-10-25T01:30", self.AMSTERDAM)
        assert add_wall_minutes(start, 120, HK).at == start.astimezone(UTC) + timedelta(hours=2)

    def test_a5_hours_in_the_skipped_hour_vanish_and_are_not_counted_twice(self) -> None:
        night = [(time(1), time(2, 30)), (time(3), time(4))]
        nights = calendar(daily(night), zone="Europe/Amsterdam")
        begins, ends = (local(f"2026-03-29T0{hour}:00", self.AMSTERDAM) for hour in (1, 4))
        assert working_minutes_between(begins, ends, nights) == 120
        ends_inside = calendar(
            daily([(time(1), time(2, 30)), (time(3), time(3, 20))]), zone="Europe/Amsterdam"
        )
        assert working_minutes_between(begins, ends, ends_inside) == 90
        skipped = calendar(daily([(time(2), time(3))]), zone="Europe/Amsterdam")
        assert working_minutes_between(begins, ends, skipped) == 0
        assert date(2026, 3, 29) not in skipped.working_days

    def test_a_day_that_begins_at_one_o_clock_still_has_its_hours(self) -> None:
        always = calendar(
            daily(ROUND_THE_CLOCK), first="2015-10-01", last="2015-10-31", zone="America/Sao_Paulo"
        )
        zone = ZoneInfo("America/Sao_Paulo")
        begins, ends = local("2015-10-17T00:00", zone), local("2015-10-19T00:00", zone)
        assert working_minutes_between(begins, ends, always) == 47 * 60


def test_a12_a_calendar_is_an_unchanging_snapshot() -> None:
    with pytest.raises(AttributeError):
        HK.version = "2"  # type: ignore[misc]
