"""Departments named in a text (请交警核实): evidence, right about three times in four, never the truth."""

from collections.abc import Iterable, Mapping
from datetime import date

from router.domain.units import Unit

SHORTEST = 2


def names_of(unit: Unit, city: str) -> list[str]:
    """Return what a unit is called: its name, its name without the city's, its aliases."""
    return [
        name for name in (unit.name, unit.name.removeprefix(city), *unit.aliases) if len(name) >= SHORTEST
    ]


def named_units(
    text: str, division: str | None, units: Iterable[Unit], city: str, day: date
) -> dict[str, str]:
    """
    Return the departments a text names and by which words, the longest words first.

    A name that several units share means the one that serves the place: the
    smallest area that holds it, the city's when the place is not known. A name
    inside a longer one that was found (交警 in 交警支队) is not counted again.
    """
    called: dict[str, list[Unit]] = {}
    for unit in units:
        if unit.in_force(day):
            for name in names_of(unit, city):
                if name in text:
                    called.setdefault(name, []).append(unit)
    found: dict[str, str] = {}
    for name in _whole(called):
        meant = _serving(called[name], division)
        if meant is not None:
            found.setdefault(meant.code, name)
    return found


def _whole(called: Mapping[str, object]) -> list[str]:
    names = sorted(called, key=lambda name: (-len(name), name))
    return [name for name in names if not any(name in other and name != other for other in names)]


def _serving(units: list[Unit], division: str | None) -> Unit | None:
    """Return the unit of the smallest area that holds the place."""
    if len(units) == 1:
        return units[0]
    place = division or ""
    here = [unit for unit in units if place.startswith(unit.area)] or units
    narrow = max if division else min
    return narrow(here, key=lambda unit: len(unit.area))
