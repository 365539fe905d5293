"""When something has happened so often that a rung is reached: no clock of a ticket says it."""

from collections.abc import Iterable
from datetime import datetime, timedelta


def reached_at(
    dates: Iterable[datetime], times: int, within: timedelta, last: datetime | None = None
) -> tuple[datetime, ...]:
    """
    Return when something had happened `times` times within so long, each time it had.

    After a finding, as after that of `last`, what happens within the same time belongs to it, so
    that a department that is late a hundred times in a week is told of once, not fifty times.
    """
    found: list[datetime] = []
    lately: list[datetime] = []
    for date in sorted(dates):
        if last is not None and date < last + within:
            continue
        lately = [*(each for each in lately if date - each < within), date]
        if len(lately) >= times:
            found.append(date)
            last, lately = date, []
    return tuple(found)
