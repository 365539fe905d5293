"""The city's hotlines, categories and divisions as one immutable snapshot to check calls against."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from intake.domain.hotline import Hotline
from schemas.errors import NotAccepted, UnknownCategory, UnknownDepartment, UnknownDivision, UnknownHotline
from schemas.places import ACCUSED

if TYPE_CHECKING:
    from intake.domain.place.gazetteer import Gazetteer

__all__ = ["Catalogue", "Division", "Hotline"]

OFFICE_SUFFIX = "办事处"


@dataclass(frozen=True, slots=True)
class Division:
    """A city, district, township unit or village by its statistical code."""

    code: str
    level: str
    name: str
    parent: str | None


@dataclass(frozen=True)
class Catalogue:
    """
    Hotlines by number, category names by code, divisions by code and by official name.

    `hotlines` holds the lines of the snapshot's day. A number may mean something
    else before or after; `_others` holds those. `departments` are codes; None when nobody knows them.
    """

    hotlines: dict[str, Hotline]
    categories: dict[str, str]
    divisions: dict[str, Division]
    gazetteer: "Gazetteer" = field(repr=False)
    _named: dict[tuple[str | None, str], str] = field(repr=False)
    day: date | None = None
    departments: frozenset[str] | None = None
    _others: tuple[Hotline, ...] = field(default=(), repr=False)
    _admitted: str | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        hotlines: Iterable[Hotline],
        categories: dict[str, str],
        divisions: Iterable[Division],
        day: date | None = None,
        gazetteer: "Gazetteer | None" = None,
        departments: frozenset[str] | None = None,
    ) -> "Catalogue":
        """
        Build the snapshot of a day and its index of names; without a day, the newest lines count.

        Without a gazetteer, places are known by the names of the divisions alone.
        """
        from intake.domain.place.gazetteer import Gazetteer  # which needs `Division`

        known = {each.code: each for each in divisions}
        named = {(each.parent, each.name): each.code for each in known.values()}
        lines = sorted(hotlines, key=lambda each: each.valid_from)
        begun = {each.number: each for each in lines if day is None or each.valid_from <= day}
        others = tuple(each for each in lines if each is not begun.get(each.number))
        places = gazetteer or Gazetteer.of(known.values())
        return cls(begun, categories, known, places, named, day, departments, others)

    def hotline(self, number: str, on: date | None = None) -> Hotline:
        """
        Return the line that counts calls of a number: another one for a cancelled number's alias.

        Without a day, that of the snapshot. Raises `UnknownHotline`, or `NotAccepted`
        with `redirect` and what the agent is to tell the caller.
        """
        line = self.line(number, on)
        if not line.accepted and number != self._admitted:
            raise NotAccepted(
                line.told or "", pointer="/hotline", redirect=line.redirected_to, told=line.told
            )
        return self.line(line.alias_of, on) if line.alias_of else line

    def line(self, number: str, on: date | None = None) -> Hotline:
        """Return the line of a number, whether its calls are accepted or not; raises `UnknownHotline`."""
        day = on or self.day
        line = self.hotlines.get(number)
        if line is not None and (day is None or line.in_force(day)):
            return line
        for each in self._others:
            if day is not None and each.number == number and each.in_force(day):
                return each
        when = f" on {day}" if day else ""
        raise UnknownHotline(f"There is no hotline {number}{when}.", pointer="/hotline")

    def admitting(self, number: str) -> "Catalogue":
        """Return a catalogue that also takes calls of this number: handed over by 110, or already tickets."""
        return replace(self, _admitted=number)

    def check_category(self, code: str | None) -> None:
        """Raise `UnknownCategory` unless the code is in the tree or absent."""
        if code is not None and code not in self.categories:
            raise UnknownCategory(f"There is no category {code}.", pointer="/category")

    def check_division(self, code: str | None, pointer: str = "/division") -> None:
        """Raise `UnknownDivision` unless the code is one of the city's or absent."""
        if code is not None and code not in self.divisions:
            raise UnknownDivision(f"There is no division {code} in this city.", pointer=pointer)

    def check_accused(self, attributes: Mapping[str, str]) -> None:
        """Raise `UnknownDepartment` when a call accuses none there is: nobody would be passed over."""
        code = attributes.get(ACCUSED)
        if code is not None and self.departments is not None and code not in self.departments:
            raise UnknownDepartment(f"There is no department {code}.", pointer=f"/attributes/{ACCUSED}")

    def division_named(self, names: Iterable[str]) -> str | None:
        """
        Return the deepest division these official names lead to, from the district down.

        Exact names only: 海秀街道 and 海秀镇 are different units. 街道办事处 is the
        office of a 街道 and written for it. A name that does not belong below
        what is known so far ends the descent.
        """
        code = next((each.code for each in self.divisions.values() if each.level == "city"), None)
        if code is None:
            return None
        found = None
        for name in names:
            child = self._named.get((code, _official(name)))
            if child is None:
                break
            code = found = child
        return found


def _official(name: str) -> str:
    plain = name.strip()
    if not plain.endswith(OFFICE_SUFFIX):
        return plain
    return plain.removesuffix(OFFICE_SUFFIX).replace("路街道", "街道")
