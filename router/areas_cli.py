"""`hotline jurisdictions areas`: the special areas, carried in and out as a sheet."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from router.area_sheet import AreaSheet, lint_areas, read_areas, write_areas
from router.choose import civil_day
from router.department_api import sheet_text
from router.department_sheet import LineFault
from router.department_store import UnitStore
from router.domain.area import Area, by_code
from router.domain.lint import contradictions
from router.jurisdiction_store import JurisdictionStore
from router.references import known_on
from services.cli.reach import FAILED, Data, opened, run, told
from services.resources import Resources

areas = typer.Typer(no_args_is_help=True, help="Import and export the special areas (特殊区域).")


@areas.command("import")
def import_areas(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV.")],
    by: Annotated[str, typer.Option(help="Who does it.")],
    data: Data = None,
) -> None:
    """
    Take a sheet of areas: all of it, or with any fault nothing.

    It is a fault too when a table that is published would contradict itself. Areas the sheet does
    not name stay as they are; one ends by its `valid_to`. Every process routes by the new ones from
    its next ticket on; tickets already decided stay where they are.
    """
    with told():
        sheet = read_areas(sheet_text(file.read_bytes()))

    async def work() -> list[LineFault] | int:
        async with opened(data) as resources, resources.database.transaction() as connection:
            return await take_areas(sheet, by, connection, resources)

    done = run(work)
    if isinstance(done, int):
        typer.echo(f"{done} changed, {len(sheet.areas) - done} unchanged")
        return
    for each in done:
        typer.echo(str(each), err=True)
    raise typer.Exit(FAILED)


@areas.command("export")
def export_areas(data: Data = None) -> None:
    """Write the areas as a sheet to stdout."""

    async def work() -> Sequence[Area]:
        async with opened(data) as resources, resources.database.transaction() as connection:
            return await JurisdictionStore(connection).areas()

    typer.echo(write_areas(run(work)), nl=False)


async def take_areas(
    sheet: AreaSheet, by: str, connection: AsyncConnection, resources: Resources
) -> list[LineFault] | int:
    """Make the areas of a sheet what they are to be; return how many changed, or why none may."""
    store = JurisdictionStore(connection)
    await store.hold()
    present = await store.areas()
    if faults := lint_areas(sheet, present, await UnitStore(connection).divisions()):
        return faults
    changed = [each for each in sheet.areas if each not in present]
    if changed:
        replaced = {(each.code, each.valid_from) for each in changed}
        left = [each for each in present if (each.code, each.valid_from) not in replaced]
        if faults := await _contradictions(sheet, [*left, *changed], connection, resources):
            return faults
        await store.put_areas([_values(each) for each in changed], f"cli:{by}", resources.clock.now())
    return len(changed)


async def _contradictions(
    sheet: AreaSheet, areas: Sequence[Area], connection: AsyncConnection, resources: Resources
) -> list[LineFault]:
    """Return where a published table that counts, or will, would contradict itself with these areas."""
    day, zone = civil_day(resources.clock.now(), resources), resources.settings.time_zone
    known = replace(await known_on(connection, day), areas=by_code(areas))
    store = JurisdictionStore(connection)
    in_force = await store.in_force(day, zone)
    coming = [each.version for each in await store.versions(zone) if each.first_day > day]
    found = []
    for version in [*(in_force or ())[:1], *coming]:
        rows = {row.id: row for row in await store.rows(version)}
        for fault in contradictions(list(rows.values()), known):
            named = {rows[each].area for each in fault.rows}
            lines = [line for area, line in zip(sheet.areas, sheet.lines, strict=True) if area.code in named]
            found += [LineFault(line, "divisions", f"派单目录{version}{fault.message}") for line in lines[:1]]
    return found


def _values(area: Area) -> dict[str, Any]:
    outline = [list(each) for each in area.outline]
    return asdict(area) | {"divisions": list(area.divisions), "outline": outline}
