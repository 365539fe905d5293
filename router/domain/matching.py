"""
The table in memory: which row wins for an inquiry, fast, and why, in full.

Rows stand in a dict by category prefix and under it by place, so a decision looks
at the few rows whose pair of prefixes fits; only these are asked for their further
conditions. `decide` stops at the first that holds, `explain` looks at all of them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Final

from router.domain.conditions import RuleFailed, test_of, unmet
from router.domain.inquiry import Inquiry
from router.domain.row import LAST_DAY, JurisdictionRow, Mode, Rank, rank
from schemas.codes import category_prefixes, division_prefixes
from schemas.places import Basis

__all__ = ["JurisdictionRow", "JurisdictionTable", "Mode", "RuleFailed", "Verdict", "decide", "explain"]

NOBODY = frozenset[str]()
ROW: Final = 4
RANK: Final = 5

Entry = tuple[int, int, str | None, Callable[[Inquiry], bool] | None, tuple[JurisdictionRow, ...], Rank]
"""First and last day as ordinals, department, further conditions, the row alone, its rank."""
Cell = tuple[Entry, ...]


@dataclass(slots=True)
class Node:
    """
    The rows of one category prefix: by division, and apart by basis and place what is not that plain.

    `one_place` holds those of every basis by division: for a matter that has but one place.
    """

    plain: dict[str, Cell] = field(default_factory=dict)
    special: dict[Basis, dict[str, Cell]] = field(default_factory=dict)
    one_place: dict[str, Cell] = field(default_factory=dict)


@dataclass(frozen=True)
class JurisdictionTable:
    """A version of the table, immutable: built whole, then put in the place of the one before."""

    version: str
    rows: tuple[JurisdictionRow, ...]
    nodes: dict[str, Node] = field(repr=False)

    @classmethod
    def of(cls, version: str, rows: Iterable[JurisdictionRow]) -> "JurisdictionTable":
        """Index the rows of a version."""
        kept = tuple(rows)
        plain: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        special: dict[tuple[str, Basis], dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        for row in kept:
            if row.area is None and row.basis is Basis.HAPPENED:
                plain[row.category][row.division].append(_entry(row))
            else:
                special[row.category, row.basis][_place(row)].append(_entry(row))
        nodes = {category: Node(_cells(cells)) for category, cells in plain.items()}
        for (category, basis), cells in special.items():
            nodes.setdefault(category, Node()).special[basis] = _cells(cells)
        for node in nodes.values():
            node.one_place = _merged(node) if node.special else node.plain
        return cls(version, kept, nodes)

    def district_department(self, division: str | None, day: date) -> str | None:
        """Return the department that answers for the district of a division: its fallback row's."""
        node = self.nodes.get("")
        if node is None or not division or len(division.rstrip("0")) <= 4:
            return None
        cell = node.plain.get(division[:6], ())
        rows = (each[ROW][0] for each in cell)
        found = [row for row in rows if row.is_fallback and row.in_force(day)]
        return found[0].department if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What the table says: the winning rows, those they beat, and those that were no match, with the reason.

    One winner decides; none, or several equals, is for a person. `excluded` are
    rows passed over because their department may not have this ticket.
    """

    version: str
    asked: Inquiry
    winners: tuple[JurisdictionRow, ...]
    beaten: tuple[JurisdictionRow, ...]
    excluded: tuple[JurisdictionRow, ...] = ()
    unmet: tuple[tuple[JurisdictionRow, str], ...] = ()

    @property
    def row(self) -> JurisdictionRow | None:
        """The one row that decides, if one does."""
        return self.winners[0] if len(self.winners) == 1 else None

    @property
    def is_fallback(self) -> bool:
        """Whether nobody but the district's government was found (兜底)."""
        return self.row is not None and self.row.is_fallback


def decide(
    table: JurisdictionTable, asked: Inquiry, excluded: frozenset[str] = NOBODY
) -> tuple[JurisdictionRow, ...]:
    """
    Return the winning row alone: none, or several, where a person must decide.

    Codes are compared by level (2-2-2, 4-2-3-3), never digit by digit. Rows of
    `excluded` departments do not take part. Raises `RuleFailed` when a row that
    would have to be asked cannot be.
    """
    nodes = table.nodes
    day = asked.day.toordinal()
    places = division_prefixes(asked.division)
    for category in category_prefixes(asked.category):
        node = nodes.get(category)
        if node is None:
            continue
        cells = node.plain if asked.places else node.one_place
        found = None
        for place in places:
            if place in cells and (found := _first(cells[place], asked, day, excluded)) is not None:
                break
        if node.special and (asked.places or asked.areas):
            found = _special(node, found, asked, day, excluded)
        if found is not None:
            return found[ROW]
    return ()


