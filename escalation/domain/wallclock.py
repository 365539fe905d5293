"""A calendar as the clock on the wall shows it: every day of 24 hours, whatever the zone does."""

from datetime import UTC, datetime
from functools import lru_cache

from escalation.domain.workcalendar import Window, WorkCalendar, instant_of, utc


@lru_cache(maxsize=64)
def by_wall_clock(calendar: WorkCalendar) -> WorkCalendar:
    """Return the calendar with its local times taken for UTC."""
    days = tuple(tuple(_shown(each, calendar) for each in windows) for windows in calendar.days)
    kept = (calendar.first_day, calendar.last_day, days, calendar.provisional_days)
    return WorkCalendar(calendar.code, calendar.version, "UTC", *kept)


def shown(at: datetime, calendar: WorkCalendar) -> datetime:
    """Return what clocks show at a moment, as if it were UTC."""
    return utc(at).astimezone(calendar.zone).replace(tzinfo=UTC, fold=0)


def moment(at: datetime, calendar: WorkCalendar) -> datetime:
    """Return the moment at which clocks show this; the earlier of two."""
    return instant_of(at.date(), at.time(), calendar.zone)


def _shown(window: Window, calendar: WorkCalendar) -> Window:
    opens, closes = window
    return shown(opens, calendar), shown(closes, calendar)
