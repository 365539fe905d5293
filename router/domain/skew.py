"""Places that cannot be right: a district with many times its usual share, one point for many addresses."""

from collections.abc import Mapping
from dataclasses import dataclass

TIMES = 5.0
LEAST = 20
"""Fewer tickets than this prove nothing."""


@dataclass(frozen=True, slots=True)
class Skew:
    """A division whose share of the tickets is many times what it was."""

    division: str
    tickets: int
    share: float
    usual: float


def skewed(
    lately: Mapping[str, int], before: Mapping[str, int], times: float = TIMES, least: int = LEAST
) -> list[Skew]:
    """Return the divisions whose share lately is at least so many times that of before, largest first."""
    total, usual_total = sum(lately.values()), sum(before.values())
    found = []
    for division, tickets in lately.items():
        share = tickets / total
        # A division never seen before is judged as if one ticket had been there.
        usual = max(before.get(division, 0), 1) / usual_total if usual_total else 0.0
        if tickets >= least and usual_total and share >= times * usual:
            found.append(Skew(division, tickets, share, usual))
    return sorted(found, key=lambda each: -each.tickets)
