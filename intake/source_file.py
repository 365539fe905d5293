"""Read a file of calls, record by record, whatever is wrong with single lines."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intake.domain.mapping import Mapping
from schemas.errors import BadMapping

CHUNK = 1 << 20
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


@contextmanager
def _text(file: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    opened = gzip.GzipFile(file) if file.suffix == ".gz" else file.open("rb")
    with opened, io.TextIOWrapper(opened, encoding, errors="surrogateescape", newline="") as text:
        yield text


def read_lines(file: Path, mapping: Mapping) -> Iterator[Line]:
    """
    Yield every record of a file; a line that is none comes with its fault.

    Raises `BadMapping` when a CSV lacks a column the mapping reads, or the
    encoding has no such name.
    """
    try:
        with _text(file, mapping.encoding) as text:
            yield from _csv(text, mapping) if mapping.format == "csv" else _ndjson(text)
    except LookupError as fault:
        raise BadMapping(f"encoding: {fault}") from fault
    except (gzip.BadGzipFile, EOFError) as fault:
        raise BadMapping(f"{file.name} is no whole gzip file: {fault}") from fault


def _csv(text: io.TextIOWrapper, mapping: Mapping) -> Iterator[Line]:
    reader = csv.DictReader(text)
    missing = sorted(mapping.columns - set(reader.fieldnames or ()))
    if missing:
        raise BadMapping(f"The file has no column {', '.join(missing)}.")
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
        except (ValueError, RecursionError) as fault:
            yield Line(number, {"line": line}, f"no JSON: {fault}")
            continue
        if isinstance(record, dict):
            yield Line(number, record)
        else:
            yield Line(number, {"line": line}, "no JSON object")


def _broken(text: str) -> bool:
    return any("\udc80" <= each <= "\udcff" for each in text) if not text.isascii() else False
