"""What of a schedule has been reached: a clerk with the schedule and a watch could check each row."""

from datetime import UTC, datetime, timedelta

import pytest

from escalation.domain.rungs_due import RungsDue, late_by, rungs_due

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


SCHEDULE = [(level, at(minutes).isoformat()) for level, minutes in ((1, 20), (2, 30), (3, 30), (4, 90))]


@pytest.mark.parametrize(
    ("next_rung", "until", "levels", "then"),
    [
        (0, at(20), [1], (1, at(30))),
        (0, at(29), [1], (1, at(30))),
        (0, at(30), [1, 2, 3], (3, at(90))),  # two of one moment, in their order
        (1, at(30), [2, 3], (3, at(90))),
        (3, at(90), [4], (None, None)),
        (0, at(999), [1, 2, 3, 4], (None, None)),
        (0, None, [1], (1, at(30))),  # one at a time
        (3, at(10), [4], (None, None)),  # put off and asked for before its date: climbed all the same
    ],
)
def test_the_next_rung_is_reached_and_those_due_by_then(
    next_rung: int, until: datetime | None, levels: list[int], then: tuple[int | None, datetime | None]
) -> None:
    found = rungs_due(SCHEDULE, next_rung, until)
    assert [level for level, _ in found.rungs] == levels
    assert (found.next_rung, found.next_rung_at) == then


def test_rungs_keep_the_dates_of_the_schedule() -> None:
    assert rungs_due(SCHEDULE, 0, at(30)) == RungsDue(((1, at(20)), (2, at(30)), (3, at(30))), 3, at(90))


@pytest.mark.parametrize(
    ("seconds", "late"), [(-1, None), (0, None), (60, None), (60.001, 60), (61, 61), (10_800.9, 10_800)]
)
def test_more_than_a_minute_is_late(seconds: float, late: int | None) -> None:
    assert late_by(NINE, NINE + timedelta(seconds=seconds)) == late
