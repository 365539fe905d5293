"""The departments, areas and the jurisdiction table that ship: an example, to be confirmed by the city."""

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
    if column in ("aliases", "divisions"):
        return cell.split()
    if column == "enterprise":
        return cell == "true"
    if column == "outline":
        return [[float(each) for each in point.split()] for point in cell.split(";") if point]
    return cell or None


def sheet(name: str) -> bytes:
    """Return a reference file as it ships."""
    return (_reference / f"{name}.csv").read_bytes()
