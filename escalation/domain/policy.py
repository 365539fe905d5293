"""Which limits a matter has: per stage, what statute says, else the most specific default."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import product
from typing import Any

from escalation.domain.rule_fault import RuleFault
from escalation.domain.worktime import Amount
from schemas.events import Matter
from schemas.ticket import CallerType, Kind, Urgency


class Clock(StrEnum):
    """Whose time it is: the caller's total, never reset, or one department's assignment."""

    CITIZEN = "citizen"
    DEPARTMENT = "department"


CO_HANDLING = "co_handling"
"""The clock of a department that helps: until when is asked of it, so no limit is kept for it."""


class Stage(StrEnum):
    """
    What must be done in time, in the order a ticket meets it.

    The return window is no deadline: nobody must return a ticket, and after it nobody may. A
    matter that has none cannot be returned at all. `ARCHIVE` is when a closed ticket is archived.
    """

    DISPATCH = "dispatch"
    TRIAGE = "triage"
    SIGN = "sign"
    CONTACT = "contact"
    FEEDBACK = "feedback"
    RETURN_WINDOW = "return_window"
    RETURN_REVIEW = "return_review"
    ADJUDICATION = "adjudication"
    COMPLETION = "completion"
    STATUTORY = "statutory"
    CALLBACK = "callback"
    REDO = "redo"
    ARCHIVE = "archive"


JOBS = (Stage.COMPLETION, Stage.STATUTORY, Stage.REDO)
"""The stages of a department's clock that say when it is to be done."""

CALLERS = (Stage.COMPLETION, Stage.STATUTORY)
"""The stages of the citizen clock that say what its caller was promised."""


AFTERWARDS = (Stage.CALLBACK, Stage.ARCHIVE)
"""The stages that begin when a ticket has ended."""


def is_promise(each: Any) -> bool:
    """Say whether a limit or deadline is what its caller was promised; cards go by the department's."""
    return each.clock == Clock.CITIZEN and each.stage in CALLERS


def is_silent(each: Any) -> bool:
    """Say whether no card goes by it: a promise has its department's, archiving is a machine's."""
    return is_promise(each) or each.stage == Stage.ARCHIVE


class Layer(StrEnum):
    """Who says how long: a law, the department's own public promise, or the city for want of both."""

    STATUTE = "statute"
    COMMITMENT = "commitment"
    DEFAULT = "default"


DEPARTMENT_STAGES = (Stage.SIGN, Stage.CONTACT, Stage.FEEDBACK, *JOBS)
"""What a department must do in time; the other stages are the desk's."""


