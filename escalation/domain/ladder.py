"""The supervision ladder (督办): rungs as data, and when a deadline reaches each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Literal

from escalation.domain.policy import Stage
from escalation.domain.worktime import (
    Amount,
    Unit,
    WorkCalendar,
    add,
    add_working_time,
    subtract_working_days,
    utc,
    working_time_between,
)

Card = Literal["yellow", "red"]


class Anchor(StrEnum):
    """
    What a rung is dated from.

    `BEFORE_DUE` holds for limits counted in days, `SHARE_OF_LIMIT` for limits
    counted in minutes, the others for both; so a level may have one row of each.
    """

    BEFORE_DUE = "before_due"
    SHARE_OF_LIMIT = "share_of_limit"
    AT_DUE = "at_due"
    AFTER_DUE = "after_due"


@dataclass(frozen=True, slots=True)
class Rung:
    """
    A level of supervision: when, for which stages, to whom, with what effect.

    `amount` belongs to before_due (working days only) and after_due, `percent` to
    share_of_limit; raises `ValueError` otherwise.
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

    def __post_init__(self) -> None:
        by_amount = self.anchor in (Anchor.BEFORE_DUE, Anchor.AFTER_DUE)
        by_share = self.anchor is Anchor.SHARE_OF_LIMIT
        if (self.amount is not None, self.percent is not None) != (by_amount, by_share):
            raise ValueError(f"Level {self.level}: {self.anchor} needs another measure.")
        if self.percent is not None and not 0 < self.percent < 100:
            raise ValueError(f"Level {self.level}: a share is between 1 and 99 percent.")
        if self.anchor is Anchor.BEFORE_DUE and self.amount and self.amount.unit != Unit.WORKING_DAYS:
            raise ValueError(f"Level {self.level}: {self.anchor} counts working days.")

    def holds_for(self, unit: Unit) -> bool:
        """Say whether the rung belongs to limits counted in this unit."""
        skipped = Anchor.SHARE_OF_LIMIT if unit.counts_days else Anchor.BEFORE_DUE
        return self.anchor is not skipped


Times = tuple[tuple[Rung, datetime], ...]


def rung_times(
    ladder: Iterable[Rung],
    *,
    stage: str,
    start: datetime,
    due: datetime,
    limit: Amount,
    calendar: WorkCalendar,
) -> Times:
    """
    Return the rungs of a deadline and when each falls due, in order of time.

    A rung never falls before the start. `due` may be later than `limit` says
    (extended, suspended); a share is taken of the time there really is.
    Raises `CalendarExhausted`.
    """
    start, due = utc(start), utc(due)
    times = [
        (rung, max(start, _falls_due(rung, start, due, limit.unit, calendar)))
        for rung in ladder
        if stage in rung.stages and rung.holds_for(limit.unit)
    ]
    return tuple(sorted(times, key=lambda each: (each[1], each[0].level)))


def next_rung(times: Times, climbed_level: int | None) -> tuple[Rung, datetime] | None:
    """Return the first rung above the one climbed last; None when the top is reached."""
    return next((each for each in times if climbed_level is None or each[0].level > climbed_level), None)


def ladder_faults(ladder: Sequence[Rung]) -> list[str]:
    """Say what is wrong with a ladder: nobody told, a level twice, a level before a lower one."""
    faults = [] if ladder else ["the ladder has no rung"]
    for rung in ladder:
        if not rung.receiver.strip():
            faults.append(f"level {rung.level} has no receiver")
        if not rung.stages:
            faults.append(f"level {rung.level} belongs to no stage")
    for level, meanings in _meanings(ladder).items():
        if meanings > 1:
            faults.append(f"level {level} means different things")
    for stage in Stage:
        for unit in Unit:
            rungs = [each for each in ladder if stage in each.stages and each.holds_for(unit)]
            faults.extend(_order_faults(rungs))
    return list(dict.fromkeys(faults))


def _falls_due(rung: Rung, start: datetime, due: datetime, unit: Unit, calendar: WorkCalendar) -> datetime:
    if rung.anchor is Anchor.SHARE_OF_LIMIT and rung.percent is not None:
        return _share(start, due, rung.percent, unit, calendar)
    if rung.amount is None:
        return due
    if rung.anchor is Anchor.BEFORE_DUE:
        return subtract_working_days(due, rung.amount.count, calendar)
    return add(due, rung.amount, calendar).at


def _share(start: datetime, due: datetime, percent: int, unit: Unit, calendar: WorkCalendar) -> datetime:
    if unit is Unit.WALL_MINUTES:
        return start + (due - start) * percent / 100
    whole = working_time_between(start, due, calendar)
    return add_working_time(start, whole * percent / 100, calendar).at


def _meanings(ladder: Iterable[Rung]) -> Counter[int]:
    return Counter(level for level, *_ in {(r.level, r.name, r.card, r.receiver, r.effect) for r in ladder})


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
