"""When in the week a row counts: weekdays and hours on the city's clock, also over midnight."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

DAY = 24 * 60
WEEK = 7 * DAY

_HOURS = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DAYS = re.compile(r"([1-7])(?:-([1-7]))?")


class BadWindow(ValueError):
    """Weekdays or hours that cannot be read; the message is for the clerk."""


@dataclass(frozen=True, slots=True)
class Window:
    """
    Weekdays (Monday is 1) and the minutes of the day from `start` up to `end`.

    One that ends no later than it starts goes on over midnight, and belongs to the day it starts on.
    """

    days: frozenset[int]
    start: int
    end: int

    def holds(self, weekday: int, minute: int) -> bool:
        """Say whether a minute of a weekday lies in the window."""
        if self.start < self.end:
            return weekday in self.days and self.start <= minute < self.end
        if minute >= self.start:
            return weekday in self.days
        return minute < self.end and (weekday - 2) % 7 + 1 in self.days

    def meets(self, other: "Window") -> bool:
        """Say whether some minute of the week lies in both."""
        return any(
            first < last_of_other and first_of_other < last
            for first, last in self.spans()
            for first_of_other, last_of_other in other.spans()
        )

    def covers(self, other: "Window") -> bool:
        """Say whether every minute of the other lies in this one."""
        mine = set[int]().union(*(range(*each) for each in self.spans()))
        return all(mine.issuperset(range(*each)) for each in other.spans())

    def spans(self) -> Iterator[tuple[int, int]]:
        """Yield the stretches of the week in minutes since Monday 00:00; none goes over its end."""
        length = (self.end - self.start - 1) % DAY + 1
        for day in sorted(self.days):
            first = (day - 1) * DAY + self.start
            yield first, min(first + length, WEEK)
            if first + length > WEEK:
                yield 0, first + length - WEEK


def read_window(weekdays: str | None, hours: str | None) -> Window | None:
    """
    Return the window of `1-5` or `6,7` and of `22:00-06:00`; None when both are empty.

    Raises `BadWindow`.
    """
    if not weekdays and not hours:
        return None
    start, end = _minutes(hours) if hours else (0, DAY)
    return Window(_days(weekdays) if weekdays else frozenset(range(1, 8)), start, end)


def _days(given: str) -> frozenset[int]:
    found: set[int] = set()
    for part in given.split(","):
        read = _DAYS.fullmatch(part.strip())
        if read is None or (read[2] and int(read[2]) < int(read[1])):
            raise BadWindow(f"星期“{given}”无法识别,应写作1-5或6,7(1为星期一)")
        found.update(range(int(read[1]), int(read[2] or read[1]) + 1))
    return frozenset(found)


def _minutes(given: str) -> tuple[int, int]:
    read = _HOURS.fullmatch(given.strip())
    if read is None:
        raise BadWindow(f"时段“{given}”无法识别,应写作08:00-17:30,跨零点写作22:00-06:00")
    start, end = int(read[1]) * 60 + int(read[2]), int(read[3]) * 60 + int(read[4])
    if max(int(read[2]), int(read[4])) > 59 or start >= DAY or end > DAY:
        raise BadWindow(f"时段“{given}”不是一天之内的时刻")
    if start == end:
        raise BadWindow(f"时段“{given}”起止相同;全天有效请留空")
    return start, end
