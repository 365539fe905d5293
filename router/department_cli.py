"""`hotline departments`: the tree of departments, carried in and out as a sheet."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from router.department_api import sheet_text, take_sheet
from router.department_sheet import LineFault, Sheet, lint, read_sheet, write_sheet
from router.department_store import UnitStore
from router.departments import in_tree_order
from schemas.departments import Imported
from services.cli.reach import FAILED, Data, opened, run

BY = "admin:hotline departments"

departments = typer.Typer(no_args_is_help=True, help="Import, export and check the departments (承办单位).")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, UTF-8.")]


@departments.command("import")
def import_sheet(file: File, data: Data = None) -> None:
    """Take a sheet of departments: all of it, or with any fault nothing."""

    async def work() -> Imported | list[LineFault]:
        sheet = _read(file)
        async with opened(data) as resources, resources.database.transaction() as connection:
            store = UnitStore(connection)
            if faults := lint(sheet, await store.units(), await store.divisions()):
                return faults
            return await take_sheet(sheet, BY, connection, resources)

    done = run(work)
    if not isinstance(done, Imported):
        _tell(done)
    else:
        typer.echo(f"{done.created} created, {done.changed} changed, {done.unchanged} unchanged")


@departments.command("export")
def export_sheet(
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Write here. [default: stdout]")] = None,
    data: Data = None,
) -> None:
    """Hand out the departments as a sheet."""

    async def work() -> str:
        async with opened(data) as resources, resources.database.transaction() as connection:
            return write_sheet(in_tree_order(await UnitStore(connection).units()))

    sheet = run(work)
    if out is None:
        typer.echo(sheet, nl=False)
    else:
        out.write_text(sheet, "utf-8")


@departments.command("lint")
def lint_sheet(file: File, data: Data = None) -> None:
    """Check a sheet beside the departments there are, storing nothing; exits with 1 when it has faults."""

    async def work() -> tuple[int, list[LineFault]]:
        sheet = _read(file)
        async with opened(data) as resources, resources.database.transaction() as connection:
            store = UnitStore(connection)
            return len(sheet.units), lint(sheet, await store.units(), await store.divisions())

    count, faults = run(work)
    typer.echo(f"{count} departments, {len(faults)} faults")
    if faults:
        _tell(faults)


def _read(file: Path) -> Sheet:
    return read_sheet(sheet_text(file.read_bytes()))


def _tell(faults: Iterable[LineFault]) -> None:
    for each in faults:
        typer.echo(str(each), err=True)
    raise typer.Exit(FAILED)
