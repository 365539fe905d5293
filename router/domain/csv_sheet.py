"""A sheet as the bytes of a CSV: UTF-8 with or without a mark, or GB18030 as Excel in China writes it."""

import csv
import io
from collections.abc import Iterable, Iterator

from router.domain.row import JurisdictionRow
from router.domain.sheet import Line, Sheet, SheetFault, read_sheet, write_sheet

MARK = b"\xef\xbb\xbf"


def read_csv(sent: bytes) -> Sheet:
    """Return the rows of a CSV; one that cannot be read at all has one fault."""
    try:
        text = decoded(sent)
    except UnicodeDecodeError:
        return _unreadable(1, "文件编码既不是UTF-8也不是GB18030")
    try:
        return read_sheet(_lines(text))
    except csv.Error as fault:
        return _unreadable(_line_of(text), f"不是规范的CSV({fault}):请检查引号")


def write_csv(rows: Iterable[JurisdictionRow], *, encoding: str = "utf-8") -> bytes:
    """Return the rows as a CSV; for a clerk, `utf-8-sig` is what Excel opens rightly."""
    return table_csv(write_sheet(rows), encoding)


def table_csv(lines: Iterable[Iterable[str]], encoding: str = "utf-8-sig") -> bytes:
    """Return lines of cells as a CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue().encode(encoding)


def decoded(sent: bytes) -> str:
    """Return the text of a file in UTF-8 or else GB18030; raises `UnicodeDecodeError`."""
    try:
        return sent.removeprefix(MARK).decode("utf-8")
    except UnicodeDecodeError:
        return sent.decode("gb18030")


def _lines(text: str) -> Iterator[Line]:
    """Yield each record with the line it begins on; a quoted cell may go over several."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    for record in reader:
        yield begins, record
        begins = reader.line_num + 1


def _line_of(text: str) -> int:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for _ in reader:
            pass
    except csv.Error:
        pass
    return reader.line_num


def _unreadable(line: int, message: str) -> Sheet:
    return Sheet((), {}, (SheetFault(line, None, "unreadable", message),))
