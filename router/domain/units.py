"""The tree of departments: four levels bound to divisions, and what makes a unit of it wrong."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from schemas.codes import DIVISION_LEVELS, division_prefixes
from schemas.credit_code import checks_out, is_credit_code


class Level(StrEnum):
    """The four levels (四级服务体系): city 市, district 区, township 镇街, village 村居."""

    CITY = "city"
    DISTRICT = "district"
    TOWNSHIP = "township"
    VILLAGE = "village"

    @property
    def depth(self) -> int:
        """How many digits of its division's code speak."""
        return DIVISION_LEVELS[tuple(Level).index(self)]


@dataclass(frozen=True, slots=True)
class Unit:
    """A department (承办单位); `valid_to` is its last day, `successor` who has its matters after it."""

    code: str
    name: str
    level: str
    division: str
    valid_from: date
    valid_to: date | None = None
    parent: str | None = None
    credit_code: str | None = None
    enterprise: bool = False
    aliases: tuple[str, ...] = ()
    successor: str | None = None

    @property
    def area(self) -> str:
        """The prefix of the divisions it serves."""
        return division_prefixes(self.division)[0]

    def in_force(self, day: date) -> bool:
        """Say whether it is there on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a unit, in which column, in words a clerk reads."""

    unit: str
    column: str
    says: str


def unit_faults(unit: Unit, units: Mapping[str, Unit], divisions: Collection[str]) -> Iterator[Fault]:
    """Say what is wrong with a unit among all `units`; `divisions` are those there are."""
    yield from _own_faults(unit, divisions)
    if unit.parent is not None and (reason := _wrong_parent(unit, units)):
        yield Fault(unit.code, "parent", reason)
    others = (each for each in units.values() if each.name == unit.name and each.code != unit.code)
    if twin := next((each for each in others if _meet(each, unit)), None):
        yield Fault(unit.code, "name", f"名称“{unit.name}”与{twin.code}重复")


def _own_faults(unit: Unit, divisions: Collection[str]) -> Iterator[Fault]:
    if unit.division not in divisions:
        yield Fault(unit.code, "division", f"没有行政区划{unit.division}")
    if unit.level not in set(Level):
        yield Fault(unit.code, "level", f"层级“{unit.level}”不是{'、'.join(Level)}之一")
    elif len(unit.area) != Level(unit.level).depth:
        yield Fault(unit.code, "level", f"层级{unit.level}与行政区划{unit.division}不符")
    if unit.credit_code is not None and (wrong := credit_code_fault(unit.credit_code)):
        yield Fault(unit.code, "credit_code", wrong)
    if unit.valid_to is not None and unit.valid_to < unit.valid_from:
        yield Fault(unit.code, "valid_to", f"停用日期{unit.valid_to}早于启用日期{unit.valid_from}")


def credit_code_fault(code: str) -> str | None:
    """Say what is wrong with a unified social credit code, or None."""
    if is_credit_code(code) is None:
        return f"统一社会信用代码“{code}”应为十八位数字或大写字母"
    return None if checks_out(code) else f"统一社会信用代码{code}校验位不符"


def _wrong_parent(unit: Unit, units: Mapping[str, Unit]) -> str | None:
    parent = units.get(unit.parent or "")
    if parent is None:
        return f"没有上级单位{unit.parent}"
    if any(each.code == unit.code for each in ancestors(parent, units)):
        return f"上级单位{parent.code}又在{unit.code}之下,成为循环"
    if len(parent.area) > len(unit.area):
        return f"上级单位{parent.code}的层级低于{unit.code}"
    if not unit.area.startswith(parent.area):
        return f"行政区划{unit.division}不在上级单位{parent.code}的{parent.division}之内"
    return None


def ancestors(unit: Unit, units: Mapping[str, Unit]) -> Iterator[Unit]:
    """Yield a unit and those above it, nearest first; a circle ends where it closes."""
    seen = set()
    here: Unit | None = unit
    while here is not None and here.code not in seen:
        seen.add(here.code)
        yield here
        here = units.get(here.parent or "")


def acting(code: str, units: Mapping[str, Unit], day: date) -> Unit | None:
    """Return who has a unit's matters on a day: itself, or the first of its successors that is there."""
    seen = set()
    here = units.get(code)
    while here is not None and here.code not in seen:
        if here.in_force(day):
            return here
        seen.add(here.code)
        here = units.get(here.successor or "")
    return None


def succeeded(units: Mapping[str, Unit], day: date) -> dict[str, str]:
    """Return for each unit that is gone and whose matters another has on a day, that other's code."""
    gone = {code: acting(code, units, day) for code, unit in units.items() if unit.successor}
    return {code: found.code for code, found in gone.items() if found is not None and found.code != code}


def predecessors(code: str, units: Mapping[str, Unit]) -> set[str]:
    """Return the units whose matters are, or will be, this one's."""
    found = {code}
    while more := {each.code for each in units.values() if each.successor in found} - found:
        found |= more
    return found - {code}


def _meet(one: Unit, other: Unit) -> bool:
    first = max(one.valid_from, other.valid_from)
    return one.in_force(first) and other.in_force(first)
