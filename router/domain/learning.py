"""
A table out of the history: cells of category path × place in which one department had nearly everything.

The most general row that explains a subtree is proposed, and below it only what
goes elsewhere with evidence of its own. A cell counts when the lower bound of
Wilson's interval (95 %) for the share of its first department reaches a threshold,
so three tickets out of three prove little and ninety out of a hundred much.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

Z95 = 1.959964
EVERYWHERE = ""

Path = tuple[str, ...]
Cell = tuple[Path, str]
"""A category path and a place; `EVERYWHERE` is any."""


@dataclass(frozen=True, slots=True)
class Past:
    """One ticket of the history: its category from the top, where it was, who handled it."""

    path: Path
    place: str
    department: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A row the history suggests, with its evidence."""

    path: Path
    place: str
    department: str
    tickets: int
    agreeing: int
    at_least: float

    def note(self) -> str:
        """Return the evidence in Chinese, for the note of the row."""
        share = self.agreeing / self.tickets
        return (
            f"历史{self.tickets}件中{self.agreeing}件由该单位办理({share:.1%}),"
            f"威尔逊下限{self.at_least:.1%};类别路径:{'/'.join(self.path) or '全部'}"
        )


@dataclass(frozen=True, slots=True)
class Measure:
    """How far proposals reach over tickets: how many they decide, and how many of these rightly."""

    tickets: int
    covered: int
    agreeing: int

    @property
    def coverage(self) -> float:
        """The share of tickets some row decides."""
        return self.covered / self.tickets if self.tickets else 0.0

    @property
    def agreement(self) -> float:
        """The share of the decided that went to the department of their row."""
        return self.agreeing / self.covered if self.covered else 0.0


@dataclass(slots=True)
class _Node:
    departments: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    children: dict[str, "_Node"] = field(default_factory=dict)

    def everywhere(self) -> Counter[str]:
        """Return how often each department had a ticket, whatever the place."""
        return sum(self.departments.values(), Counter[str]())


def wilson(agreeing: int, tickets: int) -> float:
    """Return the lower bound of Wilson's 95 % interval for a share."""
    if not tickets:
        return 0.0
    share, square = agreeing / tickets, Z95 * Z95
    middle = share + square / (2 * tickets)
    width = Z95 * sqrt(share * (1 - share) / tickets + square / (4 * tickets * tickets))
    return (middle - width) / (1 + square / tickets)


def learn(history: Iterable[Past], at_least: float, support: int) -> list[Proposal]:
    """Return the rows a history suggests, the general before the special."""
    root = _Node()
    for past in history:
        node = root
        node.departments[past.place][past.department] += 1
        for step in past.path:
            node = node.children.setdefault(step, _Node())
            node.departments[past.place][past.department] += 1
    found: list[Proposal] = []
    _descend(root, (), {}, found, at_least, support)
    return found


def _descend(
    node: _Node,
    path: Path,
    inherited: Mapping[str, str],
    found: list[Proposal],
    at_least: float,
    support: int,
) -> None:
    """
    Propose for a node what its tickets do not inherit from above, then for the nodes under it.

    Nothing is proposed for all categories together: who answers for the rest (兜底) is decided, not learnt.
    """
    held = _propose(node, path, dict(inherited), found, at_least, support) if path else {}
    for step, child in sorted(node.children.items()):
        _descend(child, (*path, step), held, found, at_least, support)


def _propose(
    node: _Node, path: Path, held: dict[str, str], found: list[Proposal], at_least: float, support: int
) -> dict[str, str]:
    """Propose for one node; return who has what under it."""
    whole = _proposal(path, EVERYWHERE, node.everywhere(), at_least, support)
    if whole and any(held.get(place, held.get(EVERYWHERE)) != whole.department for place in node.departments):
        found.append(whole)
        held = {EVERYWHERE: whole.department}
    for place, counts in sorted(node.departments.items()):
        here = _proposal(path, place, counts, at_least, support) if place != EVERYWHERE else None
        if here and held.get(place, held.get(EVERYWHERE)) != here.department:
            found.append(here)
            held[place] = here.department
    return held


def _proposal(path: Path, place: str, counts: Counter[str], at_least: float, support: int) -> Proposal | None:
    tickets = counts.total()
    if tickets < support:
        return None
    department, agreeing = counts.most_common(1)[0]
    bound = wilson(agreeing, tickets)
    if bound < at_least:
        return None
    return Proposal(path, place, department, tickets, agreeing, bound)


def measured(proposals: Sequence[Proposal], history: Iterable[Past]) -> Measure:
    """Return how the proposals do over tickets, matched as the table matches: category before place."""
    rows = {(each.path, each.place): each.department for each in proposals}
    tickets = covered = agreeing = 0
    for past in history:
        tickets += 1
        won = _winner(rows, past)
        covered += won is not None
        agreeing += won == past.department
    return Measure(tickets, covered, agreeing)


def _winner(rows: Mapping[Cell, str], past: Past) -> str | None:
    for depth in range(len(past.path), -1, -1):
        for place in (past.place, EVERYWHERE):
            if (won := rows.get((past.path[:depth], place))) is not None:
                return won
    return None
