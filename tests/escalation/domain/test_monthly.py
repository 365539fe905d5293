"""Who was latest in a month, and what follows of being so again: tables a clerk could check."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from escalation.domain.monthly import (
    Standing,
    closed_months,
    latest,
    month_before,
    next_month,
    rung_for,
    span_of,
)
from tests.escalation.domain.examples import HAIKOU, LADDER, local

MONTH = """
    # department overdue/due …                 listed
    a 5/9 b 4/9 c 3/9 d 2/9                    a b c
    a 5/9 b 4/9                                a b
    a 0/9 b 0/1                                -
    a 5/9 b 3/9 c 3/6 d 3/8                    a c d
    a 5/9 b 4/9 c 3/9 d 3/9 e 2/2              a b c d
    b 1/1 a 1/1                                a b
    d 9/9 c 1/2 b 1/2 a 1/2                    d a b c
"""


@pytest.mark.parametrize("line", [each for each in MONTH.splitlines()[2:] if each.strip()])
def test_the_three_latest_and_whoever_stands_as_the_third(line: str) -> None:
    words = [each for each in line.split() if each]
    pairs = [index for index, each in enumerate(words) if "/" in each]
    standings = [Standing(words[at - 1], *map(int, words[at].split("/"))) for at in pairs]
    listed = [each for each in words[pairs[-1] + 1 :] if each != "-"]
    assert [each.department for each in latest(standings)] == listed
    assert [each.department for each in latest(standings[::-1])] == listed


@pytest.mark.parametrize(
    ("months", "receiver"),
    [
        (1, "hotline_supervisor"),
        (2, "supervision_office"),
        (3, "discipline"),
        (4, "discipline"),
        (14, "discipline"),
    ],
)
def test_a_talk_then_the_supervision_office_then_discipline(months: int, receiver: str) -> None:
    rung = rung_for(months, LADDER)
    assert rung is not None
    assert rung.receiver == receiver


@pytest.mark.parametrize(
    ("last", "today", "closed"),
    [
        (None, "2026-11-29", ["2026-10-01"]),
        (None, "2026-01-01", ["2025-12-01"]),
        ("2026-10-01", "2026-11-30", []),
        ("2026-10-01", "2026-12-01", ["2026-11-01"]),
        ("2026-10-01", "2027-02-15", ["2026-11-01", "2026-12-01", "2027-01-01"]),
    ],
)
def test_a_month_is_closed_when_the_next_has_begun_and_none_is_left_out(
    last: str | None, today: str, closed: list[str]
) -> None:
    found = closed_months(date.fromisoformat(last) if last else None, date.fromisoformat(today))
    assert [each.isoformat() for each in found] == closed


def test_a_month_begins_and_ends_at_midnight_of_the_city() -> None:
    assert span_of(date(2026, 11, 1), HAIKOU) == (local("2026-11-01T00:00"), local("2026-12-01T00:00"))
    berlin = ZoneInfo("Europe/Berlin")
    begins, ends = span_of(date(2026, 3, 1), berlin)
    assert (begins.utcoffset(), ends.utcoffset()) != (begins.utcoffset(), begins.utcoffset())


@pytest.mark.parametrize("month", [date(2026, each, 1) for each in range(1, 13)])
def test_the_month_after_the_month_before_is_this_one(month: date) -> None:
    assert next_month(month_before(month)) == month == month_before(next_month(month))
