"""The retry ladder, counted by hand."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.webhooks.domain.schedule import (
    JITTER,
    RETRY_AFTER,
    accepted,
    asked_wait,
    jitter_of,
    wait_after,
)

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "wait"),
    [
        (1, timedelta(seconds=5)),
        (2, timedelta(minutes=1)),
        (3, timedelta(minutes=5)),
        (4, timedelta(minutes=30)),
        (5, timedelta(hours=2)),
        (10, timedelta(hours=24)),
        (11, None),
        (12, None),
    ],
)
def test_the_wait_grows_with_each_failure_until_the_delivery_is_given_up(
    failures: int, wait: timedelta | None
) -> None:
    assert wait_after(failures) == wait


def test_a_weekend_is_bridged_before_a_delivery_is_given_up() -> None:
    assert sum(RETRY_AFTER, timedelta()) >= timedelta(days=3)


def test_no_wait_is_shorter_than_the_one_before() -> None:
    assert list(RETRY_AFTER) == sorted(RETRY_AFTER)


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (timedelta(seconds=90), timedelta(seconds=90)),
        (timedelta(seconds=1), timedelta(seconds=5)),
        (timedelta(seconds=-90), timedelta(seconds=5)),
        (timedelta(days=365), timedelta(hours=24)),
        (None, timedelta(seconds=5)),
    ],
)
def test_a_receiver_may_ask_for_a_longer_wait_up_to_a_day_and_never_for_a_shorter(
    asked: timedelta | None, wait: timedelta
) -> None:
    assert wait_after(1, asked) == wait


def test_asking_for_time_does_not_keep_a_delivery_alive_for_ever() -> None:
    assert wait_after(11, timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("120", timedelta(minutes=2)),
        ("0", timedelta()),
        ("9" * 400, timedelta(hours=24)),
        ("Mon, 23 Nov 2026 01:10:00 GMT", timedelta(minutes=10)),
        ("Mon, 23 Nov 2026 00:50:00 GMT", timedelta(minutes=-10)),
        ("Mon, 23 Nov 2026 01:10:00 -0000", None),
        ("Mon, 99 Nov 2026 01:10:00 GMT", None),
        ("Mon, 23 Nov 99999999999999999999 01:10:00 GMT", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, asked: timedelta | None) -> None:
    assert asked_wait(503, header, NOW) == asked
    assert asked_wait(500, header, NOW) is None


@pytest.mark.parametrize(
    ("dated", "minutes"),
    [
        ("Mon, 23 Nov 2026 00:55:00 GMT", 15),  # five minutes behind ours
        ("Mon, 23 Nov 2026 01:05:00 GMT", 5),
        ("yesterday", 10),
        (None, 10),
    ],
)
def test_a_date_is_counted_by_the_clock_of_who_says_it(dated: str | None, minutes: int) -> None:
    asked = asked_wait(503, "Mon, 23 Nov 2026 01:10:00 GMT", NOW, dated)
    assert asked == timedelta(minutes=minutes)


@given(some.text(max_size=40))
def test_whatever_retry_after_says_the_next_wait_is_known(header: str) -> None:
    wait = wait_after(1, asked_wait(429, header, NOW))
    assert wait is not None
    assert timedelta(seconds=5) <= wait <= timedelta(hours=24)


def test_any_2xx_and_nothing_else_is_taken_for_accepted() -> None:
    taken = takewhile(accepted, range(200, 600))
    assert list(taken) == list(range(200, 300))
    assert not any(map(accepted, [None, 100, 199, 301, 302, 304, 410, 429, 500]))


@given(some.integers(1, 2**63), some.integers(1, 11), some.floats(0, 1))
def test_the_jitter_adds_a_fifth_at_most_and_is_the_same_each_time(
    delivery: int, attempt: int, jitter: float
) -> None:
    assert 0 <= jitter_of(delivery, attempt) == jitter_of(delivery, attempt) < 1
    for failures, wait in enumerate(RETRY_AFTER, 1):
        spread = wait_after(failures, jitter=jitter)
        assert spread is not None
        assert wait <= spread <= wait * (1 + JITTER)


def test_what_failed_together_does_not_come_back_together() -> None:
    assert len({wait_after(1, jitter=jitter_of(each, 1)) for each in range(1000)}) > 900
