"""Names a text comes near, by the pairs of characters it shares with them: candidates, not a decision."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

LEAST_SHARE = 0.3
MOST = 3


@dataclass(frozen=True, slots=True)
class Likely:
    """A code, its name, which part of the name was said (0 to 1), and the pairs of characters that were."""

    code: str
    name: str
    share: float
    words: tuple[str, ...]


def likely_names(text: str, names: Mapping[str, str], most: int = MOST) -> list[Likely]:
    """
    Return the codes whose names come nearest to a text, the nearest first.

    A pair that stands in many names (管理, 噪声) tells less than one that stands in few.
    """
    pairs = {code: _pairs(name) for code, name in names.items()}
    common = Counter(pair for each in pairs.values() for pair in each)
    found = []
    for code, each in pairs.items():
        words = tuple(pair for pair in each if pair in text)
        share = sum(1 / common[pair] for pair in words) / (sum(1 / common[pair] for pair in each) or 1)
        if share >= LEAST_SHARE:
            found.append(Likely(code, names[code], share, words))
    return sorted(found, key=lambda each: (-each.share, each.code))[:most]


def _pairs(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one + other for one, other in pairwise(name) if (one + other).isalnum()))
