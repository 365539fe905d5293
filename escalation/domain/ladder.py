"""The supervision ladder (督办): rungs as data, and when a deadline reaches each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Literal

from escalation.domain.consequences import Consequence
from escalation.domain.measuring import subtract
from escalation.domain.policy import DEPARTMENT_STAGES, Stage
from escalation.domain.receivers import Directory, receiver_faults
from escalation.domain.reckoning import HAIKOU, Policy, Terms, reckon
from escalation.domain.worktime import (
    Amount,
    Unit,
    WorkCalendar,
    add_working_time,
    subtract_working_days,
    utc,
    working_time_between,
)

Card = Literal["yellow", "red"]

HIGHEST, LONGEST_DAYS = 999, 3660


class Anchor(StrEnum):
    """
    What a rung is dated from.

    `BEFORE_DUE` in days holds for limits counted in days, `SHARE_OF_LIMIT` for limits
    counted in minutes, the others for both; so a level may have one row of each.
    `COUNTED` is dated when something has happened so often, `MONTHLY` when a month
    has ended in which a department was among the latest; neither belongs to a deadline.
    """

    BEFORE_DUE = "before_due"
    SHARE_OF_LIMIT = "share_of_limit"
    AT_DUE = "at_due"
    AFTER_DUE = "after_due"
    COUNTED = "counted"
    MONTHLY = "monthly"


class Counted(StrEnum):
    """
    What is counted: of a department its sign-ins that were red; of a ticket what happened to it.

    A barred return is a department's wish to return what was adjudicated to it.
    """

    SIGN_REDS = "sign_reds"
    REDOS = "redos"
    RETURNS = "returns"
    BARRED_RETURNS = "barred_returns"


@dataclass(frozen=True, slots=True)
class Rung:
    """
    A level of supervision: when, for which stages, to whom, with what effect.

    `amount` belongs to before_due (no calendar days) and after_due, `percent` to
    share_of_limit, `times` to counted (of what, within how many days) and to monthly
    (the how many-th month in a row); raises `ValueError` otherwise.
    """

    level: int
    name: str
    stages: frozenset[Stage]
    anchor: Anchor
    amount: Amount | None
    percent: int | None
    card: Card | None
    receiver: str
    effect: str
    cc: tuple[str, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    times: int | None = None
    counted: Counted | None = None
    within_days: int | None = None

    def __post_init__(self) -> None:
        by_amount = self.anchor in (Anchor.BEFORE_DUE, Anchor.AFTER_DUE)
        by_share = self.anchor is Anchor.SHARE_OF_LIMIT
        measures = (self.amount is not None, self.percent is not None, self.times is not None)
        if measures != (by_amount, by_share, self.is_counted):
            raise ValueError(f"Level {self.level}: {self.anchor} needs another measure.")
        if (self.counted is not None) != (self.anchor is Anchor.COUNTED):
            raise ValueError(f"Level {self.level}: only {Anchor.COUNTED} counts something.")
        if not 0 <= self.level <= HIGHEST:
            raise ValueError(f"Level {self.level}: levels go from 0 to {HIGHEST}.")
        within = 1 if self.within_days is None else self.within_days
        if (self.times is not None and self.times < 1) or not 1 <= within <= LONGEST_DAYS:
            raise ValueError(f"Level {self.level}: at least once, within a day to {LONGEST_DAYS} days.")
        if self.percent is not None and not 0 < self.percent < 100:
            raise ValueError(f"Level {self.level}: a share is between 1 and 99 percent.")
        if self.anchor is Anchor.BEFORE_DUE and self.amount and self.amount.unit is Unit.CALENDAR_DAYS:
            raise ValueError(f"Level {self.level}: {self.anchor} counts working days or minutes.")

    @property
    def is_counted(self) -> bool:
        """Whether it is dated by how often something happened, not by a deadline."""
        return self.anchor in (Anchor.COUNTED, Anchor.MONTHLY)

    def holds_for(self, unit: Unit) -> bool:
        """Say whether the rung belongs to deadlines, and to limits counted in this unit."""
        if self.is_counted:
            return False
        if unit.counts_days:
            return self.anchor is not Anchor.SHARE_OF_LIMIT
        return self.anchor is not Anchor.BEFORE_DUE or not (self.amount and self.amount.unit.counts_days)


Times = tuple[tuple[Rung, datetime], ...]


def rung_times(
    ladder: Iterable[Rung],
    *,
    stage: str,
    start: datetime,
    due: datetime,
    limit: Amount,
    calendar: WorkCalendar,
    policy: Policy = HAIKOU,
) -> Times:
    """
    Return the rungs of a deadline and when each falls due, in order of time.

    A rung never falls before the start. `due` may be later than `limit` says
    (extended, suspended); a share is taken of the time there really is.
    Raises `CalendarExhausted`.
    """
    start, due = utc(start), utc(due)
    times = [
        (rung, max(start, _falls_due(rung, (start, due), limit.unit, calendar, policy)))
        for rung in ladder
        if stage in rung.stages and rung.holds_for(limit.unit)
    ]
    return tuple(sorted(times, key=lambda each: (each[1], each[0].level)))


def next_rung(times: Times, climbed_level: int | None) -> tuple[Rung, datetime] | None:
    """Return the first rung above the one climbed last; None when the top is reached."""
    return next((each for each in times if climbed_level is None or each[0].level > climbed_level), None)


def told_roles(ladder: Sequence[Rung], level: int) -> tuple[str, ...]:
    """Return whom a rung is for, then those of the levels above it, who are told when nobody is it."""
    above = sorted(
        (each for each in ladder if each.anchor is not Anchor.MONTHLY), key=lambda each: each.level
    )
    own = [each.receiver for each in ladder if each.level == level]
    return tuple(dict.fromkeys([*own, *(each.receiver for each in above if each.level > level)]))


def ladder_faults(ladder: Sequence[Rung], directory: Directory | None = None) -> list[str]:
    """
    Say what is wrong with a ladder: nobody told, a level twice, a level before a lower one.

    With a directory of receivers also which levels nobody can be told of: such a ladder is never
    published, while one that loses somebody later climbs on.
    """
    faults = [] if ladder else ["the ladder has no rung"]
    for rung in ladder:
        faults.extend(_rung_faults(rung))
    meanings = _meanings(ladder)
    faults.extend(f"level {level} means different things" for level in meanings if meanings[level] > 1)
    for stage in Stage:
        for unit in Unit:
            rungs = [each for each in ladder if stage in each.stages and each.holds_for(unit)]
            faults.extend(_order_faults(rungs))
    if directory is not None:
        faults.extend(receiver_faults([each for rung in ladder for each in _told(rung)], directory))
    return list(dict.fromkeys(faults))


def _rung_faults(rung: Rung) -> Iterator[str]:
    if not rung.receiver.strip():
        yield f"level {rung.level} has no receiver"
    if not rung.stages:
        yield f"level {rung.level} belongs to no stage"


def _told(rung: Rung) -> Iterator[tuple[int, str, bool, bool]]:
    departments = any(each in DEPARTMENT_STAGES for each in rung.stages)
    desk = any(each not in DEPARTMENT_STAGES for each in rung.stages)
    yield from ((rung.level, role, departments, desk) for role in (rung.receiver, *rung.cc))


def _falls_due(
    rung: Rung, span: tuple[datetime, datetime], unit: Unit, calendar: WorkCalendar, policy: Policy
) -> datetime:
    start, due = span
    if rung.anchor is Anchor.SHARE_OF_LIMIT and rung.percent is not None:
        return share_of(start, due, rung.percent, unit, calendar)
    if rung.amount is None:
        return due
    if rung.anchor is Anchor.AFTER_DUE:
        return reckon(Terms(due, rung.amount), calendar, policy).at
    if rung.amount.unit is Unit.WORKING_DAYS:
        return subtract_working_days(due, rung.amount.count, calendar)
    return subtract(due, rung.amount, calendar, policy)


def share_of(start: datetime, due: datetime, percent: int, unit: Unit, calendar: WorkCalendar) -> datetime:
    """Return when so much of a limit counted in minutes has passed."""
    if unit is Unit.WALL_MINUTES:
        return start + (due - start) * percent / 100
    whole = working_time_between(start, due, calendar)
    return add_working_time(start, whole * percent / 100, calendar).at


def _meanings(ladder: Iterable[Rung]) -> Counter[int]:
    meant = {(r.level, r.name, r.card, r.receiver, r.effect, r.cc, r.consequences) for r in ladder}
    return Counter(level for level, *_ in meant)


def _order_faults(rungs: Iterable[Rung]) -> Iterator[str]:
    for lower, higher in pairwise(sorted(rungs, key=lambda each: each.level)):
        pair = f"level {higher.level} and level {lower.level}"
        if lower.level == higher.level:
            yield f"level {lower.level} is there twice"
        elif lower.anchor is higher.anchor and _unit(lower) != _unit(higher):
            yield f"{pair} count in different units"
        elif _place(higher) < _place(lower):
            yield f"level {higher.level} comes before level {lower.level}"


def _unit(rung: Rung) -> Unit | None:
    return rung.amount.unit if rung.amount else None


def _place(rung: Rung) -> tuple[int, int]:
    count = rung.amount.count if rung.amount else rung.percent or 0
    side = {Anchor.AT_DUE: 1, Anchor.AFTER_DUE: 2}.get(rung.anchor, 0)
    return side, -count if rung.anchor is Anchor.BEFORE_DUE else count
