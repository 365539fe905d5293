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
    Hotlines by number, category names by code, divisions by code.

    `hotlines` holds the lines of the snapshot's day. A number may mean something
    else before or after; `_others` holds those. `departments` are codes; None when nobody knows them.
    """

    hotlines: dict[str, Hotline]
    categories: dict[str, str]
    divisions: dict[str, Division]
    gazetteer: "Gazetteer" = field(repr=False)
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
        Build the snapshot of a day; without a day, the newest lines count.

        Without a gazetteer, places are known by the names of the divisions alone.
        """
        from intake.domain.place.gazetteer import Gazetteer  # which needs `Division`

        known = {each.code: each for each in divisions}
        lines = sorted(hotlines, key=lambda each: each.valid_from)
        begun = {each.number: each for each in lines if day is None or each.valid_from <= day}
        others = tuple(each for each in lines if each is not begun.get(each.number))
        places = gazetteer or Gazetteer.of(known.values())
        return cls(begun, categories, known, places, day, departments, others)

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
