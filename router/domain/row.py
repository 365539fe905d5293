"""
One row of the jurisdiction table, and how specific it is: the one total order by which rows win.

Duty follows the matter before the place (职责先看事项, 再看地点). In this order:
the longer category; a special area before any division; the longer division;
more further conditions; their kind (attributes before keywords, before the type
of caller, before another basis of place, before a time window); the higher
priority. Rows equal in all of it that one ticket can meet are a fault of the
table: at run time that ticket is for a person.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from router.domain.window import BadWindow, read_window
from schemas.codes import CATEGORY_LEVELS, DIVISION_LEVELS
from schemas.places import Basis

LAST_DAY = date.max
MOST_PRIORITY = 999

Rank = tuple[int, int, int, int, int, int, int, int, int, int]
"""Category level, area, division level, conditions, then by kind, priority; the greater wins."""


class Mode(StrEnum):
    """
    `DIRECT` assigns the department itself, `VIA_DISTRICT` the district's, which hands it on.

    `MANUAL` says that a person must decide.
    """

    DIRECT = "direct"
    VIA_DISTRICT = "via_district"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class JurisdictionRow:
    """
    One row; category and division are prefixes, `valid_to` is the last day in force.

    `weekdays` and `hours` are kept as they were written, so that a row that cannot
    be read can still be shown, and named when it fails.
    """

    id: str
    category: str
    division: str
    department: str | None
    mode: Mode
    legal_basis: str | None
    valid_from: date
    valid_to: date | None
    area: str | None = None
    basis: Basis = Basis.HAPPENED
    caller_type: str | None = None
    weekdays: str | None = None
    hours: str | None = None
    keywords: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    co_handlers: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    department_only: bool = False
    statutory_procedure: str | None = None
    priority: int = 0
    note: str | None = None

    @property
    def is_fallback(self) -> bool:
        """Whether it takes whatever nobody else in its district does (兜底)."""
        return not self.category and not self.has_conditions and bool(self.area or len(self.division) > 4)

    @property
    def has_window(self) -> bool:
        """Whether it counts only at some hours or on some weekdays."""
        return bool(self.weekdays or self.hours)

    @property
    def has_conditions(self) -> bool:
        """Whether more than category and place must fit."""
        return bool(self.attributes or self.keywords or self.caller_type or self.has_window)

    def in_force(self, day: date) -> bool:
        """Say whether the row counts on that day."""
        return self.valid_from <= day <= (self.valid_to or LAST_DAY)

    def window_fault(self) -> str | None:
        """Return what is wrong with the time window, for the clerk."""
        try:
            read_window(self.weekdays, self.hours)
        except BadWindow as fault:
            return str(fault)
        return None


def rank(row: JurisdictionRow) -> Rank:
    """Return how specific a row is; the greater rank wins."""
    kinds = (
        len(row.attributes),
        int(bool(row.keywords)),
        int(row.caller_type is not None),
        int(row.basis is not Basis.HAPPENED),
        int(row.has_window),
    )
    return (
        _CATEGORY_LEVEL[len(row.category)],
        int(row.area is not None),
        _DIVISION_LEVEL[len(row.division)],
        sum(kinds),
        *kinds,
        row.priority,
    )


RANKED_BY = (
    "事项类别更具体",
    "特殊区域优先于行政区划",
    "区划更具体",
    "附加条件更多",
    "附加条件中属性更多",
    "附加条件中关键词优先",
    "附加条件中诉求人类型优先",
    "附加条件中管辖地依据优先",
    "附加条件中时段优先",
    "优先级更高",
)
"""What each part of a rank says of the row that wins by it."""


def beaten_by(winner: JurisdictionRow, loser: JurisdictionRow) -> str:
    """Return in which respect a row is more specific than another."""
    parts = zip(RANKED_BY, rank(winner), rank(loser), strict=True)
    return next((says for says, more, less in parts if more != less), "两条同样具体")


def _levels(levels: tuple[int, ...]) -> list[int]:
    """Return the level of a prefix by how many digits it has."""
    return [sum(digits >= each for each in levels) for digits in range(levels[-1] + 1)]


_CATEGORY_LEVEL, _DIVISION_LEVEL = _levels(CATEGORY_LEVELS), _levels(DIVISION_LEVELS)
