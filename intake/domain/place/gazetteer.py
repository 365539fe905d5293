"""Every name of every division, landmark and road of the city, compiled once to be found in one reading."""

import re
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping as Row
from dataclasses import dataclass
from enum import IntEnum

from intake.domain.catalogue import Division
from intake.domain.place import spelling

DIGITS, STREET, DISTRICT = 12, 9, 6
COMMITTEES = (
    "村委会",
    "村委员会",
    "村民委员会",
    "村委员",
)  # a community is only about where the village of its name was
_SIGNIFICANT = {"city": 4, "district": 6, "township": 9, "village": 12}


class Certainty(IntEnum):
    """How surely a name means its division; the lower, the surer."""

    EXACT = 0
    ALIAS = 1
    LANDMARK = 2
    LOOSE = 3  # 某村, or a district without 区: only where the surroundings are known
    ELSEWHERE = 4  # another city: what stands behind it is not ours

    @property
    def label(self) -> str:
        """The word evidence uses."""
        return LABELS[self]


LABELS = ("exact", "alias", "landmark", "loose", "elsewhere")


@dataclass(frozen=True, slots=True)
class Place:
    """A named place: the division it lies wholly in, several when it crosses them, none in another city."""

    name: str
    aliases: tuple[str, ...] = ()
    divisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name can mean: significant digits of one division or of several, and the place's own name."""

    codes: tuple[str, ...]
    certainty: Certainty
    place: str | None = None


def read_places(rows: Iterable[Row[str, str | None]]) -> list[Place]:
    """Return the places of a CSV with `name`, `aliases` and `divisions`, both separated by spaces."""
    return [
        Place(
            row.get("name") or "",
            tuple((row.get("aliases") or "").split()),
            tuple((row.get("divisions") or "").split()),
        )
        for row in rows
    ]


def significant(code: str, level: str) -> str:
    """Return the digits of a code that say something at its level: 4, 6, 9 or all 12."""
    return code[: _SIGNIFICANT[level]]


def meet(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Return what both say together: the deeper of every two of which one lies in the other."""
    if some == others:
        return some
    both = [max(a, b, key=len) for a in some for b in others if a.startswith(b) or b.startswith(a)]
    return tuple(dict.fromkeys(both))


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """What each name means, the pattern that finds them, and the official names."""

    meanings: dict[str, Meaning]
    pattern: re.Pattern[str]
    names: dict[str, str]
    city: str

    @classmethod
    def of(
        cls,
        divisions: Iterable[Division],
        aliases: Iterable[Place] = (),
        landmarks: Iterable[Place] = (),
        roads: Iterable[Place] = (),
    ) -> "Gazetteer":
        """
        Compile the names; a name of a division goes before an alias, and that before a landmark or a road.

        Places whose divisions are not the city's are left out.
        """
        known = list(divisions)
        names = {significant(each.code, each.level): each.name for each in known}
        city = next((each.code[:4] for each in known if each.level == "city"), "")
        meanings = _of_divisions(known)
        levels = {each.code: each.level for each in known}
        for places, certainty in ((aliases, Certainty.ALIAS), (landmarks, Certainty.LANDMARK)):
            _add(meanings, places, certainty, levels)
        _add(meanings, roads, Certainty.LANDMARK, levels)
        _add_loose(meanings, known)
        return cls(meanings, spelling.pattern_of(meanings), names, city)

    def official(self, code: str) -> str:
        """Return the name of a division by its significant digits."""
        return self.names.get(code, code)


def full(code: str) -> str:
    """Return the 12 digits of a code given by its significant ones."""
    return code.ljust(DIGITS, "0")


def _of_divisions(known: list[Division]) -> dict[str, Meaning]:
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for division in known:
        for name in spelling.spellings(division):
            found[name][significant(division.code, division.level)] = None
    return {name: Meaning(tuple(codes), Certainty.EXACT) for name, codes in found.items()}


def _add_loose(meanings: dict[str, Meaning], known: list[Division]) -> None:
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for division in known:
        code = significant(division.code, division.level)
        for name in spelling.loose_spellings(division):
            found[name][code if division.name.endswith(COMMITTEES) else code[:STREET]] = None
        for name in spelling.undivided_spellings(division):
            found[name][code[:STREET]] = None
        if division.level == "district":
            found[division.name.removesuffix("区")][code] = None
        if division.level == "city":
            meanings.setdefault(division.name.removesuffix("市"), Meaning((code,), Certainty.EXACT))
    for name, codes in found.items():
        if len(name) > 1:
            certainty = Certainty.ALIAS if name.endswith("会") else Certainty.LOOSE
            meanings.setdefault(name, Meaning(tuple(codes), certainty))


def _add(
    meanings: dict[str, Meaning], places: Iterable[Place], certainty: Certainty, levels: dict[str, str]
) -> None:
    for place in places:
        codes = tuple(significant(each, levels[each]) for each in place.divisions if each in levels)
        if len(codes) < len(place.divisions):
            continue
        if codes:
            meaning = Meaning(codes, certainty, place.name if certainty is Certainty.LANDMARK else None)
        else:
            meaning = Meaning((), Certainty.ELSEWHERE)
        for name in (place.name, *place.aliases):
            if len(name) > 1:
                meanings.setdefault(name, meaning)
