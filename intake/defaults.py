"""The reference data that ships: hotlines, categories, divisions, mappings."""

import csv
import tomllib
from datetime import date
from importlib.resources import files
from typing import Any

from intake.domain.hotline import Hotline
from intake.domain.mapping import Mapping, read_mapping
from schemas.errors import BadMapping

_reference = files("intake") / "reference"


def rows(name: str) -> list[dict[str, str | None]]:
    """Return the rows of a reference file; an empty cell is None."""
    lines = (_reference / f"{name}.csv").read_text("utf-8").splitlines()
    return [{key: cell or None for key, cell in row.items()} for row in csv.DictReader(lines)]


def shipped_lines() -> list[Hotline]:
    """Return every line that ships, also those of days gone by."""
    return [_line(row) for row in rows("hotlines")]


def _line(row: dict[str, Any]) -> Hotline:
    days = {name: row[name] and date.fromisoformat(row[name]) for name in ("valid_from", "valid_to")}
    return Hotline(**{**row, **days})


def shipped_mapping(name: str) -> Mapping:
    """Return a mapping that ships, by its name, or raise `BadMapping`."""
    file = _reference / "mappings" / f"{name}.toml"
    if not (name.isidentifier() or name.isdigit()) or not file.is_file():
        raise BadMapping(f"There is no mapping {name}.")
    return load_mapping(tomllib.loads(file.read_text("utf-8")))


def load_mapping(declared: dict[str, Any]) -> Mapping:
    """Return a mapping from its parsed file; `extends` takes over the tables of one that ships."""
    if (name := declared.pop("extends", None)) is not None:
        declared["tables"] = {**shipped_mapping(str(name)).tables, **declared.get("tables", {})}
    return read_mapping(declared)
