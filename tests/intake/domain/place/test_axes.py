"""Longitude and latitude however they are written."""

from typing import Any

import pytest

from intake.domain.evidence import Problem
from intake.domain.place.axes import read_axes


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (110.35, 20.02),
        ("110.35", "20.02"),
        (" １１０．３５ ", "２０．０２"),
        ("110.35°", "20.02°"),
        ("110.35E", "20.02N"),
        ("E110.35", "N20.02"),
        ("东经110.35度", "北纬20.02度"),
        ("110°21'", "20°1'12\""),
        ("110°21′0.0″", "20°1′12″"),
        ("110度21分0秒E", "20度1分12秒N"),
        ("110.35,20.02", ""),
        (None, "110.35 20.02"),
        ("110.35，20.02", None),
    ],
)
def test_one_place_in_every_form(x: Any, y: Any) -> None:
    problems: list[Problem] = []
    assert read_axes(x, y, problems) == pytest.approx((110.35, 20.02))
    assert problems == []


@pytest.mark.parametrize("nothing", [None, "", "无", "-", "null", "undefined", "N/A", " "])
def test_nothing_said_is_no_place_and_no_problem(nothing: Any) -> None:
    problems: list[Problem] = []
    assert read_axes(nothing, nothing, problems) == (None, None)
    assert problems == []


@pytest.mark.parametrize("x", ["东边", "东经", "110.3.5", "110°99", "海口,三亚", "1100.35°", "30″", "11020″"])
def test_what_is_no_number_is_a_problem(x: str) -> None:
    problems: list[Problem] = []
    assert read_axes(x, "20.02", problems) == (None, 20.02)
    assert [(each.field, each.code) for each in problems] == [("longitude", "coordinates_unreadable")]


def test_zero_is_a_number_and_west_and_south_lie_behind_the_line() -> None:
    assert read_axes("0", "0.000", []) == (0.0, 0.0)
    assert read_axes("西经110.35", "20.02S", []) == (-110.35, -20.02)
