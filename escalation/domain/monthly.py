"""The latest departments of a month (月度超期前三名): a talk, then an inspection, then discipline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from fractions import Fraction

from escalation.domain.ladder import Anchor, Rung

LISTED = 3
"""万宁市12345首接责任制: 月度超期件数前三名."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a department's completions that fell due in a month went."""

    department: str
    overdue: int
    due: int

    @property
    def order(self) -> tuple[int, Fraction]:
        """By how many were overdue, then by their share."""
        return self.overdue, Fraction(self.overdue, self.due or 1)


def span_of(month: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return when a month begins and ends, by the city's calendar; the end no longer belongs to it."""
    begins, ends = (datetime.combine(each, time.min, zone) for each in (month, next_month(month)))
    return begins, ends


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def month_before(month: date) -> date:
    """Return the first day of the month before."""
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


def closed_months(last: date | None, today: date) -> tuple[date, ...]:
    """Return the months that have ended and are not evaluated, oldest first; the first time only one."""
    current = today.replace(day=1)
    if last is None:
        return (month_before(current),)
    months = []
    while (last := next_month(last)) < current:
        months.append(last)
    return tuple(months)


def latest(standings: Iterable[Standing], listed: int = LISTED) -> tuple[Standing, ...]:
    """
    Return the departments with the most overdue, worst first.

    Who stands exactly as the last of them is listed too: neither the alphabet nor the database
    decides who is talked to. Who had nothing overdue never is.
    """
    late = sorted((each for each in standings if each.overdue), key=lambda each: each.department)
    late.sort(key=lambda each: each.order, reverse=True)
    if len(late) <= listed:
        return tuple(late)
    return tuple(each for each in late if each.order >= late[listed - 1].order)


def months_in_a_row(department: str, before: Mapping[str, int]) -> int:
    """Return for how many months a department has now been listed, by the findings of the month before."""
    return before.get(department, 0) + 1


def rung_for(months: int, ladder: Sequence[Rung]) -> Rung | None:
    """Return the rung of so many months in a row: the highest that asks for no more."""
    known = [each for each in ladder if each.anchor is Anchor.MONTHLY and (each.times or 1) <= months]
    return max(known, key=lambda each: each.times or 1, default=None)
