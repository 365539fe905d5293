"""A sheet as an Excel workbook (XLSX): what a clerk opens, with Chinese headings and cells that stay text."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, datetime
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.exceptions import InvalidFileException

from router.domain.row import JurisdictionRow
from router.domain.sheet import MERGED, NO_RESULT, Line, Sheet, SheetFault, read_sheet, write_sheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    InvalidFileException,
    NotImplementedError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    OSError,
)
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
MOST_BYTES = 200_000_000
"""What a workbook may unpack to: a small file can hold a very large one."""


def read_xlsx(sent: bytes) -> Sheet:
    """Return the rows of the first sheet of a workbook; one that cannot be read at all has one fault."""
    try:
        with zipfile.ZipFile(io.BytesIO(sent)) as parts:
            if sum(each.file_size for each in parts.infolist()) > MOST_BYTES:
                return _unreadable("工作簿解压后过大")
        with _opened(sent, data_only=True) as book:
            sheet = book.worksheets[0]
            lines = list(_lines(sheet))
            with sheet._get_source() as source:
                written = source.read()
        if _FORMULA.search(written):
            with _opened(sent, data_only=False) as book:
                lines = list(_with_formulas(lines, book.worksheets[0]))
        for left, top, right, bottom in _MERGED.findall(written):
            columns = column_index_from_string(left.decode()), column_index_from_string(right.decode())
            _mark(lines, columns, (int(top), int(bottom)))
    except _DAMAGED:
        return _unreadable("不是可读的XLSX工作簿")
    return read_sheet(lines)


def _opened(sent: bytes, *, data_only: bool) -> Any:
    return closing(load_workbook(io.BytesIO(sent), read_only=True, data_only=data_only))


def _with_formulas(lines: Iterable[Line], sheet: Any) -> Iterator[Line]:
    """Yield the lines with formulas that have no result marked: an empty condition holds for all."""
    for (number, values), written in zip(lines, sheet.iter_rows(values_only=True), strict=True):
        pairs = zip(values, written, strict=True)
        yield number, [value or ("" if cell is None else NO_RESULT) for value, cell in pairs]


def _mark(lines: list[Line], columns: tuple[int, int], numbers: tuple[int, int]) -> None:
    """Mark what a merged cell has swallowed, which seems empty likewise."""
    (left, right), (top, bottom) = columns, numbers
    for at in range(top - 1, min(bottom, len(lines))):
        number, values = lines[at]
        own = list(values)
        for column in range(left - 1, min(right, len(own))):
            if (at, column) != (top - 1, left - 1):
                own[column] = MERGED
        lines[at] = number, own


def write_xlsx(rows: Iterable[JurisdictionRow]) -> bytes:
    """Return the rows as a workbook."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("派单目录")
    sheet.freeze_panes = "B2"
    for line in write_sheet(rows, titled=True):
        sheet.append([_text(sheet, each) for each in line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _text(sheet: Any, value: str) -> Any:
    """Return a cell that is text whatever it looks like: no code loses its zero, no note is a formula."""
    if not value:
        return None
    cell = WriteOnlyCell(sheet, value=value)
    cell.data_type = "s"
    cell.number_format = "@"
    return cell


def _lines(sheet: Any) -> Iterator[Line]:
    for number, line in enumerate(sheet.iter_rows(values_only=True), 1):
        yield number, [_shown(each) for each in line]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _unreadable(message: str) -> Sheet:
    return Sheet((), {}, (SheetFault(1, None, "unreadable", message),))
