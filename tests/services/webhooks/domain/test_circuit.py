"""When an endpoint is left alone and when it is given up, counted by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from services.webhooks.domain.circuit import (
    HOLDS,
    OPENS_AFTER,
    WELL,
    Health,
    after_failure,
    is_given_up,
    is_open,
)
from services.webhooks.domain.schedule import RETRY_AFTER

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def failed(times: int) -> Health:
    health = WELL
    for number in range(times):
        health = after_failure(health, NOW + number * MINUTE)
    return health


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(1, None), (4, None), (5, 30), (6, 60), (7, 120), (8, 300), (9, 600), (10, 900), (11, 900), (99, 900)],
)
def test_the_fifth_failure_in_a_row_opens_the_circuit_and_each_probe_that_fails_holds_it_longer(
    failures: int, seconds: int | None
) -> None:
    last = NOW + (failures - 1) * MINUTE
    until = last + timedelta(seconds=seconds) if seconds else None
    assert failed(failures) == Health(failures, NOW, until)
    assert is_open(failures) == (seconds is not None)


def test_a_receiver_that_asks_for_time_is_left_alone_for_it_from_the_first_failure_on() -> None:
    assert after_failure(WELL, NOW, timedelta(minutes=10)).held_until_at == NOW + timedelta(minutes=10)
    assert after_failure(WELL, NOW, timedelta(days=9)).held_until_at == NOW + timedelta(days=1)
    assert after_failure(WELL, NOW, timedelta(seconds=-9)).held_until_at is None
    assert after_failure(failed(5), NOW, timedelta(seconds=1)).held_until_at == NOW + timedelta(minutes=1)


def test_posts_that_fail_together_open_the_circuit_and_no_further() -> None:
    health = WELL
    for _ in range(16):
        health = after_failure(health, NOW, probe=False)
    assert health == Health(OPENS_AFTER, NOW, NOW + HOLDS[0])
    asked = after_failure(health, NOW, timedelta(minutes=10), probe=False)
    assert asked == Health(OPENS_AFTER, NOW, NOW + timedelta(minutes=10))
    assert after_failure(health, NOW, probe=True).held_until_at == NOW + HOLDS[1]


def test_an_open_circuit_holds_no_delivery_longer_than_its_own_failures_would() -> None:
    alone = RETRY_AFTER[OPENS_AFTER - 1 :]
    assert all(hold <= wait for hold, wait in zip(HOLDS, alone, strict=True))
    assert list(HOLDS) == sorted(HOLDS)


def test_an_endpoint_is_given_up_after_days_of_nothing_but_failures() -> None:
    health, days = failed(3), timedelta(days=5)
    assert not is_given_up(WELL, NOW, days)
    assert not is_given_up(health, NOW + days - timedelta(microseconds=1), days)
    assert is_given_up(health, NOW + days, days)
