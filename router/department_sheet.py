"""The sheet of departments: CSV in and out, every fault with its line."""

import csv
import io
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pydantic import ValidationError

from router.departments import all_faults, entered
from router.domain.units import Unit
from schemas.departments import DepartmentNew

COLUMNS = (
    "code",
    "name",
    "level",
    "division",
    "parent",
    "credit_code",
    "enterprise",
    "aliases",
    "valid_from",
    "valid_to",
)
REQUIRED = ("code", "name", "level", "division", "valid_from")
_TRUE = {"": False, "false": False, "true": True}


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong in a line of the sheet, in which column."""

    line: int
    column: str
    says: str

    def __str__(self) -> str:
        return f"第{self.line}行 {self.column}: {self.says}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The units of a sheet with the line of each, and what could not be read."""

    units: Mapping[str, Unit]
    lines: Mapping[str, int]
    faults: tuple[LineFault, ...]


def read_sheet(content: str) -> Sheet:
    """Read a sheet; a line that cannot be read is a fault, never a guess."""
    reader = csv.DictReader(io.StringIO(content.removeprefix("\ufeff"), newline=""), strict=True)
    units: dict[str, Unit] = {}
    lines: dict[str, int] = {}
    faults: list[LineFault] = []
    try:
        if wrong := _wrong_columns(reader.fieldnames or ()):
            return Sheet({}, {}, (LineFault(1, wrong, "表头缺少此列或不认识此列"),))
        for row in reader:
            line = reader.line_num
            unit, found = _read(row, line)
            if unit is not None and unit.code in units:
                found.append(LineFault(line, "code", f"编码{unit.code}已在第{lines[unit.code]}行出现"))
            elif unit is not None:
                units[unit.code], lines[unit.code] = unit, line
            faults += found
    except csv.Error as fault:
        faults.append(LineFault(reader.line_num, "", f"不是有效的CSV:{fault}"))
    return Sheet(units, lines, tuple(faults))


def lint(sheet: Sheet, present: Mapping[str, Unit], divisions: Collection[str]) -> list[LineFault]:
    """Return every fault of a sheet as it would be beside the units there are; other units' have line 0."""
    merged = {**present, **{code: _kept(unit, present) for code, unit in sheet.units.items()}}
    found = all_faults(sheet.units, merged, frozenset(divisions))
    about = [LineFault(sheet.lines.get(each.unit, 0), each.column, each.says) for each in found]
    return sorted([*sheet.faults, *about], key=lambda each: (each.line, each.column))


def write_sheet(units: Iterable[Unit]) -> str:
    """Return units as a sheet."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_line(unit) for unit in units)
    return out.getvalue()


def merged(sheet: Sheet, present: Mapping[str, Unit]) -> list[Unit]:
    """Return the units of a sheet as they are to be; who succeeds whom is not a sheet's to say."""
    return [_kept(unit, present) for unit in sheet.units.values()]


def _kept(unit: Unit, present: Mapping[str, Unit]) -> Unit:
    known = present.get(unit.code)
    return unit if known is None else replace(unit, successor=known.successor)


def _wrong_columns(names: Iterable[str]) -> str | None:
    given = list(names)
    missing = [each for each in REQUIRED if each not in given]
    strange = [each for each in given if each not in COLUMNS]
    return next(iter(missing + strange), None)


def _read(row: dict[str, Any], line: int) -> tuple[Unit | None, list[LineFault]]:
    if None in row or None in row.values():
        return None, [LineFault(line, "", "列数与表头不符")]
    cells: dict[str, Any] = {name: cell.strip() or None for name, cell in row.items()}
    enterprise = _TRUE.get((cells.get("enterprise") or "").lower())
    if enterprise is None:
        return None, [LineFault(line, "enterprise", "应为true、false或空")]
    aliases = (cells.get("aliases") or "").split()
    try:
        said = DepartmentNew.model_validate(
            {**cells, "enterprise": enterprise, "aliases": aliases, "level": "city"}
        )
    except ValidationError as wrong:
        return None, [_fault(each, line) for each in wrong.errors()]
    unit = entered(said.code, said)
    return replace(unit, level=cells["level"] or ""), []


def _fault(error: Any, line: int) -> LineFault:
    column = str(error["loc"][0]) if error["loc"] else ""
    return LineFault(line, column, "不可为空" if error["input"] is None else f"“{error['input']}”不合要求")


def _line(unit: Unit) -> dict[str, str]:
    def cell(value: object) -> str:
        if isinstance(value, bool):
            return "true" if value else ""
        if isinstance(value, tuple):
            return " ".join(value)
        return value.isoformat() if isinstance(value, date) else str(value or "")

    return {name: cell(getattr(unit, name)) for name in COLUMNS}
