"""The reference data that ships: hotlines, categories, divisions, mappings."""

import csv
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from intake.domain.mapping import Mapping, read_mapping
from schemas.errors import BadMapping, UnknownHotline

_reference = files("intake") / "reference"


def rows(name: str) -> list[dict[str, str | None]]:
    """Return the rows of a reference file; an empty cell is None."""
    lines = (_reference / f"{name}.csv").read_text("utf-8").splitlines()
    return [{key: cell or None for key, cell in row.items()} for row in csv.DictReader(lines)]


@cache
def mapping_of(hotline: str) -> Mapping:
    """Return the mapping that ships for a hotline's own payload, or raise `UnknownHotline`."""
    try:
        return shipped_mapping(hotline)
    except BadMapping:
        raise UnknownHotline(
            f"Hotline {hotline} has no mapping of its own; send its calls to /v1/tickets.", pointer="/hotline"
        ) from None


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
