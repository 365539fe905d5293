"""The rungs of a deadline that was moved: none twice, none dated before what made it due."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from escalation.defaults import read_calendar, read_ladder
from escalation.domain.reckoning import Terms, reckon
from escalation.domain.schedule import planned
from escalation.domain.worktime import Amount, Unit

CALENDAR, LADDER = read_calendar(), read_ladder()
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@given(
    days=st.integers(1, 20),
    more=st.integers(0, 20),
    hours=st.integers(0, 24 * 40),
    climbed=st.integers(0, 5),
)
def test_what_was_climbed_stays_and_what_is_ahead_comes_once_in_order_and_not_before(
    days: int, more: int, hours: int, climbed: int
) -> None:
    limit = Amount(days, Unit.WORKING_DAYS)
    terms, since = Terms(START, limit), START + timedelta(hours=hours)
    first = planned(
        LADDER, "completion", terms, reckon(terms, CALENDAR).at, CALENDAR, climbed=(), since=START
    )
    had = first.rungs[:climbed]
    longer = Terms(START, limit, extensions=(Amount(more, Unit.WORKING_DAYS),))
    due = reckon(longer, CALENDAR).at
    plan = planned(LADDER, "completion", longer, due, CALENDAR, climbed=had, since=since)
    levels = [level for level, _ in plan.rungs]
    ahead = [] if plan.following is None else plan.rungs[plan.following :]
    assert plan.rungs[: len(had)] == had
    assert sorted(levels) == sorted(level for level, _ in first.rungs)
    assert len(set(levels)) == len(levels)
    assert all(at >= since for _, at in ahead)
    assert [at for _, at in ahead] == sorted(at for _, at in ahead)
    assert plan.next_at == (ahead[0][1] if ahead else None)
