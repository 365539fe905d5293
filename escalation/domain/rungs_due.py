"""Which rungs of a deadline's schedule have been reached, and how late they were noticed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

Scheduled = tuple[int, str]
"""Level, and when it falls due, as the row keeps it."""

IN_TIME = timedelta(minutes=1)
"""A rung noticed within it is not marked late: sleeping and committing take some of it."""


@dataclass(frozen=True, slots=True)
class RungsDue:
    """Rungs to climb now, in order, each with its level and date; and the index and date of the one after."""

    rungs: tuple[tuple[int, datetime], ...]
    next_rung: int | None
    next_rung_at: datetime | None


def rungs_due(
    schedule: Sequence[Scheduled],
    next_rung: int,
    until: datetime | None = None,
    still_since: datetime | None = None,
) -> RungsDue:
    """
    Return the next rung of a schedule and those after it that fall due by `until`.

    The next one is climbed whatever its date is: who asks has found it due. Of a deadline that
    stands still only what had fallen due before has a date; the rest gets one when it runs on.
    """
    rungs: list[tuple[int, datetime]] = []
    for index in range(next_rung, len(schedule)):
        level, at = schedule[index][0], datetime.fromisoformat(schedule[index][1])
        if rungs and still_since is not None and at > still_since:
            return RungsDue(tuple(rungs), index, None)
        if rungs and (until is None or at > until):
            return RungsDue(tuple(rungs), index, at)
        rungs.append((level, at))
    return RungsDue(tuple(rungs), None, None)


def late_by(fell_due_at: datetime, detected_at: datetime) -> int | None:
    """Return how late a rung was noticed, in whole seconds; None when it was in time."""
    late = detected_at - fell_due_at
    return int(late.total_seconds()) if late > IN_TIME else None