def explain(table: JurisdictionTable, asked: Inquiry, excluded: frozenset[str] = NOBODY) -> Verdict:
    """Return the winner that `decide` finds and every other row whose category and place fit."""
    met: list[Entry] = []
    unmet_rows: list[tuple[JurisdictionRow, str]] = []
    passed_over: list[JurisdictionRow] = []
    failed: list[tuple[Rank, RuleFailed]] = []
    for entry in _every(table, asked):
        row = entry[ROW][0]
        if row.department in excluded:
            passed_over.append(row)
            continue
        try:
            why = unmet(row, asked)
        except RuleFailed as fault:
            failed.append((entry[RANK], fault))
            continue
        if why is None:
            met.append(entry)
        else:
            unmet_rows.append((row, why))
    met.sort(key=itemgetter(RANK), reverse=True)
    for most, failure in failed:
        if not met or most >= met[0][RANK]:
            raise failure
    winners = tuple(each[ROW][0] for each in met if each[RANK] == met[0][RANK])
    beaten = tuple(each[ROW][0] for each in met[len(winners) :])
    return Verdict(table.version, asked, winners, beaten, tuple(passed_over), tuple(unmet_rows))


def _entry(row: JurisdictionRow) -> Entry:
    first, last = row.valid_from.toordinal(), (row.valid_to or LAST_DAY).toordinal()
    return first, last, row.department, test_of(row), (row,), rank(row)


def _cells(rows: dict[str, list[Entry]]) -> dict[str, Cell]:
    for cell in rows.values():
        if len(cell) > 1:
            cell.sort(key=itemgetter(RANK), reverse=True)
    return {place: tuple(cell) for place, cell in rows.items()}


def _merged(node: Node) -> dict[str, Cell]:
    """Return the rows of every basis by division; those of an area are asked apart."""
    rows = {place: list(cell) for place, cell in node.plain.items()}
    for cells in node.special.values():
        for place, cell in cells.items():
            if place[:1] != "@":
                rows.setdefault(place, []).extend(cell)
    return _cells(rows)


def _place(row: JurisdictionRow) -> str:
    return f"@{row.area}" if row.area is not None else row.division


def _first(cell: Cell, asked: Inquiry, day: int, excluded: frozenset[str]) -> Entry | None:
    """Return the first entry of a cell that holds; its equals, if there are any, with it."""
    found: Entry | None = None
    for entry in cell:
        first, last, department, test, _, most = entry
        if found is not None and most != found[RANK]:
            break
        if first <= day <= last and department not in excluded and (test is None or test(asked)):
            found = entry if found is None else _both(found, entry)
    return found


def _both(one: Entry, other: Entry) -> Entry:
    """Return two equals as one: neither decides."""
    first, last, department, test, rows, most = one
    return first, last, department, test, rows + other[ROW], most


def _special(
    node: Node, found: Entry | None, asked: Inquiry, day: int, excluded: frozenset[str]
) -> Entry | None:
    """Return the best of what was found and of the rows that go by an area or by another place."""
    for basis, cells in node.special.items():
        for place in _areas(asked, basis) if not asked.places else _special_places(asked, basis):
            if place not in cells or (other := _first(cells[place], asked, day, excluded)) is None:
                continue
            if found is None or other[RANK] > found[RANK]:
                found = other
            elif other[RANK] == found[RANK]:
                found = _both(found, other)
            if place[:1] != "@":  # whatever is less deep is less specific
                break
    return found


def _special_places(asked: Inquiry, basis: str) -> tuple[str, ...]:
    """Return the areas and division prefixes that lead to rows of a basis, areas first."""
    places = division_prefixes(asked.places.get(basis, asked.division))
    return (*_areas(asked, basis), *places) if asked.areas else places


def _areas(asked: Inquiry, basis: str) -> tuple[str, ...]:
    return tuple(f"@{area}" for area in asked.areas_at(basis))


def _every(table: JurisdictionTable, asked: Inquiry) -> Iterator[Entry]:
    """Yield the rows in force whose category and place fit."""
    day = asked.day.toordinal()
    places = division_prefixes(asked.division)
    for category in category_prefixes(asked.category):
        if (node := table.nodes.get(category)) is None:
            continue
        cells = [node.plain.get(place, ()) for place in places]
        for basis, special in node.special.items():
            cells += [special.get(place, ()) for place in _special_places(asked, basis)]
        yield from (each for cell in cells for each in cell if each[0] <= day <= each[1])
