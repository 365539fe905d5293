"""`hotline jurisdictions`: the table at the command line."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from router.areas_cli import areas
from router.choose import civil_day
from router.domain.csv_sheet import read_csv, write_csv
from router.domain.difference import differences
from router.domain.known import Known, TableFault
from router.domain.lint import lint
from router.domain.sheet import Sheet
from router.draft import begin_draft, put_sheet
from router.draft_store import DraftStore
from router.jurisdiction_api import ticket_jurisdiction
from router.jurisdiction_versions_api import rows_of, version_in_force
from router.learn_cli import learn_table
from router.publish import publish_draft
from router.references import known_on
from router.simulate_cli import simulate_version
from router.workbook import read_xlsx, write_xlsx
from schemas.errors import Invalid
from services.cli.reach import Data, Json, opened, run, told

jurisdictions = typer.Typer(no_args_is_help=True, help="Lint, move, try out and publish the table.")

SheetFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or XLSX.")]
Version = Annotated[str, typer.Argument(help="A version, or a draft.")]
By = Annotated[str, typer.Option(help="Who does it; who publishes must be another than who drafted.")]


@jurisdictions.command("lint")
def lint_sheet(file: SheetFile, data: Data = None, as_json: Json = False) -> None:
    """
    Check a sheet against the city's codes; needs a service that runs, and changes nothing.

    Exits with 1 when there are errors: such a table cannot be published.
    """
    with told():
        sheet = read_sheet_file(file)

    async def work() -> Known:
        async with opened(data) as resources, resources.database.transaction() as connection:
            return await known_on(connection, civil_day(resources.clock.now(), resources))

    found = [] if sheet.faults else lint(sheet.rows, run(work))
    if as_json:
        shown: list[dict[str, Any]] = [each.record() for each in sheet.faults]
        typer.echo(json.dumps(shown + [each.record(sheet.lines) for each in found], ensure_ascii=False))
    else:
        _say_faults(file, sheet, found)
    if sheet.faults or any(each.is_error for each in found):
        raise typer.Exit(1)


@jurisdictions.command("export")
def export_rows(
    version: Annotated[str | None, typer.Argument(help="[default: the one in force]")] = None,
    out: Annotated[Path, typer.Option(dir_okay=False, help="A name in .csv or .xlsx.")] = Path(
        "jurisdictions.csv"
    ),
    data: Data = None,
) -> None:
    """Write the rows of a version to a sheet."""

    async def work() -> Any:
        async with opened(data) as resources, resources.database.transaction() as connection:
            return await rows_of(connection, version or await version_in_force(connection, resources))

    rows = run(work)
    out.write_bytes(write_xlsx(rows) if out.suffix == ".xlsx" else write_csv(rows, encoding="utf-8-sig"))
    typer.echo(f"{len(rows)} rows in {out}")


@jurisdictions.command("import")
def import_rows(
    file: SheetFile,
    version: Annotated[str, typer.Option(help="The name of the draft; begun if there is none.")],
    by: By,
    source: Annotated[str, typer.Option(help="What the draft is, for those who read it later.")] = "导入",
    data: Data = None,
) -> None:
    """Make a draft of a sheet, all rows or none."""
    with told():
        sheet = read_sheet_file(file)
        if sheet.faults:
            _say_faults(file, sheet, [])
            raise typer.Exit(1)

    async def work() -> None:
        async with opened(data) as resources, resources.database.transaction() as connection:
            at, actor = resources.clock.now(), f"cli:{by}"
            known = {each.version for each in await DraftStore(connection).open()}
            if version not in known:
                based_on = await version_in_force(connection, resources)
                await begin_draft(connection, version, based_on, source, by=actor, at=at)
            await put_sheet(connection, version, sheet, by=actor, at=at)

    run(work)
    typer.echo(f"{len(sheet.rows)} rows in draft {version}")


@jurisdictions.command("diff")
def diff_rows(
    version: Version,
    against: Annotated[str | None, typer.Option(help="[default: the one in force]")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Say what differs between two versions, row by row."""

    async def work() -> Any:
        async with opened(data) as resources, resources.database.transaction() as connection:
            other = against or await version_in_force(connection, resources)
            return differences(await rows_of(connection, other), await rows_of(connection, version))

    found = run(work)
    if as_json:
        typer.echo(json.dumps([each.record() for each in found], ensure_ascii=False))
        return
    for each in found:
        typer.echo(each.sentence())
    typer.echo(f"{len(found)} differences")


@jurisdictions.command("publish")
def publish_version(
    version: Version,
    by: By,
    valid_from: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="[default: today]")] = None,
    data: Data = None,
) -> None:
    """Publish a draft somebody else made, simulated as it is and without errors."""
    with told():
        wanted = _day(valid_from)

    async def work() -> date:
        async with opened(data) as resources, resources.database.transaction() as connection:
            at = resources.clock.now()
            today = civil_day(at, resources)
            day = wanted or today
            await publish_draft(connection, version, day, today=today, by=f"cli:{by}", at=at)
            return day

    typer.echo(f"{version} is in force from {run(work)}")


@jurisdictions.command("explain")
def explain_ticket(
    ticket: Annotated[str, typer.Argument(help="A ticket's number.")], data: Data = None
) -> None:
    """Say why a ticket is with its department: by the table then, and now."""

    async def work() -> str:
        async with opened(data) as resources:
            found = await ticket_jurisdiction(ticket, None, resources)
            return found.model_dump_json(indent=2)

    typer.echo(run(work))


def read_sheet_file(path: Path) -> Sheet:
    """Return the sheet in a CSV or XLSX file."""
    content = path.read_bytes()
    return read_xlsx(content) if content.startswith(b"PK") else read_csv(content)


def _say_faults(file: Path, sheet: Sheet, found: Sequence[TableFault]) -> None:
    for each in sheet.faults:
        typer.echo(f"{file}:{each.line}: {each.place}:{each.message}", err=True)
    for fault in found:
        lines = ",".join(str(sheet.lines[row]) for row in fault.rows if row in sheet.lines)
        typer.echo(f"{file}:{lines or '-'}: {fault.severity}: {fault.message}", err=True)
    errors = len(sheet.faults) + sum(each.is_error for each in found)
    typer.echo(f"{len(sheet.rows)} rows, {errors} errors, {len(found) + len(sheet.faults) - errors} warnings")


def _day(given: str | None) -> date | None:
    try:
        return None if given is None else date.fromisoformat(given)
    except ValueError:
        raise Invalid(f"{given} is no day: write 2026-01-31.") from None


jurisdictions.add_typer(areas, name="areas")
jurisdictions.command("simulate")(simulate_version)
jurisdictions.command("learn")(learn_table)
