"""A file of past calls or tickets: CSV, also gzipped, in UTF-8 or GB18030; read row by row, however long."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from schemas.errors import Invalid

ENCODINGS = ("utf-8-sig", "gb18030")
GZIP = b"\x1f\x8b"
PIECE = 1 << 20
MOST_CHARACTERS = 4 << 30
"""What a file may unpack to: a small one can hold a very large one."""
csv.field_size_limit(10_000_000)


class HistoryFile:
    """
    The named columns of each row that has the cells of the header; `broken` counts those that have not.

    Iterating raises `Invalid` when a column is missing, the file is in another
    encoding or no CSV, or its gzip is damaged.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.columns = list(dict.fromkeys(columns))
        self.broken = 0

    @property
    def left_out(self) -> str:
        """What was left out, for people; empty when nothing was."""
        return f"{self.broken} rows skipped: not the columns of the header." if self.broken else ""

    def __iter__(self) -> Iterator[dict[str, str]]:
        """Yield the rows, from the first on."""
        self.broken = 0
        with _opened(self.path, _encoding_of(self.path)) as text:
            reader = csv.DictReader(text, strict=True)
            self._check(reader)
            while True:
                try:
                    row = next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    self.broken += 1
                    continue
                if None in row or any(row[name] is None for name in self.columns):
                    self.broken += 1
                else:
                    yield {name: row[name] for name in self.columns}

    def _check(self, reader: "csv.DictReader[str]") -> None:
        try:
            present = reader.fieldnames or []
        except csv.Error as fault:
            raise Invalid(f"{self.path.name} is no CSV: {fault}.") from fault
        if missing := [name for name in self.columns if name not in present]:
            has = "、".join(present) or "nothing"
            raise Invalid(f"{self.path.name} has no column {', '.join(missing)}; it has {has}.")


def _encoding_of(path: Path) -> str:
    """Return the first encoding the whole file can be read in: its beginning may say nothing yet."""
    for encoding in ENCODINGS:
        try:
            with _opened(path, encoding) as text:
                if sum(map(len, iter(lambda: text.read(PIECE), ""))) > MOST_CHARACTERS:
                    raise Invalid(f"{path.name} unpacks to more than {MOST_CHARACTERS >> 30} GiB.")
        except UnicodeDecodeError:
            continue
        except (gzip.BadGzipFile, EOFError, zlib.error) as fault:
            raise Invalid(f"{path.name} is no whole gzip file: {fault}.") from fault
        return encoding
    raise Invalid(f"{path.name} is neither UTF-8 nor GB18030. Save it as CSV UTF-8.")


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[TextIO]:
    with path.open("rb") as raw:
        begins = raw.read(len(GZIP))
        raw.seek(0)
        source = gzip.GzipFile(fileobj=raw) if begins == GZIP else raw
        with io.TextIOWrapper(source, encoding=encoding, newline="") as text:
            yield text
