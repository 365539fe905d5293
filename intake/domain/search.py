"""What a search looks for: words and kinds as numbers an index can hold, other ones for each few days."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from zlib import crc32

from intake.domain.text import folded
from schemas.codes import category_prefixes, division_prefixes
from schemas.lifecycle import Status

SHORTEST_WORD = 2
MOST_PAIRS = 6
"""Pairs of a word that are looked up; what is found is compared with the whole word anyway."""

STRETCH_DAYS = 3
"""Shorter, what is rare takes more lookups; longer, what is common gives more to sort."""

_NUMBER = re.compile(r"[0-9]+")
_INNER_NUMBER = re.compile(r"(?<=[^0-9])[0-9]+(?=[^0-9])")
"""A number that is whole as the word has it: 路12号; one at a word's end may go on."""

_SPREAD = 2_654_435_761
_HALF, _WHOLE = 1 << 31, 1 << 32


@dataclass(frozen=True)
class Wanted:
    """
    What tickets are looked for; None and empty mean any.

    `category` and `division` are prefixes, `words` folded, `since` and `until` bound
    when a ticket was accepted, the end excluded. `number` is the beginning of a
    ticket's number, `source_number` a sender's, on one of `lines`. `open_only`
    leaves out what is in confidence; `scrubbed` looks for words as a department reads
    them, so that nobody finds out by asking who called.
    """

    words: tuple[str, ...] = ()
    category: str | None = None
    division: str | None = None
    hotline: str | None = None
    caller_type: str | None = None
    statuses: tuple[Status, ...] = ()
    department: str | None = None
    phone: str | None = None
    number: str | None = None
    source_number: str | None = None
    lines: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    open_only: bool = False
    scrubbed: bool = False

    @property
    def marks(self) -> list[str]:
        """The tokens every ticket looked for bears: few lookups, each of them telling."""
        found = [_mark(name, value) for name, value in _kinds(self) if value is not None]
        for word in self.words:
            numbers = {_mark("#", each) for each in _INNER_NUMBER.findall(word)}
            pairs = sorted(_pairs(_INNER_NUMBER.sub(" ", word) if numbers else word))
            step = max(len(pairs) // MOST_PAIRS, 1)
            found += [*sorted(numbers), *pairs[::step][:MOST_PAIRS]]
        return found

    @property
    def is_static(self) -> bool:
        """Whether the marks say all but how a word goes on: nothing else is to be checked."""
        return not (self.statuses or self.number)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a query, as they are compared."""
    return tuple(dict.fromkeys(_comparable(text).split()))


def haystack(title: str, text: str, address: str | None) -> str:
    """Return what the words are looked for in, as it is compared."""
    return _comparable("\n".join((title, text, address or "")))


def tokens(
    accepted_at: datetime,
    said: str,
    *,
    category: str | None,
    division: str | None,
    hotline: str,
    caller_type: str,
    department: str | None = None,
) -> list[int]:
    """Return the numbers under which a ticket is found; `said` is its haystack."""
    marks = _pairs(said)
    marks |= {_mark("#", each) for each in _NUMBER.findall(said)}
    marks |= {_mark("c", each) for each in category_prefixes(category) if each}
    marks |= {_mark("d", each) for each in division_prefixes(division) if each}
    marks |= {_mark("h", hotline), _mark("t", caller_type)}
    marks |= {_mark("u", department)} if department else set()
    return hashed(marks, stretch_of(accepted_at))


def hashed(marks: Iterable[str], stretch: int) -> list[int]:
    """Return tokens as the signed numbers of one stretch of days, smallest first."""
    seed = (stretch * _SPREAD) % _WHOLE
    return sorted({(crc32(each.encode("utf-8", "replace"), seed) ^ _HALF) - _HALF for each in marks})


def hashed_over(mark: str, stretches: Sequence[int]) -> list[int]:
    """Return one token as the numbers of several stretches."""
    return [number for each in stretches for number in hashed([mark], each)]


def stretch_of(moment: datetime) -> int:
    """Return the number of the few days a moment is in, in UTC."""
    return moment.astimezone(UTC).toordinal() // STRETCH_DAYS


def begin_of(stretch: int) -> datetime:
    """Return when a stretch begins."""
    return datetime.fromordinal(stretch * STRETCH_DAYS).replace(tzinfo=UTC)


def _kinds(wanted: Wanted) -> list[tuple[str, str | None]]:
    values = (wanted.category, wanted.division, wanted.hotline, wanted.caller_type, wanted.department)
    return list(zip("cdhtu", values, strict=True))


def _mark(name: str, value: str) -> str:
    return f"{name}:{value}"  # three characters at least, so never a pair


def _pairs(said: str) -> set[str]:
    return {one + other for word in said.split() for one, other in pairwise(word)}


def _comparable(text: str) -> str:
    return folded(text).lower()
