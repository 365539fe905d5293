"""How far a calendar can be relied on: when the State Council's next paper is needed."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date

from escalation.domain.workcalendar import DAY, WorkCalendar

ALARM_DAYS = 60


@dataclass(frozen=True, slots=True)
class Horizon:
    """
    The last official day, how many working days are left until it, and the last day known at all.

    A limit of sixty working days, as of labour inspection, given today must not
    end on a day nobody has confirmed: from then on there is an alarm.
    """

    last_official_day: date | None
    working_days_left: int
    last_day: date

    @property
    def alarm(self) -> bool:
        """Whether the next year must be published now."""
        return self.working_days_left <= ALARM_DAYS


def horizon(calendar: WorkCalendar, today: date) -> Horizon:
    """Return how far a calendar reaches, seen from a day of its own zone."""
    first = min((day for day in calendar.provisional_days if day >= today), default=None)
    last = calendar.last_day if first is None else first - DAY
    if last < today:
        return Horizon(None, 0, calendar.last_day)
    days = calendar.working_days
    return Horizon(last, bisect_right(days, last) - bisect_left(days, today + DAY), calendar.last_day)
