"""What a calculation is asked with, and what it answers."""

import re
from datetime import date, datetime, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, SkipValidation, Tag

from escalation.domain.counting import DaysEnd, Hour, PausedDays, RestDay, StartDay, UsedUp
from escalation.domain.worktime import Unit
from schemas.base import AskedInstant, Instant, Schema
from schemas.problem import Problem

AT_ONCE = 1000
LARGEST_AMOUNT = 1_000_000_000
MOST_PAUSES = 10_000

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


NO_PLACE = frozenset({"localtime", "posixrules", "Factory"})
"""Files beside the zones that say what the machine is set to."""

CODE, INLINE, KIND, HOURS = "<code>", "<inline>", "<kind>", "<hours>"
"""How a fault names which of two forms was read; no place in a request is called so."""


def _written(value: object) -> object:
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d[Tt ]", value):
        raise ValueError("a moment is written as in RFC 3339, like 2026-11-23T09:00:00+08:00")
    return value


def _dated(value: object) -> object:
    if not isinstance(value, date) and not (
        isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value)
    ):
        raise ValueError("a date is written like 2026-10-10")
    return value


def _in_order(pause: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
    if pause[1] < pause[0]:
        raise ValueError("a pause ends before it begins")
    return pause


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        known = False
    else:
        known = name not in NO_PLACE and not name.startswith(("right/", "posix/"))
    if not known:
        raise ValueError("no such time zone: name one of the IANA database, like Asia/Shanghai")
    return name


Moment = Annotated[AskedInstant, BeforeValidator(_written)]
Day = Annotated[date, BeforeValidator(_dated)]
Opening = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$", examples=["08:00"])]
Closing = Annotated[
    str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00)$", examples=["12:00", "24:00"])
]
WrittenHours = Annotated[list[tuple[Opening, Closing]], Field(max_length=48)]
WrittenWeek = dict[Weekday, WrittenHours]
WrittenDay = Annotated[
    Annotated[Literal["work", "off"], Tag(KIND)] | Annotated[WrittenHours, Tag(HOURS)],
    Discriminator(lambda value: KIND if isinstance(value, str) else HOURS),
]
AskedPause = Annotated[tuple[Moment, Moment], AfterValidator(_in_order)]


class Limit(Schema):
    """How much of what; units are never converted into each other."""

    amount: Annotated[int, Field(strict=True, ge=0, le=LARGEST_AMOUNT, examples=[5])]
    unit: Unit


class AskedSeason(Schema):
    """Office hours that hold from one day to another, both included, in place of `week`."""

    first_day: Day
    last_day: Day
    week: WrittenWeek


class InlineCalendar(Schema):
    """
    A calendar of one's own: a weekday that `week` leaves out is a day of rest.

    `days` says what holds on a date: `off`; `work`, the hours of its weekday, or if that has none
    those of the first weekday that has; or hours of its own. Hours of a day may come in any order
    and must not overlap; what runs past midnight is written as hours of two days. A local time
    that is skipped when the clock is changed is read by the offset before, one that comes twice
    is the first.
    """

    time_zone: Annotated[str, AfterValidator(_zone), Field(examples=["Asia/Shanghai"])]
    week: WrittenWeek
    days: Annotated[dict[Day, WrittenDay], Field(max_length=10_000)] = {}
    seasons: Annotated[list[AskedSeason], Field(max_length=100)] = []


class AskedPolicy(Schema):
    """Named settings where cities and systems differ; by default as the Civil Code and Haikou have them."""

    used_up: UsedUp = Field(
        UsedUp.CLOSING,
        description="A limit used up exactly as the office closes is over then, or as it opens.",
    )
    days_end: DaysEnd = Field(
        DaysEnd.END_OF_DAY,
        description="A limit in days ends as its last day closes, or at the hour it began.",
    )
    start_day: StartDay = Field(StartDay.NOT_COUNTED, description="Is the day of the start one of the days?")
    after_hours_counts_as_next_day: bool = Field(
        False,
        strict=True,
        description="Working days that start after the last closing, or on a day of rest, start as it opens.",
    )
    last_day_of_rest: RestDay = Field(
        RestDay.NEXT_WORKING_DAY, description="Where calendar days end that end on a day of rest."
    )
    pauses_in_days: PausedDays = Field(
        PausedDays.WHOLE_DAYS,
        description="A pause leaves the days not begun, or gives back its office hours to the minute.",
    )
    hour: Hour = Field(
        Hour.REAL,
        description="When the clock is changed, office hours are as long as they are, or as clocks show.",
    )
    wd_deadline_time: Opening | None = Field(
        None,
        description="When a limit is over that ends with a working day; null: as it closes.",
        examples=["17:00"],
    )


class CalculationItem(Schema):
    """One deadline to calculate; without `calendar` the city's in force is used."""

    start: Moment
    limit: Limit
    calendar: (
        Annotated[
            Annotated[str, Field(max_length=40, examples=["HK"]), Tag(CODE)]
            | Annotated[InlineCalendar, Tag(INLINE)],
            Discriminator(lambda value: CODE if isinstance(value, str) else INLINE),
        ]
        | None
    ) = None
    pauses: Annotated[list[AskedPause], Field(max_length=MOST_PAUSES)] = []
    policy: AskedPolicy = AskedPolicy()


class CalculationRequest(Schema):
    """Up to 1,000 deadlines; each is read by itself, so one that is wrong does not spoil the others."""

    items: Annotated[
        list[SkipValidation[CalculationItem]],
        Field(
            max_length=AT_ONCE,
            examples=[
                [
                    {
                        "start": "2026-09-30T17:50:00+08:00",
                        "limit": {"amount": 5, "unit": "working_days"},
                        "calendar": "HK",
                    },
                    {
                        "start": "2026-10-10T11:50:00+08:00",
                        "limit": {"amount": 30, "unit": "working_minutes"},
                        "calendar": {
                            "time_zone": "Asia/Shanghai",
                            "week": {"fri": [["08:00", "12:00"], ["14:30", "17:30"]]},
                            "days": {"2026-10-10": "work"},
                        },
                        "pauses": [["2026-10-10T11:55:00+08:00", "2026-10-10T14:40:00+08:00"]],
                        "policy": {"used_up": "closing"},
                    },
                ]
            ],
        ),
    ]


Segment = tuple[Instant, Instant]


class Calculated(Schema):
    """
    When a deadline is, and why: times in the calendar's zone.

    `segments` are what was counted, half-open; together they are the limit. Of minutes their
    lengths add up to it. Of days there is one for each day counted, which `days` names: of a
    working day from its first opening to its last closing, of a calendar day from midnight to
    midnight, none of it outside start and due. `skipped` are the pauses before the due, merged;
    `given_back` is how the due moved by paused office hours under `pauses_in_days: working_time`.
    """

    due: Instant
    provisional: bool = Field(description="Counted over days whose official calendar is not published.")
    segments: list[Segment]
    days: list[date] | None = Field(description="Only of limits in days.")
    skipped: list[Segment]
    given_back: list[Segment]


class NotCalculated(Schema):
    """Why an item has no answer; pointers lead into the request."""

    problem: Problem


class CalculationAnswer(Schema):
    """An answer for each item, in order."""

    items: list[Calculated | NotCalculated]


def hours_of(windows: WrittenHours) -> list[tuple[time, time]]:
    """Return local times of office hours as written; 24:00 is the midnight that ends the day."""
    return [
        (time.fromisoformat(opens), time.min if closes == "24:00" else time.fromisoformat(closes))
        for opens, closes in windows
    ]
