"""The choices on which cities and systems differ when they count a limit, each with its names."""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum


class UsedUp(StrEnum):
    """Where a limit is over that is used up exactly when the office closes."""

    CLOSING = "closing"
    NEXT_OPENING = "next_opening"


class DaysEnd(StrEnum):
    """When on its last day a limit in days is over: as the office closes, or at the hour it began."""

    END_OF_DAY = "end_of_day"
    SAME_TIME = "same_time"


class StartDay(StrEnum):
    """Whether the day of the start is one of the days of a limit."""

    NOT_COUNTED = "not_counted"
    COUNTED = "counted"


class RestDay(StrEnum):
    """What becomes of a limit in calendar days whose last day is one of rest."""

    NEXT_WORKING_DAY = "next_working_day"
    STAYS = "stays"


class PausedDays(StrEnum):
    """What a pause gives back of a limit in days: the days not begun, or its office hours to the minute."""

    WHOLE_DAYS = "whole_days"
    WORKING_TIME = "working_time"


class Hour(StrEnum):
    """How long office hours are when the clock is changed in them: as time passes, or as clocks show."""

    REAL = "real"
    WALL_CLOCK = "wall_clock"


@dataclass(frozen=True, slots=True)
class Policy:
    """
    How a limit is counted; as it stands, by the Civil Code (Art. 201-203) and as Haikou does.

    `after_hours_counts_as_next_day`: a limit in working days that starts after the
    day's last closing, or on a day of rest, starts as the office opens again.
    `wd_deadline_time`: the hour at which a limit is over that ends with a working
    day, whenever the office closes on it.
    """

    used_up: UsedUp = UsedUp.CLOSING
    days_end: DaysEnd = DaysEnd.END_OF_DAY
    start_day: StartDay = StartDay.NOT_COUNTED
    after_hours_counts_as_next_day: bool = False
    last_day_of_rest: RestDay = RestDay.NEXT_WORKING_DAY
    pauses_in_days: PausedDays = PausedDays.WHOLE_DAYS
    hour: Hour = Hour.REAL
    wd_deadline_time: time | None = None


HAIKOU = Policy()
