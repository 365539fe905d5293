"""Times in the forms that lines write them, and times that cannot be."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from intake.domain.moment import Moments, implausible, out_of_order, read_moment, says_none

CITY = timezone(timedelta(hours=8))
MORNING = datetime(2026, 3, 5, 7, 15, 30, tzinfo=CITY)


@pytest.mark.parametrize(
    "written",
    [
        "2026/3/5 7:15:30",
        "2026-03-05 07:15:30",
        "2026.3.5 7:15:30",
        "2026-03-05T07:15:30+08:00",
        "2026-03-05T07:15:30+0800",
        "2026-03-04T23:15:30Z",
        "20260305071530",
        "20260304T231530Z",
        "2026年3月5日 7时15分30秒",
        "2026年3月5日上午7:15:30",
        "2026年3月5日早晨7时15分30秒",
        "26年3月5日 7:15:30",
        "2026年3月5日(星期四) 7:15:30",
        "2026-03-05 周四 07:15:30",
        "2026-03-05 07:15:30 星期四",
        "2026/3/5 7:15:30 上午",
        "2026-03-05_07:15:30",
        "2026-03-05 07:15:30 CST",
        "2026/3/5 7:15:30 AM +08:00",
        "2026-03-05 07:15:30 北京时间",
        "２０２６／３／５ ７：１５：３０",
        1772666130,
        1772666130000,
        "1772666130000",
        46086.302431,
        MORNING,
        MORNING.replace(tzinfo=None),
    ],
)
def test_one_moment_in_every_form(written: Any) -> None:
    assert read_moment(written, CITY) == MORNING


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026年3月5日下午3点", datetime(2026, 3, 5, 15, tzinfo=CITY)),
        ("2026年3月5日下午3点半", datetime(2026, 3, 5, 15, 30, tzinfo=CITY)),
        ("2026年3月5日午后3点整", datetime(2026, 3, 5, 15, tzinfo=CITY)),
        ("2026年3月5日傍晚6点", datetime(2026, 3, 5, 18, tzinfo=CITY)),
        ("2026年3月5日中午1点", datetime(2026, 3, 5, 13, tzinfo=CITY)),
        ("2026年3月5日中午12点", datetime(2026, 3, 5, 12, tzinfo=CITY)),
        ("2026年3月5日夜里11点", datetime(2026, 3, 5, 23, tzinfo=CITY)),
        ("2026年3月5日晚上12点", datetime(2026, 3, 6, tzinfo=CITY)),
        ("2026年3月5日凌晨12点半", datetime(2026, 3, 5, 0, 30, tzinfo=CITY)),
        ("2026/3/5 12:30 AM", datetime(2026, 3, 5, 0, 30, tzinfo=CITY)),
        ("2026/3/5 12:30 PM", datetime(2026, 3, 5, 12, 30, tzinfo=CITY)),
        ("2026年3月5日 7时15分", datetime(2026, 3, 5, 7, 15, tzinfo=CITY)),
        ("2026/3/5", datetime(2026, 3, 5, tzinfo=CITY)),
        ("20260305", datetime(2026, 3, 5, tzinfo=CITY)),
        ("46086", datetime(2026, 3, 5, tzinfo=CITY)),
        (date(2026, 3, 5), datetime(2026, 3, 5, tzinfo=CITY)),
        ("2026-03-05 24:00:00", datetime(2026, 3, 6, tzinfo=CITY)),
    ],
)
def test_a_day_is_its_midnight_and_a_time_without_a_zone_is_the_citys(written: Any, moment: datetime) -> None:
    assert read_moment(written, CITY) == moment


@pytest.mark.parametrize(
    "written",
    [
        "",
        "昨天",
        "2026-2-30",
        "5/3/2026",
        "26/3/5",
        "2026-03-05 25:00",
        "2026-03-05 24:01",
        "2026年3月5日夜里2点",
        "2026年3月5日9:00-10:00",
        "2026-03-05 上午9:00-10:00",
        "2026-03-05 09:00-10:00",
        "12",
        True,
        None,
        [],
        1e300,
    ],
)
def test_what_is_no_moment_is_none(written: Any) -> None:
    assert read_moment(written, CITY) is None


@pytest.mark.parametrize("written", ["", " ", "-", "无", "NULL", "0000-00-00 00:00:00", "不详"])
def test_a_word_for_no_moment_says_none(written: str) -> None:
    assert says_none(written)
    assert not says_none("昨天")


@pytest.mark.parametrize("written", ["0001-01-01", "1900-01-01 00:00:00", "1970-01-01T00:00:00Z"])
def test_the_moments_of_empty_fields_are_implausible(written: str) -> None:
    moment = read_moment(written, CITY)
    assert moment is not None
    problem = implausible("accepted_at", moment, None)
    assert problem is not None
    assert (problem.field, problem.code) == ("accepted_at", "implausible_moment")


def test_a_moment_to_come_is_pointed_out_but_clocks_may_be_five_minutes_apart() -> None:
    later = implausible("occurred_at", MORNING, MORNING - timedelta(minutes=6))
    assert later is not None
    assert later.code == "in_the_future"
    assert implausible("occurred_at", MORNING, MORNING - timedelta(minutes=5)) is None


@pytest.mark.parametrize(
    ("moments", "codes"),
    [
        (
            Moments(accepted_at=MORNING, dispatched_at=MORNING - timedelta(seconds=1)),
            ["dispatched_before_created"],
        ),
        (Moments(accepted_at=MORNING, ended_at=MORNING - timedelta(days=1)), ["ended_before_created"]),
        (Moments(accepted_at=MORNING, occurred_at=MORNING + timedelta(days=1)), ["occurred_after_created"]),
        (Moments(accepted_at=MORNING, dispatched_at=MORNING, ended_at=MORNING, occurred_at=MORNING), []),
        (Moments(dispatched_at=MORNING), []),
    ],
)
def test_an_order_that_cannot_be_is_pointed_out(moments: Moments, codes: list[str]) -> None:
    assert [each.code for each in out_of_order(moments)] == codes


@given(some.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001
def test_every_moment_reads_back_from_its_written_form(moment: datetime) -> None:
    known = moment.replace(tzinfo=CITY)
    assert read_moment(known.isoformat(), CITY) == known
    assert read_moment(f"{moment:%Y%m%d%H%M%S}", CITY) == known.replace(microsecond=0)


@given(some.text(max_size=30) | some.text("0123456789-/:年月日时分TZ+. ", max_size=30) | some.floats())
def test_no_value_makes_it_raise(written: Any) -> None:
    read_moment(written, CITY)
