"""What a table may speak of: the city's categories, divisions, departments and areas, and who asks when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from router.domain.area import Area
from router.domain.row import LAST_DAY

STREET = "township"


@dataclass(frozen=True, slots=True)
class KnownDepartment:
    """A department as far as lint looks at it."""

    code: str
    name: str
    level: str
    division: str
    valid_from: date
    valid_to: date | None

    def in_force(self, first: date, last: date) -> bool:
        """Say whether it is there on some day from the first to the last."""
        return self.valid_from <= last and first <= (self.valid_to or LAST_DAY)


@dataclass(frozen=True)
class Known:
    """
    Reference data for lint: names of categories and divisions by full code, departments, areas.

    An area has a period for each time its borders changed. `day` is the first day the table is
    to be in force; what has ended before it is expired.
    """

    day: date
    categories: Mapping[str, str]
    divisions: Mapping[str, str]
    departments: Mapping[str, KnownDepartment]
    areas: Mapping[str, Sequence[Area]] = field(default_factory=dict)

    def category(self, prefix: str) -> str | None:
        """Return the name of a category prefix, None when there is no such category."""
        return "所有类别" if not prefix else self.categories.get(prefix.ljust(6, "0"))

    def division(self, prefix: str) -> str | None:
        """Return the name of a division prefix, None when there is no such division."""
        return "不限区划" if not prefix else self.divisions.get(prefix.ljust(12, "0"))

    def department(self, code: str) -> str:
        """Return a department's name, or its code when it has none."""
        found = self.departments.get(code)
        return found.name if found else code

    @property
    def districts(self) -> list[str]:
        """The districts, as prefixes."""
        return sorted(each[:6] for each in self.divisions if each.endswith("000000") and each[4:6] != "00")

    @property
    def matters(self) -> list[str]:
        """The categories that are no mere heading of others, in full."""
        return sorted(each for each in self.categories if not each.endswith("0000"))


@dataclass(frozen=True, slots=True)
class TableFault:
    """What is wrong with a table; an error stops publishing. The message is for a clerk."""

    code: str
    severity: str
    rows: tuple[str, ...]
    message: str
    column: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether the table cannot be published with it."""
        return self.severity == ERROR

    def record(self, lines: Mapping[str, int] | None = None) -> dict[str, Any]:
        """Return it as the API shows it, with the lines of the sheet where they are known."""
        found: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        found["rows"] = list(self.rows)
        if lines:
            found["lines"] = [lines[each] for each in self.rows if each in lines]
        return found


ERROR, WARNING = "error", "warning"