@dataclass(frozen=True, slots=True)
class LimitRule:
    """
    A limit of a rule set; what is None, or an empty category, fits any matter.

    `category` is a prefix. A rule of a statutory `procedure` holds only for matters in it;
    `extension` is how much longer that law lets it take, in the same unit. One that `repeats` begins
    anew each time its stage was done, until the department is done with the ticket.
    """

    rule: str
    clock: Clock
    stage: Stage
    urgency: Urgency | None
    kind: Kind | None
    live: bool | None
    amount: Amount
    source: str
    caller_type: CallerType | None = None
    layer: Layer = Layer.DEFAULT
    category: str = ""
    procedure: str | None = None
    extension: int | None = None
    repeats: bool = False

    @property
    def specificity(self) -> tuple[bool, bool, int, bool, bool, bool, bool]:
        """
        What weighs more, in this order.

        Statute; a procedure; the longer category; a nuisance going on now; whose matter it is;
        its kind; its urgency.
        """
        return (
            self.layer is Layer.STATUTE,
            self.procedure is not None,
            len(self.category),
            self.live is not None,
            self.caller_type is not None,
            self.kind is not None,
            self.urgency is not None,
        )

    @property
    def condition(self) -> tuple[object, ...]:
        """What two rules must not share: nothing would decide between them."""
        return (
            self.clock,
            self.stage,
            self.urgency,
            self.kind,
            self.live,
            self.caller_type,
            self.category,
            self.procedure,
            self.layer is Layer.STATUTE,
        )

    def fits(
        self,
        clock: str,
        urgency: Urgency,
        kind: Kind,
        live: bool,
        caller_type: CallerType,
        category: str = "",
        procedure: str | None = None,
    ) -> bool:
        """Say whether the rule speaks about such a matter."""
        return (
            self.clock == clock
            and self.urgency in (None, urgency)
            and self.kind in (None, kind)
            and self.live in (None, live)
            and self.caller_type in (None, caller_type)
            and self.procedure in (None, procedure)
            and category.startswith(self.category)
        )


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a department promises in public (服务承诺) for a category (prefix) and kind, None for any."""

    category: str
    kind: Kind | None
    amount: Amount
    rule: str
    source: str


def limits_for(
    rules: Iterable[LimitRule],
    *,
    clock: str,
    urgency: Urgency,
    kind: Kind,
    live: bool = False,
    caller_type: CallerType = CallerType.PERSON,
    category: str | None = None,
    procedure: str | None = None,
) -> tuple[LimitRule, ...]:
    """Return the limits of a matter on one clock, one per stage, in the order of the stages."""
    asked = (clock, urgency, kind, live, caller_type, category or "", procedure)
    best: dict[Stage, LimitRule] = {}
    for each in rules:
        known = best.get(each.stage)
        if each.fits(*asked) and (known is None or each.specificity > known.specificity):
            best[each.stage] = each
    return tuple(best[stage] for stage in Stage if stage in best)


def limits_of(
    rules: Iterable[LimitRule], clock: str, matter: Matter, procedure: str | None = None
) -> tuple[LimitRule, ...]:
    """Return the limits of a matter, in the statutory procedure that is named, or else in its line's."""
    return limits_for(
        rules,
        clock=clock,
        urgency=matter.urgency,
        kind=matter.kind,
        live=matter.live,
        caller_type=matter.caller_type,
        category=matter.category,
        procedure=procedure or matter.statutory_procedure,
    )


def promised(
    limit: LimitRule,
    commitments: Iterable[Commitment],
    kind: Kind,
    category: str | None,
    ends: Callable[[Amount], datetime],
) -> LimitRule:
    """
    Return the limit a department has for completion once its own promise is heard.

    Statute prevails; of the promise and the default the one that ends earlier counts, so a
    promise never gives more time. Of several promises the most specific speaks: the longer
    category, then the kind. `ends` says when an amount would be over.
    """
    heard = [
        each
        for each in commitments
        if (category or "").startswith(each.category) and each.kind in (None, kind)
    ]
    if not heard or limit.layer is Layer.STATUTE or limit.stage is not Stage.COMPLETION:
        return limit
    said = max(heard, key=lambda each: (len(each.category), each.kind is not None))
    if ends(said.amount) >= ends(limit.amount):
        return limit
    return replace(limit, amount=said.amount, rule=said.rule, source=said.source, layer=Layer.COMMITMENT)


def limit_faults(rules: Iterable[LimitRule]) -> list[RuleFault]:
    """Say which rules repeat each other, and which matters nobody must complete."""
    rules = tuple(rules)
    times = Counter(each.condition for each in rules)
    faults = []
    for number, each in enumerate(rules, start=1):
        if times[each.condition] > 1:
            times[each.condition] = 0
            others = [n for n, other in enumerate(rules, 1) if other.condition == each.condition]
            faults.append(
                RuleFault(
                    "equal_limits", f"第{_listed(others)}行条件完全相同,不知适用哪一行;请删去或改条件", number
                )
            )
    for clock, urgency, kind in product(Clock, Urgency, Kind):
        limits = limits_for(rules, clock=clock, urgency=urgency, kind=kind)
        if Stage.COMPLETION not in [each.stage for each in limits]:
            says = f"没有办结时限:clock {clock}、urgency {urgency}、kind {kind};请补一行"
            faults.append(RuleFault("no_limit", says))
    return faults


def _listed(numbers: Iterable[int]) -> str:
    return "、".join(map(str, numbers))
