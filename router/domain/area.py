"""Areas that are no divisions: new districts, development zones, ports; dated reference data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

Point = tuple[float, float]
"""Longitude and latitude in degrees."""


@dataclass(frozen=True, slots=True)
class Area:
    """
    An area (特殊区域) with the divisions that lie wholly in it, as prefixes, and the outline of the rest.

    A place is in it by its division or by its point; `valid_to` is the last day in force.
    """

    code: str
    name: str
    divisions: tuple[str, ...]
    outline: tuple[Point, ...]
    valid_from: date
    valid_to: date | None

    def in_force(self, day: date) -> bool:
        """Say whether the area counts on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def holds(self, division: str | None, point: Point | None) -> bool:
        """Say whether a place lies in the area."""
        if division is not None and division.startswith(self.divisions):
            return True
        return point is not None and len(self.outline) > 2 and inside(point, self.outline)

    def may_meet(self, other: "Area") -> bool:
        """Say whether a place may lie in both; an outline is compared by the box around it."""
        if self.outline and other.outline and not _boxes_meet(self.outline, other.outline):
            return _prefixes_meet(self.divisions, other.divisions)
        return bool(self.outline or other.outline) or _prefixes_meet(self.divisions, other.divisions)

    def may_reach(self, division: str) -> bool:
        """Say whether a place of this division prefix may lie in the area."""
        return bool(self.outline) or _prefixes_meet(self.divisions, (division,))


def by_code(areas: Iterable[Area]) -> dict[str, list[Area]]:
    """Return the periods of each area."""
    found: dict[str, list[Area]] = {}
    for each in areas:
        found.setdefault(each.code, []).append(each)
    return found


def areas_of(division: str | None, point: Point | None, areas: Iterable[Area], day: date) -> tuple[str, ...]:
    """Return the codes of the areas in force that a place lies in."""
    return tuple(each.code for each in areas if each.in_force(day) and each.holds(division, point))


def inside(point: Point, outline: Sequence[Point]) -> bool:
    """Say whether a point lies within a closed outline, by the even-odd rule."""
    x, y = point
    within = False
    for (x1, y1), (x2, y2) in zip(outline, (*outline[1:], outline[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            within = not within
    return within


def _prefixes_meet(some: Iterable[str], others: Sequence[str]) -> bool:
    return any(one.startswith(other) or other.startswith(one) for one in some for other in others)


def _boxes_meet(some: Sequence[Point], others: Sequence[Point]) -> bool:
    return all(
        min(each[axis] for each in some) <= max(each[axis] for each in others)
        and min(each[axis] for each in others) <= max(each[axis] for each in some)
        for axis in (0, 1)
    )
