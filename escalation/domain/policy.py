"""Which limits a matter has: per stage, the most specific rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from escalation.domain.worktime import Amount
from schemas.ticket import Kind, Urgency


class Clock(StrEnum):
    """Whose time it is: the caller's total, never reset, or one department's assignment."""

    CITIZEN = "citizen"
    DEPARTMENT = "department"


class Stage(StrEnum):
    """What must be done in time, in the order a ticket meets it."""

    DISPATCH = "dispatch"
    TRIAGE = "triage"
    SIGN = "sign"
    CONTACT = "contact"
    FEEDBACK = "feedback"
    COMPLETION = "completion"


@dataclass(frozen=True, slots=True)
class LimitRule:
    """A limit of a rule set; `kind` or `live` that is None fits any."""

    rule: str
    clock: Clock
    stage: Stage
    urgency: Urgency
    kind: Kind | None
    live: bool | None
    amount: Amount
    source: str

    @property
    def specificity(self) -> tuple[bool, bool]:
        """A nuisance going on now weighs more than its kind."""
        return self.live is not None, self.kind is not None

    def fits(self, clock: str, urgency: Urgency, kind: Kind, live: bool) -> bool:
        """Say whether the rule speaks about such a matter."""
        return (
            (self.clock, self.urgency) == (clock, urgency)
            and self.kind in (None, kind)
            and self.live in (None, live)
        )


def limits_for(
    rules: Iterable[LimitRule], *, clock: str, urgency: Urgency, kind: Kind, live: bool = False
) -> tuple[LimitRule, ...]:
    """Return the limits of a matter on one clock, one per stage, in the order of the stages."""
    fitting = [each for each in rules if each.fits(clock, urgency, kind, live)]
    of_stage = ([each for each in fitting if each.stage is stage] for stage in Stage)
    return tuple(max(found, key=lambda each: each.specificity) for found in of_stage if found)


def limit_faults(rules: Iterable[LimitRule]) -> list[str]:
    """Say which rules repeat each other, and which matters nobody must complete."""
    rules = tuple(rules)
    seen: set[tuple[object, ...]] = set()
    faults = []
    for each in rules:
        key = (each.clock, each.stage, each.urgency, each.kind, each.live)
        if key in seen:
            faults.append(f"two limits for {' '.join(str(part) for part in key if part is not None)}")
        seen.add(key)
    for clock, urgency, kind in product(Clock, Urgency, Kind):
        limits = limits_for(rules, clock=clock, urgency=urgency, kind=kind)
        if Stage.COMPLETION not in [each.stage for each in limits]:
            faults.append(f"no limit for {clock} {Stage.COMPLETION} {urgency} {kind}")
    return faults
