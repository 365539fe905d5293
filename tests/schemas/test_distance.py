"""How far two points are apart."""

import pytest

from schemas.distance import metres_apart


def test_a_thousandth_of_a_degree_north_is_111_metres() -> None:
    assert metres_apart(110.35, 20.02, 110.35, 20.021) == pytest.approx(111.2, abs=0.1)


def test_a_point_that_is_not_known_is_at_no_distance() -> None:
    assert metres_apart(110.35, 20.02, None, None) is None
