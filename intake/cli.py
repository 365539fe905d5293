"""`hotline import`: a file of calls becomes tickets."""

import json
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from intake.defaults import load_mapping, shipped_mapping
from intake.domain.mapping import Mapping
from intake.import_calls import Counts, Import, import_calls
from intake.source_file import read_lines
from intake.store import ImportStore
from schemas.errors import BadMapping
from services.cli.reach import Data, Json, opened, run, told


def import_file(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or NDJSON, also .gz.")
    ],
    mapping: Annotated[
        Path, typer.Option(help="Mapping file (TOML), or the name of one that ships, like haikou_2018.")
    ],
    rejects: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write rejected records here, as NDJSON.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Calls of the past: own times and endings, nobody is woken.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """
    Import a FILE of calls through the same normalizer as every other call.

    Killed in the middle, the same command goes on where it was; once it came to
    the end, it says so and does nothing more. Exits with 0 also when single
    records were rejected: the counts say so.
    """
    with told():
        declared = read_mapping_file(mapping)
        total = sum(1 for _ in read_lines(file, declared))

    async def work() -> Counts:
        async with opened(data) as resources:
            wanted = Import(file, declared, history)
            with _bar() as bar:
                task = bar.add_task("calls", total=total)
                counts, name = await import_calls(
                    wanted, resources, lambda done: bar.update(task, completed=done.read)
                )
                is_old = not bar.tasks[task].completed and counts.read > 0
                bar.update(task, completed=counts.read)
            if is_old:
                typer.echo("This file is already imported; these are its counts.", err=True)
            if rejects is not None:
                async with resources.database.transaction() as connection:
                    rows = await ImportStore(connection).rejects(name)
                _write_rejects(rejects, rows)
            return counts

    counts = asdict(run(work))
    if as_json:
        typer.echo(json.dumps(counts))
    else:
        typer.echo(", ".join(f"{count} {name}" for name, count in counts.items()))


def read_mapping_file(path: Path) -> Mapping:
    """Return the mapping in a file, or one that ships, by its name; raises `BadMapping`."""
    if not path.exists():
        return shipped_mapping(path.name.removesuffix(".toml"))
    try:
        return load_mapping(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BadMapping(f"{path}: {fault}") from fault


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(file=sys.stderr))


def _write_rejects(path: Path, rows: Sequence[Any]) -> None:
    with path.open("w", encoding="utf-8", errors="backslashreplace") as out:
        for row in rows:
            reject = {"line": row.line, "code": row.code, "reason": row.reason}
            out.write(json.dumps({**reject, "record": json.loads(row.record)}, ensure_ascii=False) + "\n")
