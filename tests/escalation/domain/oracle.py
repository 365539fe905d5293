"""
Counts by hand: minute by minute on the clock on the wall, and day by day on the calendar.

Knows no windows of UTC, no sums and no bisection. Hours begin and end on quarters of an hour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from escalation.domain.officehours import DayKind, DayRule, Hours
from escalation.domain.workcalendar import WorkCalendar

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, eq=False)
class Oracle:
    zone: ZoneInfo
    week: Mapping[int, Hours]
    days: Mapping[date, DayRule]
    first: date
    last: date
    _quarters: dict[datetime, bool] = field(default_factory=dict, repr=False)

    @classmethod
    def written(cls, told: Mapping[str, Any]) -> "Oracle":
        """Return the oracle of a calendar in JSON."""
        names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        week = {names.index(day): _hours_of(windows) for day, windows in told["week"].items()}
        days = {
            date.fromisoformat(day): DayKind(rule) if isinstance(rule, str) else _hours_of(rule)
            for day, rule in told["days"].items()
        }
        return cls(ZoneInfo(told["time_zone"]), week, days, date.min, date.max)

    def calendar(self) -> WorkCalendar:
        """Return the calendar this is the oracle of."""
        return WorkCalendar.build(
            code="T",
            version="1",
            time_zone=str(self.zone),
            hours=self.week,
            days=self.days,
            provisional_years=(),
            first_day=self.first,
            last_day=self.last,
        )

    def is_open(self, at: datetime) -> bool:
        quarter = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
        if quarter not in self._quarters:
            local = quarter.astimezone(self.zone)
            self._quarters[quarter] = any(
                opens <= local.time() and (local.time() < closes or closes == time.min)
                for opens, closes in self._hours(local.date())
            )
        return self._quarters[quarter]

    def add_minutes(self, start: datetime, minutes: int, pauses: Sequence[Stretch], office: bool) -> datetime:
        at = start
        while minutes:
            paused = any(begins <= at < ends for begins, ends in pauses)
            minutes -= not paused and (not office or self.is_open(at))
            at += MINUTE
        return at

    def add_days(self, start: datetime, count: int, pauses: Sequence[Stretch], working: bool) -> datetime:
        """A day is not counted if a pause began before it had, and ended on it or after."""
        day = start.astimezone(self.zone).date()
        while count:
            day += DAY
            if working and not self._hours(day):
                continue
            begins = self._opening(day) if working else self._at(day, time.min)
            count -= not any(
                max(paused, start) <= begins and resumed.astimezone(self.zone).date() >= day
                for paused, resumed in pauses
                if paused < resumed and resumed > start
            )
        return self._close_of_business(self._at(day, time.min), pauses)

    def _close_of_business(self, after: datetime, pauses: Sequence[Stretch]) -> datetime:
        """Return the first closing for the day from then on that lies in no pause."""
        day = after.astimezone(self.zone).date()
        while True:
            if self._hours(day):
                ends = [(day + DAY if at == time.min else day, at) for _, at in self._hours(day)]
                closing = max(self._at(*each) for each in ends)
                if not any(begins < closing < resumes for begins, resumes in pauses):
                    return closing
            day += DAY

    def _hours(self, day: date) -> Hours:
        rule, usual = self.days.get(day), self.week.get(day.weekday(), ())
        if rule is None:
            return usual
        if rule is DayKind.OFF:
            return ()
        if rule is DayKind.WORK:
            return usual or next(self.week[each] for each in range(7) if self.week.get(each))
        return rule

    def _opening(self, day: date) -> datetime:
        return self._at(day, min(opens for opens, _ in self._hours(day)))

    def _at(self, day: date, local: time) -> datetime:
        return datetime.combine(day, local, self.zone).astimezone(UTC)


def _hours_of(windows: Sequence[Sequence[str]]) -> Hours:
    return [
        (time.fromisoformat(opens), time.min if closes == "24:00" else time.fromisoformat(closes))
        for opens, closes in windows
    ]


def joined(pauses: Sequence[Stretch]) -> list[Stretch]:
    """Return pauses in order, those that touch as one, however long it takes."""
    whole = sorted(each for each in pauses if each[0] < each[1])
    for number, (begins, ends) in enumerate(whole):
        for other, (first, last) in enumerate(whole[:number]):
            if begins <= last:
                rest = [each for place, each in enumerate(whole) if place not in (number, other)]
                return joined([*rest, (first, max(last, ends))])
    return whole
