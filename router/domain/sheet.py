"""The table as a sheet: rows to cells and back, every fault with its line and column."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import category as kind_of

from router.domain import cells
from router.domain.cells import LISTED, LONGEST, BadCell
from router.domain.row import JurisdictionRow, Mode

COLUMNS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "id": ("编号", cells.read_id),
    "category": ("类别", cells.read_category),
    "division": ("区划", cells.read_division),
    "area": ("特殊区域", cells.read_text),
    "basis": ("管辖地依据", cells.read_basis),
    "caller_type": ("诉求人类型", cells.read_caller),
    "weekdays": ("星期", cells.read_weekdays),
    "hours": ("时段", cells.read_hours),
    "keywords": ("关键词", cells.read_keywords),
    "attributes": ("属性", cells.read_attributes),
    "department": ("主办单位", cells.read_department),
    "co_handlers": ("协办单位", cells.read_departments),
    "cc": ("抄送单位", cells.read_departments),
    "mode": ("派单方式", cells.read_mode),
    "department_only": ("部门专属", cells.read_flag),
    "statutory_procedure": ("法定程序", cells.read_text),
    "legal_basis": ("依据", cells.read_text),
    "priority": ("优先级", cells.read_priority),
    "valid_from": ("生效日期", cells.read_date),
    "valid_to": ("失效日期", cells.read_last_day),
    "note": ("备注", cells.read_text),
}
"""Each column by its name in the API, with its Chinese name; a sheet may use either."""

NEEDED = ("id", "category", "division", "department", "mode", "valid_from")
TITLES = {title: name for name, (title, _) in COLUMNS.items()}
MOST_ROWS = 100_000
MOST_FAULTS = 1000

MERGED, NO_RESULT = "(合并单元格)", "(公式)"
"""What stands for a cell merged with another, above it or to its left, and for a formula not calculated."""

FAILED = frozenset({"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"})
"""What Excel shows for a formula that cannot be calculated."""

Line = tuple[int, Sequence[str]]


@dataclass(frozen=True, slots=True)
class SheetFault:
    """What is wrong in one cell, or with a whole line when it names no column."""

    line: int
    column: str | None
    code: str
    message: str

    @property
    def place(self) -> str:
        """Where it is, as a clerk counts."""
        title = COLUMNS[self.column][0] if self.column in COLUMNS else self.column
        return f"第{self.line}行“{title}”列" if title else f"第{self.line}行"

    def record(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a sheet, the line each stands on, and what could not be read."""

    rows: tuple[JurisdictionRow, ...]
    lines: dict[str, int]
    faults: tuple[SheetFault, ...]


def read_sheet(given: Iterable[Line]) -> Sheet:
    """Return the rows of a sheet, header first; a line with a fault gives no row."""
    lines = iter(given)
    number, header = next(lines, (1, ()))
    names, faults = _header(number, header)
    rows: list[JurisdictionRow] = []
    places: dict[str, int] = {}
    if not faults:
        for number, values in lines:
            if len(faults) >= MOST_FAULTS or len(rows) >= MOST_ROWS:
                message = "错误或条目过多,其后各行未检查"
                faults.append(SheetFault(number, None, "too_many", message))
                break
            if any(each.strip() for each in values):
                _read_line(number, values, names, rows, places, faults)
    return Sheet(tuple(rows), places, tuple(faults))


def write_sheet(rows: Iterable[JurisdictionRow], *, titled: bool = False) -> Iterator[list[str]]:
    """Yield the header and the cells of each row; `titled` in Chinese."""
    yield [title if titled else name for name, (title, _) in COLUMNS.items()]
    for row in rows:
        yield [shown_cell(getattr(row, name)) for name in COLUMNS]


def shown_cell(value: Any) -> str:
    """Return a value as a cell shows it."""
    if value is None or value is False:
        return ""
    if value is True:
        return "true"
    if isinstance(value, tuple):
        parts = (each if isinstance(each, str) else "=".join(each) for each in value)
        return LISTED.join(parts)
    return str(value) if value != 0 else ""


def _header(line: int, header: Sequence[str]) -> tuple[list[str | None], list[SheetFault]]:
    names: list[str | None] = []
    faults = []
    for cell in header:
        said = cell.strip()
        name = TITLES.get(said, said)
        if name and name not in COLUMNS:
            faults.append(SheetFault(line, said, "unknown_column", f"没有名为“{said}”的列"))
        elif name and name in names:
            faults.append(SheetFault(line, name, "column_twice", f"“{said}”列出现了两次"))
        names.append(name or None)
    faults += [
        SheetFault(line, name, "column_missing", f"缺少“{COLUMNS[name][0]}”({name})列")
        for name in NEEDED
        if name not in names
    ]
    return names, faults


def _read_line(
    line: int,
    values: Sequence[str],
    names: Sequence[str | None],
    rows: list[JurisdictionRow],
    places: dict[str, int],
    faults: list[SheetFault],
) -> None:
    found: dict[str, Any] = {}
    before = len(faults)
    if any(each.strip() for each in values[len(names) :]):
        faults.append(SheetFault(line, None, "too_many_cells", "这一行的单元格比表头多"))
    for at, name in enumerate(names):
        if name is None:
            continue
        text = values[at].strip() if at < len(values) else ""
        try:
            found[name] = _read_cell(name, text)
        except BadCell as fault:
            faults.append(SheetFault(line, name, "bad_cell", str(fault)))
    if len(faults) > before:
        return
    if problem := _whole(found, places):
        faults.append(SheetFault(line, *problem))
        return
    places[found["id"]] = line
    rows.append(JurisdictionRow(**{"legal_basis": None, "valid_to": None, **found}))


def _read_cell(name: str, text: str) -> Any:
    if len(text) > LONGEST:
        raise BadCell(f"超过{LONGEST}字")
    if any(kind_of(each) == "Cc" and each not in "\t\n\r" for each in text):
        raise BadCell("含有不可存储的字符")
    if text == MERGED:
        raise BadCell("与上方或左侧的单元格合并了;请取消合并,逐格填写")
    if text == NO_RESULT or text in FAILED:
        raise BadCell("公式没有结果;请粘贴为值" if text == NO_RESULT else f"公式的结果是错误{text};请改正")
    if name == "mode" and not text:
        raise BadCell("派单方式不能为空:直派(direct)、经区(via_district)或人工(manual)")
    return COLUMNS[name][1](text)


def _whole(found: dict[str, Any], places: dict[str, int]) -> tuple[str, str, str] | None:
    if found["id"] in places:
        return "id", "id_twice", f"编号“{found['id']}”与第{places[found['id']]}行重复"
    if found["mode"] is Mode.MANUAL and found["department"]:
        return "department", "manual_with_department", "人工研判的条目不填主办单位"
    if found["mode"] is not Mode.MANUAL and not found["department"]:
        return "department", "no_lead", "没有填主办单位;须人工研判的请把派单方式写作人工"
    return None
