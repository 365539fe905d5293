"""The overlap report for the staffing office (编办): where two departments have the same duty."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from router.domain.conditions import condition_words
from router.domain.known import Known
from router.domain.overlap import crossings
from router.domain.row import JurisdictionRow, beaten_by, rank

TITLES = {
    "category": "类别",
    "category_name": "事项",
    "place": "地点",
    "first": "条目甲",
    "first_department": "单位甲",
    "first_conditions": "条件甲",
    "second": "条目乙",
    "second_department": "单位乙",
    "second_conditions": "条件乙",
    "decided_by": "如何裁断",
}


@dataclass(frozen=True, slots=True)
class Crossing:
    """One duty two departments have, by which rows, and what decides between them."""

    category: str
    category_name: str
    place: str
    first: str
    first_department: str
    first_conditions: str
    second: str
    second_department: str
    second_conditions: str
    decided_by: str

    def record(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


def crossing_report(rows: Sequence[JurisdictionRow], known: Known) -> Iterator[Crossing]:
    """Yield every duty two departments have; in `first` the one that gets a ticket both fit."""
    for one, other in crossings(rows, known.areas):
        periods = known.areas.get(one.area or "")
        undecided = rank(one) == rank(other)
        yield Crossing(
            one.category,
            known.category(one.category) or "",
            periods[-1].name if periods else known.division(one.division) or one.division,
            one.id,
            _lead(one, known),
            condition_words(one),
            other.id,
            _lead(other, known),
            condition_words(other),
            "无法裁断,须人工派单" if undecided else beaten_by(one, other),
        )


def report_lines(found: Sequence[Crossing]) -> Iterator[list[str]]:
    """Yield the report as lines of cells, with Chinese headings."""
    yield list(TITLES.values())
    for each in found:
        yield [str(getattr(each, name)) for name in TITLES]


def _lead(row: JurisdictionRow, known: Known) -> str:
    return known.department(row.department) if row.department else "人工研判"
