"""`hotline normalize`: see how a file of calls reads, before anything is imported."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from intake.cli import read_mapping_file
from intake.normalize_file import Summary, normalized_rows
from intake.shipped import shipped_catalogue
from intake.source_file import read_lines
from services.cli.reach import Json, told
from services.clock import SystemClock

STDOUT = Path("-")


def normalize_file(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or NDJSON, also .gz.")
    ],
    mapping: Annotated[
        Path, typer.Option(help="Mapping file (TOML), or the name of one that ships, like haikou_2018.")
    ],
    out: Annotated[Path, typer.Option(dir_okay=False, help="Write NDJSON here; - is standard output.")],
    as_json: Json = False,
) -> None:
    """
    Normalize a FILE of calls without storing them: one line out for each row, in order.

    Each line has the place down to the village as far as it is certain, the
    phone, what was found wrong and the evidence. Needs no service and no
    database: the reference data that ships is used. An OUT that exists is
    replaced when all is read, not before.
    """
    if out != STDOUT and out.exists() and out.samefile(file):
        raise typer.BadParameter("OUT is the FILE that is read.", param_hint="--out")
    with told():
        declared = read_mapping_file(mapping)
        total = sum(1 for _ in read_lines(file, declared))
        summary = Summary()
        with written(out) as stream, _bar() as bar:
            task = bar.add_task("calls", total=total)
            rows = normalized_rows(file, declared, shipped_catalogue(), SystemClock().now())
            for row in _counted(rows, summary):
                stream.write(_line(row))
                bar.advance(task)
    if as_json:
        typer.echo(json.dumps(summary.as_dict(), ensure_ascii=False), err=out == STDOUT)
    else:
        _show(summary)


def _counted(rows: Iterable[dict[str, Any]], summary: Summary) -> Iterator[dict[str, Any]]:
    for row in rows:
        summary.count(row)
        yield row


def _line(row: dict[str, Any]) -> bytes:
    """Return a row as JSON; half a surrogate pair, which UTF-8 cannot hold, stays escaped."""
    return (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


@contextmanager
def written(out: Path) -> Iterator[BinaryIO]:
    """Yield where to write; what a file held before is replaced only when nothing went wrong."""
    if out == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if out.exists() and not out.is_file():  # a pipe, a device
        with out.open("wb") as stream:
            yield stream
        return
    whole = out.resolve()
    part = whole.with_name(f"{whole.name}.part")
    try:
        with part.open("wb") as stream:
            yield stream
        part.replace(whole)
    finally:
        part.unlink(missing_ok=True)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(file=sys.stderr))


def _show(summary: Summary) -> None:
    table = Table("", "rows", "%", title="How the file reads")
    counts = summary.as_dict()
    problems = counts.pop("problems")
    for name, count in [*counts.items(), *((f"problem: {code}", count) for code, count in problems.items())]:
        share = f"{100 * count / summary.rows:.1f}" if summary.rows else ""
        table.add_row(name.replace("_", " "), f"{count:,}", share)
    Console(file=sys.stderr).print(table)
