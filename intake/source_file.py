"""Read a file of calls, record by record, whatever is wrong with single lines."""

import codecs
import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from intake.domain.mapping import Mapping
from intake.domain.wire.json_body import check_depth
from schemas.errors import BadMapping, Invalid

CHUNK = 1 << 20
FILES = ("csv", "ndjson")
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # XLSX and ODS; XLS
GZIP = b"\x1f\x8b"
LONGEST_SHOWN = 300
csv.field_size_limit(10_000_000)


@dataclass(frozen=True, slots=True)
class Line:
    """A record and the line it begins on; `fault` says why it is none."""

    number: int
    record: dict[str, Any]
    fault: str | None = None


def digest(file: Path, *marks: bytes) -> bytes:
    """Return what makes an import of this file the same as another: its bytes and how it is read."""
    summed = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            summed.update(chunk)
    for mark in marks:
        summed.update(b"\x00" + mark)
    return summed.digest()


def _opened(file: Path) -> IO[bytes]:
    return gzip.GzipFile(file) if file.suffix == ".gz" else file.open("rb")  # type: ignore[return-value]


@contextmanager
def _text(file: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    with (
        _opened(file) as opened,
        io.TextIOWrapper(opened, encoding, errors="surrogateescape", newline="") as text,
    ):
        yield text


def read_lines(file: Path, mapping: Mapping) -> Iterator[Line]:
    """
    Yield every record of a file; a line that is none comes with its fault.

    Raises `BadMapping` when the mapping reads no files, a CSV lacks a column it
    reads, the encoding has no such name, a gzip is damaged, or it is a spreadsheet.
    """
    if mapping.format not in FILES:
        raise BadMapping(f"{mapping.name} reads {mapping.format}; a file of calls is {' or '.join(FILES)}.")
    _check_kind(file)
    try:
        with _text(file, _encoding(file, mapping)) as text:
            yield from _csv(text, mapping) if mapping.format == "csv" else _ndjson(text)
    except LookupError as fault:
        raise BadMapping(f"encoding: {fault}") from fault
    except (gzip.BadGzipFile, EOFError, zlib.error) as fault:
        raise BadMapping(f"{file.name} is no whole gzip file: {fault}") from fault


def _check_kind(file: Path) -> None:
    """Raise `BadMapping` for what is plainly another kind of file."""
    with file.open("rb") as stream:
        begins = stream.read(4)
    if begins in SPREADSHEETS:
        raise BadMapping(f"{file.name} is a spreadsheet or an archive: save it as CSV in UTF-8 first.")
    if begins.startswith(GZIP) and file.suffix != ".gz":
        raise BadMapping(f"{file.name} is a gzip: let its name end with .gz.")


def _encoding(file: Path, mapping: Mapping) -> str:
    """Return what the mapping names; else what the file's beginning proves to be, as for a request."""
    if "encoding" in mapping.model_fields_set:
        return mapping.encoding
    with _opened(file) as stream:
        begins = stream.read(CHUNK)
    if begins.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for name in (mapping.encoding, "gb18030"):
        try:
            codecs.getincrementaldecoder(name)().decode(begins)
        except UnicodeDecodeError:
            continue
        return name
    return mapping.encoding  # single lines are broken: each of them says so


def _csv(text: io.TextIOWrapper, mapping: Mapping) -> Iterator[Line]:
    reader = csv.DictReader(text)
    missing = sorted(mapping.columns - set(reader.fieldnames or ()))
    if missing:
        has = "、".join(reader.fieldnames or ())[:LONGEST_SHOWN] or "nothing"
        raise BadMapping(f"The file has no column {'、'.join(missing)}; it has {has}.")
    number = reader.line_num + 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            yield Line(number, {}, f"no CSV: {fault}")
        else:
            yield _checked(number, row)
        number = reader.line_num + 1


def _checked(number: int, row: dict[str | Any, str | Any]) -> Line:
    fault = None
    if None in row:
        fault = "more cells than columns"
        row = {key: cell for key, cell in row.items() if key is not None}
    elif None in row.values():
        fault = "fewer cells than columns"
    elif any(_broken(cell) for cell in row.values()):
        fault = "bytes that are no text in this encoding"
    return Line(number, row, fault)


def _ndjson(text: io.TextIOWrapper) -> Iterator[Line]:
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        if _broken(line):
            yield Line(number, {"line": line}, "bytes that are no text in this encoding")
            continue
        try:
            record = json.loads(line)
            check_depth(line, record)
        except (ValueError, RecursionError, Invalid) as fault:
            yield Line(number, {"line": line}, f"no JSON: {fault}")
            continue
        if isinstance(record, dict):
            yield Line(number, record)
        else:
            yield Line(number, {"line": line}, "no JSON object")


def _broken(text: str) -> bool:
    return any("\udc80" <= each <= "\udcff" for each in text) if not text.isascii() else False
