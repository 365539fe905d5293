"""How alike two texts are: the one measure by which repeats are found and tickets are joined."""

import re
from functools import lru_cache

REMEMBERED = 256
LONGEST_REMEMBERED = 1000
"""Runs of a text this long take 0.13 MB; longer ones are counted anew each time."""

_WORD = re.compile(r"[^\W_]+")


def likeness(one: str, other: str) -> float:
    """Return how alike two texts are, 0 to 1: the share of runs of three characters in both."""
    if one == other:
        return 1.0
    mine, theirs = runs(one), runs(other)
    if not mine or not theirs:
        return 0.0
    return 2 * len(mine & theirs) / (len(mine) + len(theirs))


def containment(one: str, other: str) -> float:
    """Return how much of what `one` says is in `other`, 0 to 1."""
    mine = runs(one)
    return len(mine & runs(other)) / len(mine) if mine else 0.0


def runs(text: str) -> frozenset[str]:
    """Return the runs of three characters of a text; punctuation does not count."""
    return _runs(text) if len(text) > LONGEST_REMEMBERED else _remembered(text)


def _runs(text: str) -> frozenset[str]:
    said = "".join(_WORD.findall(text))
    return frozenset(said[at : at + 3] for at in range(max(len(said) - 2, 1)) if said)


_remembered = lru_cache(REMEMBERED)(_runs)
