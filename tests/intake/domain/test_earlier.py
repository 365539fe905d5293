"""A new ticket reopens an earlier one that was answered lately; any other that has ended it only follows."""

from datetime import UTC, datetime, timedelta

import pytest

from intake.domain.earlier import tie
from schemas.lifecycle import Status

ANSWERED = datetime(2026, 10, 31, 9, 30, tzinfo=UTC)
THIRTY = timedelta(days=30)
SOON = timedelta(microseconds=1)

TABLE = """
    resolved     0 reopens
    closed       1 reopens
    archived    29 reopens
    archived    30 reopens
    archived    31 follows
    closed      31 follows
    withdrawn    1 follows
    transferred  1 follows
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines(), ids=str.strip)
def test_what_was_answered_within_thirty_days_is_reopened(line: str) -> None:
    status, days, expected = line.split()
    assert tie(Status(status), ANSWERED, ANSWERED + timedelta(days=int(days)), 30) == expected


def test_the_thirty_days_are_exact() -> None:
    assert tie(Status.CLOSED, ANSWERED, ANSWERED + THIRTY, 30) == "reopens"
    assert tie(Status.CLOSED, ANSWERED, ANSWERED + THIRTY + SOON, 30) == "follows"


def test_of_what_nobody_knows_when_it_ended_is_only_followed() -> None:
    assert tie(Status.CLOSED, None, ANSWERED, 30) == "follows"
