"""The departments and the jurisdiction table that ship: an example, to be confirmed by the city."""

import csv
from datetime import date
from importlib.resources import files
from typing import Any

SHIPPED_VERSION = "HK-EXAMPLE-1"

_reference = files("router") / "reference"


def rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a reference file, days as dates; an empty validity end is None."""
    lines = (_reference / f"{name}.csv").read_text("utf-8").splitlines()
    return [{key: _cell(key, cell) for key, cell in row.items()} for row in csv.DictReader(lines)]


def _cell(column: str, cell: str) -> Any:
    if column in ("valid_from", "valid_to"):
        return date.fromisoformat(cell) if cell else None
    return cell or ("" if column in ("category", "division") else None)
