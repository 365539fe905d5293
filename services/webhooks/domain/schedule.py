"""When a delivery is tried again, and when it is given up."""

from datetime import timedelta

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

GONE = 410


def wait_after(failures: int) -> timedelta | None:
    """Return how long to wait after that many failures, or None when it is a dead letter."""
    return RETRY_AFTER[failures - 1] if failures <= len(RETRY_AFTER) else None


def accepted(status: int | None) -> bool:
    """Say whether the receiver took it: any 2xx."""
    return status is not None and 200 <= status < 300
