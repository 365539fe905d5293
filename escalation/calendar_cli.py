"""`hotline calendar`: the working calendar at the command line."""

import csv
import io
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.publication_note import one
from escalation.draft import begin_draft, content_of, put_content
from escalation.draft_store import DraftStore
from escalation.foresee import Foreseen, foresee
from escalation.publish import publish_draft
from escalation.rule_store import RuleStore
from escalation.rulebook import CALENDAR, civil_day
from escalation.year import COLUMNS, read_year, with_year, year_from_library
from schemas.errors import Invalid
from services.cli.reach import Data, opened, run, told
from services.resources import Resources

calendar = typer.Typer(no_args_is_help=True, help="Import a year, preview and publish the working calendar.")

Version = Annotated[str, typer.Argument(help="A draft.")]
By = Annotated[str, typer.Option(help="Who does it; who publishes must be another than who drafted.")]


@calendar.command("export")
def export_days(
    out: Annotated[Path, typer.Option(dir_okay=False)] = Path("calendar.csv"), data: Data = None
) -> None:
    """Write the days of the calendar in force to a sheet."""

    async def work() -> Any:
        async with opened(data) as resources, resources.database.transaction() as connection:
            return await content_of(connection, CALENDAR, await _in_force(connection, resources))

    rows = run(work)["days"]
    text = io.StringIO()
    sheet = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    sheet.writeheader()
    sheet.writerows(rows)
    out.write_text(text.getvalue(), "utf-8-sig")
    typer.echo(f"{len(rows)} days in {out}")


@calendar.command("import")
def import_year(
    version: Annotated[str, typer.Option(help="A new draft, or one there is.")],
    by: By,
    source: Annotated[str, typer.Option(help="The paper, e.g. 国办发明电〔2026〕12号.")],
    file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="A CSV.")] = None,
    year: Annotated[int | None, typer.Option(help="Of chinesecalendar, if it knows it.")] = None,
    data: Data = None,
) -> None:
    """
    Put the days of a year into a draft, from a CSV or from chinesecalendar.

    Columns: date, kind (off, work, hours), name, source, status, layer, hours, department. Days there were
    of the same year and layer are replaced.
    """
    with told():
        rows = _read(file, year, source)

    async def work() -> None:
        async with opened(data) as resources, resources.database.transaction() as connection:
            drafts, now = DraftStore(connection, CALENDAR), resources.clock.now()
            if not await drafts.is_taken(version):
                based_on = await _in_force(connection, resources)
                await begin_draft(connection, CALENDAR, version, based_on, source, by=by, at=now)
            content = with_year((await drafts.get(version)).content, rows)
            await put_content(connection, CALENDAR, version, content, by=by, resources=resources)

    run(work)
    typer.echo(f"{len(rows)} days in the draft {version}")


@calendar.command("preview")
def preview(version: Version, data: Data = None) -> None:
    """Say which open deadlines a draft would move; nothing is written."""

    async def work() -> tuple[Foreseen, ZoneInfo]:
        async with opened(data) as resources, resources.database.transaction() as connection:
            return await foresee(connection, CALENDAR, version, resources), resources.settings.zone

    found, zone = run(work)
    typer.echo(
        f"未办结的时限{found.deadlines}个:改期{found.moved}个,本可提前仍按原定{found.kept}个,"
        f"不再是暂定{found.confirmed}个,取消{found.over}个"
    )
    for each in found.moves:
        typer.echo(f"{each.row.ticket_id} {one(each.told, zone)}")
    if found.after:
        typer.echo(f"此处只列到{found.after},其余见接口的预览")
    typer.echo(f"预览编号 {found.token}")


@calendar.command("publish")
def publish(
    version: Version,
    by: By,
    preview: Annotated[str, typer.Option(help="What `preview` printed last.")],
    data: Data = None,
) -> None:
    """Publish a draft as it was previewed; open deadlines follow within minutes."""

    async def work() -> None:
        async with opened(data) as resources, resources.database.transaction() as connection:
            await publish_draft(connection, CALENDAR, version, preview, None, by=by, resources=resources)

    run(work)
    typer.echo(f"{version} is in force")


def _read(file: Path | None, year: int | None, source: str) -> list[dict[str, str]]:
    if (file is None) == (year is None):
        raise Invalid("Name a CSV, or a year with --year.")
    if year is not None:
        return year_from_library(year, source)
    assert file is not None
    content = file.read_bytes()
    try:
        return read_year(content.decode("utf-8"), source)
    except UnicodeDecodeError:
        return read_year(content.decode("gb18030"), source)


async def _in_force(connection: AsyncConnection, resources: Resources) -> str:
    today = civil_day(resources.clock.now(), resources)
    return (await RuleStore(connection).latest(today))[CALENDAR]
