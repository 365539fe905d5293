"""The confidence from which on suggestions are right as often as is promised."""

from collections.abc import Sequence
from math import sqrt

from router.domain.suggest.evaluation import Outcome

PROMISED = ("0.95", "0.97", "0.99")
DOUBT = 1.645
"""One-sided 95 %: of a hundred thresholds five promise too much by chance."""
RESERVED = 1 / 3
"""The share of the errors a promise allows that is kept for later months, never quite like the past."""


def least_confidence(outcomes: Sequence[Outcome], promised: float) -> float | None:
    """
    Return the lowest confidence from which on texts not learned from keep a promised precision.

    The precision must hold at the lower bound of what so few texts can prove, so
    few right answers promise nothing: None. A third of the errors it allows is
    kept in reserve.
    """
    needed = 1 - (1 - promised) * (1 - RESERVED)
    found, right = None, 0
    ranked = sorted(outcomes, key=lambda each: -each.confidence)
    for count, each in enumerate(ranked, 1):
        right += each.right
        tied = count < len(ranked) and ranked[count].confidence == each.confidence
        if not tied and lower_bound(right, count) >= needed:
            found = each.confidence
    return found


def lower_bound(right: int, count: int, doubt: float = DOUBT) -> float:
    """Return the share that so many right answers of so many prove (Wilson)."""
    if not count:
        return 0.0
    share, square = right / count, doubt * doubt
    middle = share + square / (2 * count)
    around = doubt * sqrt(share * (1 - share) / count + square / (4 * count * count))
    return max(0.0, (middle - around) / (1 + square / count))
