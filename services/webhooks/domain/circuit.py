"""When an endpoint is left alone, looked at again, and given up: a circuit breaker as a pure function."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.webhooks.domain.schedule import LONGEST_ASKED

OPENS_AFTER = 5
"""So many failures in a row open the circuit."""

HOLDS = tuple(timedelta(seconds=each) for each in (30, 60, 120, 300, 600, 900))
"""
How long nothing is posted when the circuit opens, and after each probe that failed; then always the last.

None is longer than the wait a delivery has after as many failures of its own.
"""


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint has done lately. While `failures` is not 0 it gets one post at a time."""

    failures: int = 0
    failing_since_at: datetime | None = None
    held_until_at: datetime | None = None


WELL = Health()


def is_open(failures: int) -> bool:
    """Say whether the circuit is open: nothing is posted but a probe, now and then."""
    return failures >= OPENS_AFTER


def after_failure(
    before: Health, now: datetime, asked: timedelta | None = None, *, probe: bool = True
) -> Health:
    """
    Return the health after one more failure; a success makes it `WELL`.

    `asked` is what the receiver asks for by `Retry-After`: it is heeded for all that is for this
    endpoint, up to a day. A failure that is no `probe` began before the circuit opened, beside those
    that opened it: it opens it no further.
    """
    since, hold = before.failing_since_at or now, min(asked or timedelta(), LONGEST_ASKED)
    if is_open(before.failures) and not probe:
        return Health(before.failures, since, max(before.held_until_at or now, now + hold))
    failures = before.failures + 1
    if is_open(failures):
        hold = max(hold, HOLDS[min(failures - OPENS_AFTER, len(HOLDS) - 1)])
    return Health(failures, since, now + hold if hold > timedelta() else None)


def is_given_up(health: Health, now: datetime, after: timedelta) -> bool:
    """Say whether an endpoint has done nothing but fail for so long that it is ended."""
    return health.failing_since_at is not None and now - health.failing_since_at >= after
