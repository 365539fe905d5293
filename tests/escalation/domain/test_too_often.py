"""What happens so often within so long is found once, and again only when as long has passed."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.domain.too_often import reached_at
from tests.escalation.domain.examples import local

WEEK = timedelta(days=7)
FIRST = local("2026-11-02T09:00")

TWICE_IN_A_WEEK = """
    # red on which days        found on
    0                          -
    0 6.9                      6.9
    0 7                        -
    0 7 13                     13
    0 0                        0
    0 1 2 3 4 5 6              1
    0 1 8 9                    1,9
    0 1 7.9 8.5                1
    0 1 7.9 8.5 9              1,9
    6.9 0                      6.9
"""


@pytest.mark.parametrize("line", [each for each in TWICE_IN_A_WEEK.splitlines()[2:] if each.strip()])
def test_twice_in_seven_days(line: str) -> None:
    *reds, found = line.split()
    dates = [FIRST + timedelta(days=float(each)) for each in reds]
    days = [] if found == "-" else found.split(",")
    expected = tuple(FIRST + timedelta(days=float(each)) for each in days)
    assert reached_at(dates, 2, WEEK) == expected


def test_what_follows_a_finding_within_the_week_belongs_to_it() -> None:
    dates = [FIRST + timedelta(days=each) for each in (1, 2, 6, 7.5, 8)]
    assert reached_at(dates, 2, WEEK, last=FIRST) == (FIRST + timedelta(days=8),)


@given(st.lists(st.integers(0, 60 * 24), max_size=40), st.integers(1, 4))
def test_findings_are_a_week_apart_and_each_has_its_grounds(hours: list[int], times: int) -> None:
    dates = [FIRST + timedelta(hours=each) for each in hours]
    found = reached_at(dates, times, WEEK)
    assert all(later - earlier >= WEEK for earlier, later in pairwise(found))
    for each in found:
        assert sum(each - WEEK < date <= each for date in dates) >= times
