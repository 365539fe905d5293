"""The places of a matter beside where it happened: each read by the same gazetteer, each by itself."""

from collections.abc import Mapping
from typing import Any

from intake.domain.evidence import Evidence, Problem
from intake.domain.place.gazetteer import Gazetteer
from intake.domain.place.locate import Given, locate
from intake.domain.text import folded, one_line
from schemas.places import OtherPlace, Places

FIELDS = tuple(f"places.{name}.{part}" for name in Places.model_fields for part in ("division", "address"))
"""How a mapping names them."""

ADDRESS_LENGTH = 500


def mapped_places(found: dict[str, Any]) -> Places:
    """Take the places out of what a mapping found; what is no code at all is left out."""
    said: dict[str, dict[str, str]] = {}
    for field in FIELDS:
        if value := one_line(str(found.pop(field, None) or "")):
            _, name, part = field.split(".")
            said.setdefault(name, {})[part] = value
    return Places(**{name: _given(**parts) for name, parts in said.items()})


def _given(division: str | None = None, address: str | None = None) -> OtherPlace:
    code = (division or "").ljust(12, "0")
    known = code if len(code) == 12 and code.isdecimal() and division else None
    return OtherPlace(division=known, address=address and address[:ADDRESS_LENGTH])


def settled_places(
    places: Places, gazetteer: Gazetteer, evidence: list[Evidence], problems: list[Problem]
) -> Places:
    """Return each place with the division its code or address certainly means; never a guess."""
    found: Mapping[str, OtherPlace] = {
        name: _settled(f"places.{name}", place, gazetteer, evidence, problems)
        for name, place in places.known().items()
    }
    return Places(**found) if found else places


def _settled(
    field: str, place: OtherPlace, gazetteer: Gazetteer, evidence: list[Evidence], problems: list[Problem]
) -> OtherPlace:
    address = one_line(place.address) if place.address else ""
    found = locate(Given(division=place.division, address=folded(address)), gazetteer)
    evidence += [
        Evidence(f"{field}.{each.field}", each.value, each.source, each.words, each.certainty)
        for each in found.evidence
    ]
    problems += [Problem(field, each.code, each.detail) for each in found.problems]
    return OtherPlace(division=found.division, address=address or None)
