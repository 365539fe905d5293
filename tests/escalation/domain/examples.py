"""Small calendars and readable times for the tests of working time."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from escalation.defaults import read_calendar, read_ladder, read_limits
from escalation.domain.officehours import DayRule, Season
from escalation.domain.worktime import WorkCalendar

HAIKOU = ZoneInfo("Asia/Shanghai")
HK = read_calendar()
LIMITS = read_limits()
LADDER = read_ladder()

MIDNIGHT = time.min
NINE_TO_FIVE = [(time(9), time(17))]
ROUND_THE_CLOCK = [(MIDNIGHT, MIDNIGHT)]
WEEKDAYS, EVERY_DAY = range(5), range(7)


def local(text: str, zone: ZoneInfo = HAIKOU) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def calendar(
    hours: Mapping[int, Sequence[tuple[time, time]]],
    *,
    first: str = "2026-01-01",
    last: str = "2026-12-31",
    zone: str = "Asia/Shanghai",
    days: Mapping[str, DayRule] | None = None,
    provisional: Sequence[int] = (),
    seasons: Sequence[Season] = (),
) -> WorkCalendar:
    return WorkCalendar.build(
        code="T",
        version="1",
        time_zone=zone,
        hours=hours,
        days={date.fromisoformat(day): kind for day, kind in (days or {}).items()},
        provisional_years=provisional,
        first_day=date.fromisoformat(first),
        last_day=date.fromisoformat(last),
        seasons=seasons,
    )


def daily(
    windows: Sequence[tuple[time, time]], weekdays: Sequence[int] = EVERY_DAY
) -> dict[int, Sequence[tuple[time, time]]]:
    return dict.fromkeys(weekdays, windows)
