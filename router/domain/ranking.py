"""Three suggestions for a parked ticket, each with its reasons: table, past decisions, names, text model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import prod

SHOWN = 3


class Source(StrEnum):
    """Where a suggestion comes from."""

    TABLE = "table"
    HISTORY = "history"
    NAMED = "named"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Reason:
    """
    Why a department may be competent.

    `weight` is how often such a reason is right; `row`, `basis` and `words`
    are there for whoever wants to look it up.
    """

    source: Source
    weight: float
    says: str
    row: str | None = None
    basis: str | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A department, how likely it is, and every reason for it, the weightiest first."""

    department: str
    likely: float
    reasons: tuple[Reason, ...]


def rank(
    found: Iterable[tuple[str, Reason]], allowed: Mapping[str, object], shown: int = SHOWN
) -> list[Suggestion]:
    """
    Return the likeliest departments of those `allowed`, by all reasons together.

    Reasons count as independent: two of 0.5 make 0.75. Of one source only the
    weightiest counts, for a row and the row it beat are one and the same reason.
    """
    reasons: dict[str, list[Reason]] = {}
    for department, reason in found:
        if department in allowed:
            reasons.setdefault(department, []).append(reason)
    ranked = [
        Suggestion(department, _together(each), tuple(sorted(each, key=lambda one: -one.weight)))
        for department, each in reasons.items()
    ]
    return sorted(ranked, key=lambda each: (-each.likely, each.department))[:shown]


def _together(reasons: Sequence[Reason]) -> float:
    best: dict[Source, float] = {}
    for each in reasons:
        best[each.source] = max(each.weight, best.get(each.source, 0.0))
    return round(1 - prod(1 - weight for weight in best.values()), 4)
