"""Until when a department that helps must answer: 60 % of the lead's time, and a working day before it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.domain.co_handling import LeadClock, amount_between, default_due, latest_due
from escalation.domain.worktime import Amount, Unit, add
from tests.escalation.domain.examples import HK, local

UNITS = {"wd": Unit.WORKING_DAYS, "min": Unit.WALL_MINUTES}

TABLE = """
    2026-11-24T09:05 |  5 wd   | 2026-11-26T16:00 | 2026-11-30T17:30 | 2026-11-30T17:30
    2026-11-25T15:10 |  5 wd   | 2026-11-26T16:00 | 2026-12-01T17:30 | 2026-12-01T17:30
    2026-11-24T09:05 |  5 wd   | 2026-11-24T10:00 | 2026-11-27T17:30 | 2026-11-30T17:30
    2026-11-24T09:05 | 15 wd   | 2026-11-24T10:00 | 2026-12-07T17:30 | 2026-12-14T17:30
    2026-11-24T09:05 |  2 wd   | 2026-11-24T10:00 | 2026-11-25T17:30 | 2026-11-25T17:30
    2026-11-24T09:05 |  1 wd   | 2026-11-24T10:00 | 2026-11-24T17:30 | 2026-11-24T17:30
    2026-11-24T09:05 |  5 wd   | 2026-12-01T09:00 | 2026-12-02T17:30 | 2026-11-30T17:30
    2026-09-30T10:00 |  5 wd   | 2026-09-30T11:00 | 2026-10-10T17:30 | 2026-10-12T17:30
    2026-11-24T09:00 | 1440 min| 2026-11-24T10:00 | 2026-11-25T00:24 | 2026-11-25T03:00
    2026-11-24T09:00 | 1440 min| 2026-11-24T18:00 | 2026-11-25T03:00 | 2026-11-25T03:00
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines(), ids=str.strip)
def test_who_helps_has_sixty_percent_and_leaves_the_lead_its_last_day(line: str) -> None:
    start, limit, asked, default, latest = (each.strip() for each in line.split("|"))
    count, unit = limit.split()
    amount = Amount(int(count), UNITS[unit])
    lead = LeadClock(local(start), add(local(start), amount, HK).at, amount)
    assert latest_due(lead, HK) == local(latest)
    assert default_due(local(asked), lead, local(latest), HK) == local(default)


@given(days=st.integers(2, 15), asked=st.integers(0, 60 * 24))
def test_who_helps_is_due_after_it_was_asked_and_before_its_lead(days: int, asked: int) -> None:
    start, amount = local("2026-11-24T09:05"), Amount(days, Unit.WORKING_DAYS)
    lead = LeadClock(start, add(start, amount, HK).at, amount)
    when = start + timedelta(minutes=asked)
    latest = latest_due(lead, HK)
    due = default_due(when, lead, latest, HK)
    assert due > when
    assert due <= latest or when >= latest


def test_the_time_of_who_helps_is_counted_as_the_leads() -> None:
    start, due = local("2026-11-26T16:00"), local("2026-11-30T17:30")
    assert amount_between(start, due, Unit.WORKING_DAYS, HK) == Amount(2, Unit.WORKING_DAYS)
    assert amount_between(start, due, Unit.WALL_MINUTES, HK) == Amount(5850, Unit.WALL_MINUTES)
