"""`hotline jurisdictions simulate`: try a version on past tickets, from the database or from a file."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from router.choose import civil_day
from router.domain.inquiry import Inquiry
from router.domain.matching import JurisdictionTable
from router.domain.replay import TRIAGE, Replay
from router.draft_store import DraftStore
from router.history_file import HistoryFile
from router.jurisdiction_drafts_api import simulate_draft
from router.jurisdiction_schemas import SimulateRequest
from router.jurisdiction_versions_api import rows_of
from router.published import PublishedTable
from schemas.errors import Invalid
from schemas.folding import folded
from services.cli.reach import Data, Json, opened, run, told
from services.resources import Resources

SHOWN = 20


def simulate_version(
    version: Annotated[str, typer.Argument(help="A draft; with --tickets any version.")],
    since: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="[default: 30 days ago]")] = None,
    until: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="[default: today]")] = None,
    tickets: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file instead: CSV, also .gz.")
    ] = None,
    category: Annotated[
        str, typer.Option(help="The file's column with the six-digit category.")
    ] = "category",
    division: Annotated[str, typer.Option(help="Its column with the twelve-digit division.")] = "division",
    text: Annotated[str | None, typer.Option(help="Its column with the text, for keywords.")] = None,
    department: Annotated[str | None, typer.Option(help="Its column with who handled it, by code.")] = None,
    by: Annotated[str, typer.Option(help="Who tries it.")] = "cli",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """
    Try a version on past tickets, against the table in force: how many move, from where to where, which ones.

    Nothing is moved. A draft must have been tried on tickets of the service before it can be published.
    Of a file no hour is known: rows with hours or weekdays do not apply.
    """
    columns = {"category": category, "division": division, "text": text, "department": department}
    with told():
        days = [None if each is None else _day(each) for each in (since, until)]

    async def work() -> dict[str, Any]:
        async with opened(data) as resources:
            if tickets is not None:
                return await _from_file(version, tickets, columns, resources)
            last = days[1] or civil_day(resources.clock.now(), resources)
            period = SimulateRequest(since=days[0] or last - timedelta(days=30), until=last)
            return await _from_service(version, period, by, resources)

    found = run(work)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        _show(found)


async def _from_service(
    version: str, period: SimulateRequest, by: str, resources: Resources
) -> dict[str, Any]:
    with Console(stderr=True).status("replaying…"):
        async with resources.database.transaction() as connection:
            await DraftStore(connection).get(version)
            told_of = await simulate_draft(connection, version, period, f"cli:{by}", resources)
    return told_of.model_dump(mode="json")


async def _from_file(
    version: str, path: Path, columns: dict[str, str | None], resources: Resources
) -> dict[str, Any]:
    today = civil_day(resources.clock.now(), resources)
    async with resources.database.transaction() as connection:
        before = (await resources.part(PublishedTable).in_force(connection, today)).table
        after = JurisdictionTable.of(version, await rows_of(connection, version))
    replayed = Replay(before, after)
    needed = [each for each in columns.values() if each]
    city = resources.settings.city_division
    records = HistoryFile(path, needed)
    for number, record in _counted(records):
        said = {name: record[column] for name, column in columns.items() if column}
        asked = Inquiry(
            category=said["category"] or None,
            division=said["division"] or city,
            day=today,
            text=folded(said.get("text", "")),
        )
        replayed.add(str(number), asked, said.get("department") or None)
    if records.left_out:
        typer.echo(records.left_out, err=True)
    return replayed.record()


def _counted(records: Iterable[dict[str, str]]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each record with its line, and show how far it is."""
    with Progress(console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("tickets", total=None)
        for number, record in enumerate(records, 2):
            if number % 1000 == 0:
                bar.update(task, completed=number)
            yield number, record


def _show(found: dict[str, Any]) -> None:
    console = Console()
    matrix = Table("from", "to", "tickets", title=f"{found['version']} against {found['compared_with']}")
    for each in found["matrix"][:SHOWN]:
        matrix.add_row(_name(each["before"]), _name(each["after"]), str(each["tickets"]))
    load = Table("department", "before", "after")
    changed = [each for each in found["load"] if each["before"] != each["after"]]
    for each in changed[:SHOWN]:
        load.add_row(_name(each["department"]), str(each["before"]), str(each["after"]))
    for table in (matrix, load):
        if table.row_count:
            console.print(table)
    typer.echo(f"{found['tickets']} tickets, {found['moved']} move")
    if found["handled"]:
        typer.echo(
            f"{found['handled']} with a known department: the table in force names it for "
            f"{found['agree_before']}, {found['version']} for {found['agree_after']}"
        )


def _name(department: str) -> str:
    return "(triage)" if department == TRIAGE else department


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise Invalid(f"{given} is no day: write 2026-01-31.") from None
