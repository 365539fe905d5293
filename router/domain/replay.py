"""Past tickets judged by two tables: what moves, and what it does to each department's load; bounded."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from router.domain.inquiry import Inquiry
from router.domain.matching import JurisdictionTable, decide
from router.domain.row import JurisdictionRow, Mode

MOVES_KEPT = 1000
TRIAGE = ""
"""Whom a ticket goes to that a person must decide about."""


@dataclass(frozen=True, slots=True)
class Move:
    """A ticket that goes elsewhere: from whom, to whom, by which row."""

    ticket: str
    before: str
    after: str
    row: str | None


@dataclass(slots=True)
class Replay:
    """
    What the tickets so far would have met: by the table before, and by the one that is tried.

    `agree_before` and `agree_after` count tickets whose own department the table names,
    of the `handled`, whose department is known.
    """

    before: JurisdictionTable
    after: JurisdictionTable
    tickets: int = 0
    moved: int = 0
    handled: int = 0
    agree_before: int = 0
    agree_after: int = 0
    matrix: Counter[tuple[str, str]] = field(default_factory=Counter)
    load_before: Counter[str] = field(default_factory=Counter)
    load_after: Counter[str] = field(default_factory=Counter)
    moves: list[Move] = field(default_factory=list)

    def add(self, ticket: str, asked: Inquiry, department: str | None = None) -> None:
        """Judge one more ticket by both."""
        first, _ = _lead(self.before, asked)
        second, row = _lead(self.after, asked)
        self.tickets += 1
        self.load_before[first] += 1
        self.load_after[second] += 1
        if department is not None:
            self.handled += 1
            self.agree_before += first == department
            self.agree_after += second == department
        if first != second:
            self._moved(Move(ticket, first, second, row.id if row else None))

    def _moved(self, move: Move) -> None:
        self.moved += 1
        self.matrix[move.before, move.after] += 1
        if len(self.moves) < MOVES_KEPT:
            self.moves.append(move)

    def record(self) -> dict[str, Any]:
        """Return it as the API shows it; an empty department is the triage desk."""
        changed = {*self.load_before, *self.load_after}
        return {
            "version": self.after.version,
            "compared_with": self.before.version,
            "tickets": self.tickets,
            "moved": self.moved,
            "handled": self.handled,
            "agree_before": self.agree_before,
            "agree_after": self.agree_after,
            "matrix": [
                {"before": before, "after": after, "tickets": count}
                for (before, after), count in self.matrix.most_common()
            ],
            "load": [
                {"department": each, "before": self.load_before[each], "after": self.load_after[each]}
                for each in sorted(changed, key=lambda each: (-self.load_after[each], each))
            ],
            "moves": [
                {"ticket": each.ticket, "before": each.before, "after": each.after, "row": each.row}
                for each in self.moves
            ],
        }


def _lead(table: JurisdictionTable, asked: Inquiry) -> tuple[str, JurisdictionRow | None]:
    """Return who would have it, as `dispatch` reads the table; the departments themselves are not asked."""
    try:
        found = decide(table, asked)
    except Exception:
        return TRIAGE, None
    if len(found) != 1 or found[0].department is None:
        return TRIAGE, found[0] if len(found) == 1 else None
    row = found[0]
    if row.mode is Mode.VIA_DISTRICT:
        return table.district_department(asked.place(row.basis), asked.day) or TRIAGE, row
    return row.department or TRIAGE, row
