"""The sheet of special areas (特殊区域): CSV in and out, every fault with its line."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from router.department_sheet import LineFault
from router.domain.area import Area

COLUMNS = ("code", "name", "divisions", "outline", "valid_from", "valid_to")
LEAST_POINTS = 3

Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]


def _points(cell: Any) -> Any:
    return [re.split(r"\s+", each.strip()) for each in cell.split(";") if each.strip()]


class _Row(BaseModel):
    """A line as it may be written."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    divisions: Annotated[tuple[str, ...], BeforeValidator(str.split)]
    outline: Annotated[tuple[tuple[Longitude, Latitude], ...], BeforeValidator(_points)]
    valid_from: date
    valid_to: Annotated[date | None, BeforeValidator(lambda cell: cell or None)]


@dataclass(frozen=True, slots=True)
class AreaSheet:
    """The areas of a sheet, the line of each in the same order, and what could not be read."""

    areas: tuple[Area, ...]
    lines: tuple[int, ...]
    faults: tuple[LineFault, ...]


def read_areas(content: str) -> AreaSheet:
    """Read a sheet; a line that cannot be read is a fault, never a guess."""
    reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    areas: list[Area] = []
    lines: list[int] = []
    faults: list[LineFault] = []
    line = 1
    try:
        if list(reader.fieldnames or ()) != list(COLUMNS):
            return AreaSheet((), (), (LineFault(1, "", f"表头应为{','.join(COLUMNS)}"),))
        for row in reader:
            line = reader.line_num
            read = _read(row, line)
            if isinstance(read, Area):
                areas.append(read)
                lines.append(line)
            else:
                faults += read
    except csv.Error as fault:
        faults.append(LineFault(line + 1, "", f"不是有效的CSV:{fault}"))
    return AreaSheet(tuple(areas), tuple(lines), tuple(faults))


def lint_areas(sheet: AreaSheet, present: Iterable[Area], divisions: Collection[str]) -> list[LineFault]:
    """Return every fault of a sheet as it would be beside the areas there are."""
    said = {(each.code, each.valid_from) for each in sheet.areas}
    others = [each for each in present if (each.code, each.valid_from) not in said]
    found = [
        LineFault(line, column, says)
        for at, (area, line) in enumerate(zip(sheet.areas, sheet.lines, strict=True))
        for column, says in _faults(area, [*others, *sheet.areas[:at]], divisions)
    ]
    return sorted([*sheet.faults, *found], key=lambda each: (each.line, each.column))


def write_areas(areas: Iterable[Area]) -> str:
    """Return areas as a sheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in areas:
        ends = each.valid_to.isoformat() if each.valid_to else ""
        outline = ";".join(f"{x!r} {y!r}" for x, y in each.outline)
        writer.writerow(
            [each.code, each.name, " ".join(each.divisions), outline, each.valid_from.isoformat(), ends]
        )
    return out.getvalue()


def _read(row: dict[str, Any], line: int) -> Area | list[LineFault]:
    if None in row or None in row.values():
        return [LineFault(line, "", "列数与表头不符")]
    cells = {name: cell.strip() for name, cell in row.items()}
    try:
        return Area(**dict(_Row.model_validate(cells)))
    except ValidationError as wrong:
        columns = dict.fromkeys(str(each["loc"][0]) for each in wrong.errors())
        return [LineFault(line, name, f"“{cells[name]}”不合要求") for name in columns]


def _faults(area: Area, others: Sequence[Area], divisions: Collection[str]) -> Iterator[tuple[str, str]]:
    for prefix in area.divisions:
        if not any(each.startswith(prefix) for each in divisions):
            yield "divisions", f"没有以{prefix}开头的行政区划"
    if not area.divisions and not area.outline:
        yield "outline", "行政区划与边界至少填一项"
    if area.outline and len(area.outline) < LEAST_POINTS:
        yield "outline", f"边界至少{LEAST_POINTS}个点"
    if area.valid_to is not None and area.valid_to < area.valid_from:
        yield "valid_to", "失效日期早于生效日期"
    elif any(each.code == area.code and _overlap(area, each) for each in others):
        yield "valid_from", f"与{area.code}的另一有效期重叠"


def _overlap(one: Area, other: Area) -> bool:
    return one.in_force(other.valid_from) or other.in_force(one.valid_from)
