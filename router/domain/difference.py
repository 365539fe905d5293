"""What differs between two versions of the table, row by row."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from router.domain.row import JurisdictionRow
from router.domain.sheet import COLUMNS, shown_cell

_FIELDS = [each.name for each in fields(JurisdictionRow) if each.name != "id"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is new, gone, or reads otherwise; for the last, by field what was and what is."""

    kind: str
    id: str
    changed: dict[str, tuple[str, str]]

    def record(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {"kind": self.kind, "id": self.id, "changed": self.changed}

    def sentence(self) -> str:
        """Return it in Chinese."""
        if self.kind != "changed":
            return f"{'新增' if self.kind == 'added' else '删除'}第{self.id}条"
        parts = [f"{COLUMNS[name][0]}“{was}”改为“{now}”" for name, (was, now) in self.changed.items()]
        return f"第{self.id}条:{'、'.join(parts)}"


def differences(before: Iterable[JurisdictionRow], after: Iterable[JurisdictionRow]) -> list[Difference]:
    """Return what was added, removed and changed, by id."""
    old, new = ({row.id: row for row in rows} for rows in (before, after))
    found = []
    for key in sorted({*old, *new}):
        one, other = old.get(key), new.get(key)
        if one is None:
            found.append(Difference("added", key, {}))
        elif other is None:
            found.append(Difference("removed", key, {}))
        elif one != other:
            found.append(Difference("changed", key, _changed(one, other)))
    return found


def _changed(one: JurisdictionRow, other: JurisdictionRow) -> dict[str, tuple[str, str]]:
    return {
        name: (shown_cell(getattr(one, name)), shown_cell(getattr(other, name)))
        for name in _FIELDS
        if getattr(one, name) != getattr(other, name)
    }
