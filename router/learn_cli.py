"""`hotline jurisdictions learn`: rows out of the city's own history, for people to check."""

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from router.domain.learning import EVERYWHERE, Past, Proposal, learn, measured
from router.domain.sheet import COLUMNS
from router.history_file import HistoryFile
from schemas.errors import Invalid
from services.cli.reach import Json, settings_of, told
from services.clock import SystemClock


def learn_table(
    history: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, also .gz.")],
    category: Annotated[str, typer.Option(help="Columns of the category from the top, with commas between.")],
    division: Annotated[str, typer.Option(help="The column with the district, empty where it is not known.")],
    department: Annotated[str, typer.Option(help="The column with who handled it in the end.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="The sheet to write.")],
    at_least: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="Wilson's lower bound for the share that agrees.")
    ] = 0.8,
    support: Annotated[int, typer.Option(min=1, help="Tickets a row must rest on.")] = 10,
    test: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Later tickets, to measure on.")
    ] = None,
    as_json: Json = False,
) -> None:
    """
    Propose rows from a HISTORY of tickets: cells of category × district where one department had nearly all.

    Categories and departments are written as the file names them; one that is no
    code of ours must be replaced, and a legal basis added, before the sheet is imported.
    """
    columns = [each.strip() for each in category.split(",") if each.strip()]
    needed = [*columns, division, department]
    with told():
        past = HistoryFile(history, needed)
        found = learn(_past(past, columns, division, department), at_least, support)
        if past.left_out:
            typer.echo(past.left_out, err=True)
        _write(out, found)
        kept = {"history": measured(found, _past(past, columns, division, department))}
        if test is not None:
            kept["test"] = measured(found, _past(HistoryFile(test, needed), columns, division, department))
    figures = {
        name: {
            "tickets": each.tickets,
            "coverage": round(each.coverage, 4),
            "agreement": round(each.agreement, 4),
        }
        for name, each in kept.items()
    }
    if as_json:
        typer.echo(json.dumps({"rows": len(found), **figures}))
        return
    typer.echo(f"{len(found)} rows in {out}")
    for name, each in kept.items():
        typer.echo(
            f"{name}: {each.tickets} tickets, {each.coverage:.1%} decided by a row, "
            f"{each.agreement:.1%} of them as they went"
        )


def _past(records: HistoryFile, columns: Sequence[str], division: str, department: str) -> Iterator[Past]:
    for record in records:
        steps = []
        for column in columns:
            if not (step := record[column].strip()):
                break
            steps.append(step)
        if who := record[department].strip():
            yield Past(tuple(steps), record[division].strip(), who)


def _write(out: Path, found: Sequence[Proposal]) -> None:
    if out.exists() and out.is_dir():
        raise Invalid(f"{out} is a folder.")
    day = SystemClock().now().astimezone(settings_of(None).zone).date()
    with out.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        lines = (_line(number, each, day) for number, each in enumerate(found, 1))
        writer.writerows(chain([list(COLUMNS)], lines))


def _line(number: int, each: Proposal, day: date) -> list[str]:
    deepest = each.path[-1] if each.path else ""
    cells = {
        "id": f"learned-{number}",
        "category": deepest if deepest.isdecimal() else "/".join(each.path),
        "division": "" if each.place == EVERYWHERE else each.place,
        "department": each.department,
        "mode": "direct",
        "valid_from": day.isoformat(),
        "note": each.note(),
    }
    return [cells.get(name, "") for name in COLUMNS]
