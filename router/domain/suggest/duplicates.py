"""Which texts say nearly the same: they are learned from or tested on together, never one of each."""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from schemas.likeness import likeness, runs

ALIKE = 0.8
BANDS, ROWS = 16, 3
"""Texts as alike as 0.8 meet in one of sixteen bands of three with 0.997, as 0.5 with 0.45."""
LOOKED_AT = 8
SILENT = [(-1, b"")]
_ODD = np.random.default_rng(12345).integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) | np.uint64(1)


def groups_of(texts: Sequence[str], together: Sequence[str] | None = None) -> list[int]:
    """
    Return the number of the group each text belongs to: that of the first text it is nearly the same as.

    The operators' set phrases are to be left out before, as they make strangers alike.
    Texts that are alike by a chain of others are one group. `together` names what
    else belongs together, such as a caller; an empty name joins nothing.
    """
    first = list(range(len(texts)))

    def head(at: int) -> int:
        while first[at] != at:
            first[at] = first[first[at]]
            at = first[at]
        return at

    for one, other in _pairs(texts, together):
        low, high = sorted((head(one), head(other)))
        first[high] = low
    return [head(at) for at in range(len(texts))]


def near_duplicates(texts: Sequence[str], of: Sequence[str]) -> list[bool]:
    """Say of each text whether one of the others says nearly the same."""
    groups = groups_of([*of, *texts])
    others = set(groups[: len(of)])
    return [group in others for group in groups[len(of) :]]


def _pairs(texts: Sequence[str], together: Sequence[str] | None) -> Iterator[tuple[int, int]]:
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for at, text in enumerate(texts):
        keys = _keys(text)
        for key in keys:
            bucket = buckets[key]
            same = keys == SILENT
            yield from ((other, at) for other in bucket if same or likeness(texts[other], text) >= ALIKE)
            if len(bucket) < LOOKED_AT:
                bucket.append(at)
    if together is not None:
        seen: dict[str, int] = {}
        yield from ((seen.setdefault(name, at), at) for at, name in enumerate(together) if name)


def _keys(text: str) -> list[tuple[int, bytes]]:
    """Return the buckets a text lies in; one that says nothing of its own lies with its like."""
    said = runs(text)
    if not said:
        return SILENT
    numbers = np.array([zlib.crc32(run.encode("utf-8", "surrogatepass")) for run in said], dtype=np.uint64)
    least = (numbers[:, None] * _ODD[None, :] >> np.uint64(32)).min(axis=0).astype(np.uint32)
    return [(band, least[band * ROWS : (band + 1) * ROWS].tobytes()) for band in range(BANDS)]
