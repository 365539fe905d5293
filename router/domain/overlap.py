"""Rows between which nothing decides, and rows another always beats."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, product

from router.domain.area import Area
from router.domain.row import LAST_DAY, JurisdictionRow, rank
from router.domain.window import BadWindow, Window, read_window
from schemas.folding import folded

Areas = Mapping[str, Sequence[Area]]
"""Each special area by its code: a period for each time its borders changed."""

ALWAYS = Window(frozenset(range(1, 8)), 0, 24 * 60)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rows one ticket can meet, neither more specific; `same` when every ticket meets both."""

    one: JurisdictionRow
    other: JurisdictionRow
    same: bool

    @property
    def two_leads(self) -> bool:
        """Whether they name different leads."""
        return (self.one.department, self.one.mode) != (self.other.department, self.other.mode)


def overlaps(rows: Iterable[JurisdictionRow], areas: Areas) -> Iterator[Overlap]:
    """Yield every pair of rows that one ticket can meet on one day and that are equally specific."""
    equals: dict[object, list[JurisdictionRow]] = defaultdict(list)
    for row in rows:
        equals[row.category, rank(row)].append(row)
    for group in equals.values():
        if len(group) > 1:
            yield from _pairs(group, areas)


def crossings(
    rows: Iterable[JurisdictionRow], areas: Areas
) -> Iterator[tuple[JurisdictionRow, JurisdictionRow]]:
    """
    Yield every two rows with different leads that one ticket can meet, for one category and one place.

    Also those that a condition or a priority decides between: whoever settles
    duties wants to see where two departments meet. The row that wins comes first.
    """
    places: dict[object, list[JurisdictionRow]] = defaultdict(list)
    for row in rows:
        places[row.category, row.area, row.division].append(row)
    for group in places.values():
        for one, other in combinations(sorted(group, key=rank, reverse=True), 2):
            if one.department != other.department and can_both(one, other, areas):
                yield one, other


def shadowed(
    rows: Iterable[JurisdictionRow], day: date
) -> Iterator[tuple[JurisdictionRow, tuple[JurisdictionRow, ...]]]:
    """Yield each row that from that day on never wins, with the rows of a higher priority that see to it."""
    places: dict[object, list[JurisdictionRow]] = defaultdict(list)
    for row in rows:
        places[row.category, row.basis, row.area, row.division].append(row)
    for group in places.values():
        for row in group:
            stronger = (each for each in group if rank(each) > rank(row) and fits_whenever(each, row))
            first, last = max(row.valid_from, day), row.valid_to or LAST_DAY
            if first <= last and (winners := _one_after_the_other(stronger, first, last)):
                yield row, winners


def covers(winner: JurisdictionRow, row: JurisdictionRow) -> bool:
    """Say whether a row of the same category and place fits whenever the other does."""
    return (
        winner.valid_from <= row.valid_from
        and (row.valid_to or LAST_DAY) <= (winner.valid_to or LAST_DAY)
        and fits_whenever(winner, row)
    )


def fits_whenever(winner: JurisdictionRow, row: JurisdictionRow) -> bool:
    """Say whether a row of the same category and place fits, while it counts, whenever the other does."""
    return (
        winner.caller_type in (None, row.caller_type)
        and set(winner.attributes) <= set(row.attributes)
        and _words_cover(winner.keywords, row.keywords)
        and _window(winner).covers(_window(row))
    )


def can_both(one: JurisdictionRow, other: JurisdictionRow, areas: Areas) -> bool:
    """Say whether one ticket can meet both rows, their category being the same."""
    return (
        share_a_day(one, other)
        and (one.basis is not other.basis or _one_place(one, other, areas))
        and (one.caller_type is None or other.caller_type in (None, one.caller_type))
        and not _contradict(one.attributes, other.attributes)
        and _window(one).meets(_window(other))
    )


def share_a_day(*dated: JurisdictionRow | Area) -> bool:
    """Say whether there is a day on which all of these rows and areas count."""
    return max(each.valid_from for each in dated) <= min(each.valid_to or LAST_DAY for each in dated)


def _pairs(group: Sequence[JurisdictionRow], areas: Areas) -> Iterator[Overlap]:
    """Compare rows of one rank; where all name a division by the same basis, only those of the same one."""
    plain: dict[object, list[JurisdictionRow]] = defaultdict(list)
    whole = len({row.basis for row in group}) > 1 or any(row.area for row in group)
    for row in group:
        plain[None if whole else row.division].append(row)
    for each in plain.values():
        for one, other in combinations(each, 2):
            if can_both(one, other, areas):
                same = _place(one) == _place(other) and covers(one, other) and covers(other, one)
                yield Overlap(one, other, same)


def _one_after_the_other(
    rows: Iterable[JurisdictionRow], first: date, last: date
) -> tuple[JurisdictionRow, ...]:
    """Return rows of which one counts on each day from the first to the last; none if they leave a gap."""
    kept: list[JurisdictionRow] = []
    for row in sorted(rows, key=lambda each: (each.valid_from, each.id)):
        if row.valid_from > first:
            break
        if first <= (row.valid_to or LAST_DAY):
            kept.append(row)
            if last <= (row.valid_to or LAST_DAY):
                return tuple(kept)
            assert row.valid_to is not None
            first = row.valid_to + timedelta(days=1)
    return ()


def _place(row: JurisdictionRow) -> tuple[str, str | None, str]:
    return row.basis, row.area, row.division


def _one_place(one: JurisdictionRow, other: JurisdictionRow, areas: Areas) -> bool:
    if one.division != other.division and not (
        one.division.startswith(other.division) or other.division.startswith(one.division)
    ):
        return False
    if one.area == other.area:
        return True
    first, second = areas.get(one.area or ""), areas.get(other.area or "")
    if not first or not second:
        return True
    pairs = product(first, second)
    return any(share_a_day(one, other, *each) and each[0].may_meet(each[1]) for each in pairs)


def _contradict(some: Iterable[tuple[str, str]], others: Iterable[tuple[str, str]]) -> bool:
    theirs = dict(others)
    return any(theirs.get(name, value) != value for name, value in some)


def _words_cover(winner: Sequence[str], row: Sequence[str]) -> bool:
    """Whatever says one of the row's words says one of the winner's: 停车位 says 停车."""
    mine = [folded(each) for each in winner]
    if not mine:
        return True
    return bool(row) and all(any(each in folded(word) for each in mine) for word in row)


def _window(row: JurisdictionRow) -> Window:
    try:
        return read_window(row.weekdays, row.hours) or ALWAYS
    except BadWindow:
        return ALWAYS
