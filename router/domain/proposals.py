"""Rows the jurisdiction table lacks, read off what people decided again and again at the desk."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from router.domain.csv_sheet import write_csv
from router.domain.inquiry import Inquiry
from router.domain.matching import JurisdictionRow, JurisdictionTable, Mode, decide
from schemas.codes import category_prefixes

EXAMPLES = 5
DISTRICT = 6


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a person decided for a ticket."""

    ticket: str
    category: str | None
    division: str | None
    department: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    A row to add: these tickets went there.

    `agreement` is the share of all tickets of the cell that did.
    """

    category: str
    division: str
    department: str
    tickets: int
    agreement: float
    examples: tuple[str, ...]

    @property
    def id(self) -> str:
        """The id the row would have."""
        return f"{self.category}-{self.division}"


def proposals(
    lessons: Iterable[Lesson],
    table: JurisdictionTable,
    day: date,
    *,
    tickets: int,
    agreement: float,
    city: str,
) -> list[Proposal]:
    """
    Return the rows worth adding, those of most tickets first.

    A cell is a category and a district, or the whole city where no district was
    known. It becomes a row when enough tickets went there and enough of them
    to one department; not when the table already decides so. A ticket decided
    twice counts by its last decision.
    """
    last = {each.ticket: each for each in lessons}
    cells: dict[tuple[str, str], list[Lesson]] = defaultdict(list)
    for each in last.values():
        if each.category is not None:
            place = (each.division or city)[:DISTRICT]
            prefix = place[:4] if place.endswith("00") else place
            cells[category_prefixes(each.category)[0], prefix].append(each)
    found = [
        made
        for (category, division), those in cells.items()
        if (made := _proposal(category, division, those)).tickets >= tickets
        and made.agreement >= agreement
        and not _decided(made, table, day)
    ]
    return sorted(found, key=lambda each: (-each.tickets, each.id))


def csv_line(proposal: Proposal, day: date, note: str) -> str:
    """Return the row as a line of the table's sheet; its legal basis is for a person to name."""
    return write_csv([draft_row(proposal, day, note)]).decode().split("\n", 1)[1]


def draft_row(proposal: Proposal, day: date, note: str) -> JurisdictionRow:
    """Return the row as a draft of the table takes it."""
    return JurisdictionRow(
        proposal.id,
        proposal.category,
        proposal.division,
        proposal.department,
        Mode.DIRECT,
        None,
        day,
        None,
        note=note,
    )


def _proposal(category: str, division: str, lessons: list[Lesson]) -> Proposal:
    ((department, count),) = Counter(each.department for each in lessons).most_common(1)
    examples = sorted(each.ticket for each in lessons if each.department == department)
    share = round(count / len(lessons), 4)
    return Proposal(category, division, department, count, share, tuple(examples[:EXAMPLES]))


def _decided(proposal: Proposal, table: JurisdictionTable, day: date) -> bool:
    asked = Inquiry(proposal.category.ljust(6, "0"), proposal.division.ljust(12, "0"), day)
    return [row.department for row in decide(table, asked)] == [proposal.department]
