"""When a delivery is tried again, and when it is given up."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from zlib import crc32

RETRY_AFTER = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Waiting times after the first, second, … failed attempt: a little over three days in all."""

JITTER = 0.2
"""Up to this part of a wait is added to it, so that what failed together does not come back together."""

LONGEST_ASKED = timedelta(hours=24)
GONE = 410
ASKING = frozenset({429, 503})
"""Answers whose `Retry-After` is heeded."""


def wait_after(failures: int, asked: timedelta | None = None, jitter: float = 0.0) -> timedelta | None:
    """
    Return how long to wait after that many failures, or None when it is a dead letter.

    `asked` is what the receiver asks for: it lengthens the wait, up to a day, and never shortens it.
    `jitter`, from 0 to 1, says how much of the added part is added.
    """
    if failures > len(RETRY_AFTER):
        return None
    wait = RETRY_AFTER[failures - 1] * (1 + JITTER * jitter)
    return max(wait, min(asked or timedelta(), LONGEST_ASKED))


def jitter_of(delivery: int, attempt: int) -> float:
    """Return the jitter of an attempt, from 0 to 1: another for each, and always the same."""
    return crc32(f"{delivery}/{attempt}".encode()) / 2**32


def asked_wait(
    status: int, retry_after: str | None, now: datetime, dated: str | None = None
) -> timedelta | None:
    """
    Return what `Retry-After` asks for, as seconds or as a date; None for what asks or says nothing.

    A date is counted from when the answer was `dated`, where it says so: by the receiver's own clock.
    """
    if retry_after is None or status not in ASKING:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return timedelta(seconds=min(int(retry_after[:9]), LONGEST_ASKED.total_seconds()))
    until = _date(retry_after)
    return None if until is None else until - (_date(dated or "") or now)


def _date(header: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else None


def accepted(status: int | None) -> bool:
    """Say whether the receiver took it: any 2xx."""
    return status is not None and 200 <= status < 300
