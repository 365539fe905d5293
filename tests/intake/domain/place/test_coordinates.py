"""Coordinates as they are sent, as degrees or refused."""

from math import cos, hypot, inf, nan, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.domain.place.coordinates import gcj02_to_bd09, read_point, to_wgs84, wgs84_to_gcj02

EAST = st.floats(110.12, 110.72)
NORTH = st.floats(19.52, 20.11)


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    return 111_000 * hypot((one[0] - other[0]) * cos(radians(20)), one[1] - other[1])


@pytest.mark.parametrize(
    ("x", "y", "system", "expected", "codes"),
    [
        (110.35, 20.02, "wgs84", (110.35, 20.02), []),
        (110.35, 20.02, "CGCS2000", (110.35, 20.02), []),
        (110.35, 20.02, "WGS-84", (110.35, 20.02), []),
        (20.02, 110.35, "wgs84", (110.35, 20.02), ["coordinates_swapped"]),
        (110.35, 20.02, None, (110.35, 20.02), ["coordinate_system_unknown"]),
        (0.0, 0.0, None, None, ["coordinates_zero"]),
        (110.35, None, None, None, ["coordinates_incomplete"]),
        (nan, 20.0, None, None, ["coordinates_incomplete"]),
        (inf, 20.0, None, None, ["coordinates_incomplete"]),
        (187654.5, 212345.6, None, None, ["coordinates_plane"]),
        (37432100.0, 2214500.0, None, None, ["coordinates_plane"]),
        (109.5, 18.25, "wgs84", None, ["coordinates_outside_city"]),
        (None, None, None, None, []),
    ],
)
def test_coordinates_are_taken_mended_or_refused_with_a_reason(
    x: float | None,
    y: float | None,
    system: str | None,
    expected: tuple[float, float] | None,
    codes: list[str],
) -> None:
    point = read_point(x, y, system)
    assert ((point.longitude, point.latitude) if point.longitude is not None else None) == expected
    assert [each.code for each in point.problems] == codes


def test_the_shift_of_map_vendors_is_hundreds_of_metres_here() -> None:
    place = (110.35, 20.02)
    assert 300 < metres(place, wgs84_to_gcj02(*place)) < 700
    assert 500 < metres(wgs84_to_gcj02(*place), gcj02_to_bd09(*wgs84_to_gcj02(*place))) < 1200


@given(EAST, NORTH)
def test_shifted_coordinates_come_back_to_a_decimetre(x: float, y: float) -> None:
    shifted = wgs84_to_gcj02(x, y)
    assert metres((x, y), to_wgs84(*shifted, "gcj02")) < 0.1
    assert metres((x, y), to_wgs84(*gcj02_to_bd09(*shifted), "bd09")) < 1
