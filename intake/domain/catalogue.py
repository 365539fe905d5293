"""The city's hotlines, categories and divisions as one immutable snapshot to check calls against."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.errors import NotAccepted, UnknownCategory, UnknownDivision, UnknownHotline

OFFICE_SUFFIX = "办事处"
NOT_MERGED = "not_merged"


@dataclass(frozen=True, slots=True)
class Hotline:
    """A public number and how it was merged (国办发〔2020〕53号): host, merged, parallel, subcentre…"""

    number: str
    name: str
    owner: str
    mode: str


@dataclass(frozen=True, slots=True)
class Division:
    """A city, district, township unit or village by its statistical code."""

    code: str
    level: str
    name: str
    parent: str | None


@dataclass(frozen=True)
class Catalogue:
    """Hotlines by number, category names by code, divisions by code and by official name."""

    hotlines: dict[str, Hotline]
    categories: dict[str, str]
    divisions: dict[str, Division]
    _named: dict[tuple[str | None, str], str] = field(repr=False)

    @classmethod
    def of(
        cls, hotlines: Iterable[Hotline], categories: dict[str, str], divisions: Iterable[Division]
    ) -> "Catalogue":
        """Build the snapshot and its index of names."""
        known = {each.code: each for each in divisions}
        named = {(each.parent, each.name): each.code for each in known.values()}
        return cls({each.number: each for each in hotlines}, categories, known, named)

    def hotline(self, number: str) -> Hotline:
        """Return a hotline 12345 may take calls of; raises `UnknownHotline` or `NotAccepted`."""
        found = self.hotlines.get(number)
        if found is None:
            raise UnknownHotline(f"There is no hotline {number}.", pointer="/hotline")
        if found.mode == NOT_MERGED:
            raise NotAccepted(f"请直接拨打 {number}({found.name})。", pointer="/hotline", redirect=number)
        return found

    def check_category(self, code: str | None) -> None:
        """Raise `UnknownCategory` unless the code is in the tree or absent."""
        if code is not None and code not in self.categories:
            raise UnknownCategory(f"There is no category {code}.", pointer="/category")

    def check_division(self, code: str | None) -> None:
        """Raise `UnknownDivision` unless the code is one of the city's or absent."""
        if code is not None and code not in self.divisions:
            raise UnknownDivision(f"There is no division {code} in this city.", pointer="/division")

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
