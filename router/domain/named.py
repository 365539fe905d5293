"""Departments named in a text (请交警核实): evidence, right about three times in four, never the truth."""

from collections.abc import Collection, Mapping
from datetime import date

from router.domain.units import Unit, acting

SHORTEST = 2


def names_of(unit: Unit, city: str) -> list[str]:
    """Return what a unit is called: its name, its name without the city's, its aliases."""
    return [
        name for name in (unit.name, unit.name.removeprefix(city), *unit.aliases) if len(name) >= SHORTEST
    ]


def named_units(
    text: str, division: str | None, units: Mapping[str, Unit], city: str, day: date
) -> dict[str, str]:
    """
    Return the departments a text names and by which words, the longest words first.

    A name that several units share means the one that serves the place: the
    smallest area that holds it, the city's when the place is not known. A name
    inside a longer one that was found (交警 in 交警支队) is not counted again.
    One that is gone means who has its matters by now: callers go on naming it.
    """
    called: dict[str, dict[str, Unit]] = {}
    for code, unit in units.items():
        names = [name for name in names_of(unit, city) if name in text]
        if names and (meant := acting(code, units, day)) is not None:
            for name in names:
                called.setdefault(name, {})[meant.code] = meant
    found: dict[str, str] = {}
    for name in _whole(called):
        found.setdefault(_serving(called[name].values(), division).code, name)
    return found


def _whole(called: Mapping[str, object]) -> list[str]:
    names = sorted(called, key=lambda name: (-len(name), name))
    return [name for name in names if not any(name in other and name != other for other in names)]


def _serving(units: Collection[Unit], division: str | None) -> Unit:
    """Return the unit of the smallest area that holds the place."""
    place = division or ""
    here = [unit for unit in units if place.startswith(unit.area)] or units
    narrow = max if division else min
    return narrow(here, key=lambda unit: len(unit.area))
