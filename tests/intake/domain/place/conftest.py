"""The gazetteer that ships, and official names to write expectations in."""

import csv
from pathlib import Path

import pytest

from intake.domain.catalogue import Division
from intake.domain.place.gazetteer import Gazetteer, Place, read_places

REFERENCE = Path(__file__).parents[4] / "intake" / "reference"


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def divisions() -> list[Division]:
    return [
        Division(row["code"], row["level"], row["name"], row["parent"] or None) for row in rows("divisions")
    ]


def places(name: str) -> list[Place]:
    return read_places(rows(name))


def shipped() -> Gazetteer:
    aliases = [*places("division_aliases"), *places("elsewhere")]
    return Gazetteer.of(divisions(), aliases, places("landmarks"), places("roads"))


SHIPPED = shipped()
NAMES = {each.code: each.name for each in divisions()}


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    return SHIPPED


def path(code: str | None) -> str:
    """Return 区/街道/社区 of a code, as a clerk reads it."""
    if code is None:
        return ""
    codes = [code[:6] + "000000"]
    codes += [code[:9] + "000"] if code[6:9] != "000" else []
    codes += [code] if code[9:] != "000" else []
    return "/".join(NAMES[each] for each in codes)
