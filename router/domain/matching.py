"""
The most specific row in force wins: longest category prefix, then longest division prefix.

Duty follows the matter before the place (职责先看事项, 再看地点), so a row for the
exact category beats a row for the exact street. Two rows with the same pair of
prefixes on the same day are a fault of the table: nobody is chosen by chance.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations

from schemas.codes import category_prefixes, division_prefixes

Prefixes = tuple[str, str]


class Mode(StrEnum):
    """`DIRECT` assigns by itself; `MANUAL` says that a person must decide."""

    DIRECT = "direct"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class JurisdictionRow:
    """One row of the table; category and division are prefixes, `valid_to` is the last day in force."""

    id: str
    category: str
    division: str
    department: str | None
    mode: Mode
    legal_basis: str | None
    valid_from: date
    valid_to: date | None

    def in_force(self, day: date) -> bool:
        """Say whether the row counts on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def overlaps(self, other: "JurisdictionRow") -> bool:
        """Say whether there is a day on which both count."""
        first = max(self.valid_from, other.valid_from)
        return self.in_force(first) and other.in_force(first)


@dataclass(frozen=True)
class JurisdictionTable:
    """A published version of the table, indexed by its pairs of prefixes."""

    version: str
    rows: dict[Prefixes, tuple[JurisdictionRow, ...]]

    @classmethod
    def of(cls, version: str, rows: Iterable[JurisdictionRow]) -> "JurisdictionTable":
        """Index the rows of a version."""
        index: dict[Prefixes, list[JurisdictionRow]] = defaultdict(list)
        for row in rows:
            index[row.category, row.division].append(row)
        return cls(version, {pair: tuple(each) for pair, each in index.items()})


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What the table says: the winning rows, and those they beat.

    One winner decides; none, or several equals, is for a person. `excluded` are
    rows passed over because their department may not have this ticket.
    """

    version: str
    day: date
    category: str | None
    division: str | None
    winners: tuple[JurisdictionRow, ...]
    beaten: tuple[JurisdictionRow, ...]
    excluded: tuple[JurisdictionRow, ...] = ()

    @property
    def row(self) -> JurisdictionRow | None:
        """The one row that decides, if one does."""
        return self.winners[0] if len(self.winners) == 1 else None


def match(
    table: JurisdictionTable,
    category: str | None,
    division: str | None,
    day: date,
    excluded: frozenset[str] = frozenset(),
) -> Verdict:
    """
    Find the row with jurisdiction over a category and division on a day.

    Codes are compared by level (2-2-2, 4-2-3-3), never digit by digit. Rows
    of `excluded` departments do not take part: a department that returned the
    ticket, or that must not see it.
    """
    ranked = [
        tuple(row for row in table.rows.get(pair, ()) if row.in_force(day))
        for pair in _by_specificity(category, division)
    ]
    passed_over = tuple(row for rows in ranked for row in rows if row.department in excluded)
    allowed = [tuple(row for row in rows if row not in passed_over) for rows in ranked]
    held = [rows for rows in allowed if rows]
    winners = held[0] if held else ()
    beaten = tuple(row for rows in held[1:] for row in rows)
    return Verdict(table.version, day, category, division, winners, beaten, passed_over)


def table_faults(table: JurisdictionTable) -> list[str]:
    """Say which rows have jurisdiction on the same days as another, and which can never win."""
    faults = []
    for (category, division), rows in table.rows.items():
        if not (_is_prefix(category, category_prefixes) and _is_prefix(division, division_prefixes)):
            faults.append(f"row {rows[0].id} names no prefix of a code: {category or '-'}, {division or '-'}")
        faults += [
            f"rows {one.id} and {other.id} name two leads for the same days"
            for one, other in combinations(rows, 2)
            if one.overlaps(other)
        ]
    return faults


def _is_prefix(given: str, prefixes: Callable[[str | None], tuple[str, ...]]) -> bool:
    return prefixes(given)[0] == given


def _by_specificity(category: str | None, division: str | None) -> list[Prefixes]:
    divisions = division_prefixes(division)
    return [(each, place) for each in category_prefixes(category) for place in divisions]
