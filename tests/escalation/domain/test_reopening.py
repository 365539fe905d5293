"""A matter taken up again, by each of the three policies: P2, closed time that is counted as worked."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from escalation.defaults import read_calendar
from escalation.domain.reckoning import Terms, reckon
from escalation.domain.reopening import Reopening, reopened
from escalation.domain.worktime import Amount, Unit

CALENDAR = read_calendar()
HAIKOU = ZoneInfo("Asia/Shanghai")
DAYS = Unit.WORKING_DAYS


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HAIKOU)


@pytest.mark.parametrize(
    ("how", "due"),
    [
        (Reopening.CONTINUE, "2026-12-04 17:30"),  # 17, 18, and of 5 days the 3 that were left: 2, 3, 4
        (Reopening.RESTART, "2026-12-08 17:30"),
        (Reopening.FRESH, "2026-12-04 17:30"),
    ],
)
def test_p2_closed_time_is_never_counted_as_worked(how: Reopening, due: str) -> None:
    first = Terms(at("2026-11-16 10:00"), Amount(5, DAYS))
    again = reopened(first, at("2026-11-18 15:00"), at("2026-12-01 16:20"), how, Amount(3, DAYS), CALENDAR)
    assert reckon(again, CALENDAR).at.astimezone(HAIKOU) == at(due)


@pytest.mark.parametrize(
    ("how", "due"),
    [
        (Reopening.CONTINUE, "2026-12-09 17:30"),  # 9 of 16 days were used
        (Reopening.RESTART, "2026-12-22 17:30"),
        (Reopening.FRESH, "2026-12-02 17:30"),
    ],
)
def test_p2_the_policies_differ_where_little_of_the_limit_was_used(how: Reopening, due: str) -> None:
    first = Terms(at("2026-11-16 10:00"), Amount(16, DAYS))
    again = reopened(first, at("2026-11-27 17:30"), at("2026-11-30 09:00"), how, Amount(2, DAYS), CALENDAR)
    assert reckon(again, CALENDAR).at.astimezone(HAIKOU) == at(due)


def test_p2_a_clock_that_was_late_when_it_ended_stays_late_when_it_continues() -> None:
    first = Terms(at("2026-11-16 10:00"), Amount(1, DAYS))
    again = reopened(
        first, at("2026-11-20 15:00"), at("2026-12-01 16:20"), Reopening.CONTINUE, Amount(3, DAYS), CALENDAR
    )
    assert reckon(again, CALENDAR).at == reckon(first, CALENDAR).at
