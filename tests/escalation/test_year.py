"""A year is imported from a sheet or from chinesecalendar, and never guessed."""

import asyncio
import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from escalation.calendars import calendar_from
from escalation.defaults import shipped
from escalation.year import read_year, with_year, year_from_library
from schemas.errors import Invalid
from services.clock import SystemClock
from tests.command_line import app
from tests.escalation.domain.examples import HK
from tests.escalation.policies import PAPER, in_force, recompute
from tests.inprocess import InProcess

CONTENT: dict[str, Any] = next(content for kind, _, content in shipped() if kind == "calendar")
YEAR_2028 = [{"date": "2028-01-03", "kind": "off", "name": "元旦", "source": PAPER, "status": "official"}]


@pytest.mark.parametrize("year", [2012, 2020, 2025, 2026])
def test_what_the_library_knows_is_what_the_papers_say(year: int) -> None:
    rebuilt = calendar_from(with_year(CONTENT, year_from_library(year, PAPER)), "T")
    days = [each for each in rebuilt.working_days if each.year == year]
    assert days == [each for each in HK.working_days if each.year == year]


def test_a_year_the_library_does_not_know_is_refused_and_not_guessed() -> None:
    """A11."""
    with pytest.raises(Invalid, match="不知道2031年"):
        year_from_library(2031, PAPER)


def test_a_sheet_replaces_the_days_of_its_years_and_layers_only() -> None:
    rows = read_year(
        "\ufeffdate,kind,name,layer\n2027-01-03,work,元旦,\n2027-04-09,off,三月三,province\n", PAPER
    )
    assert {(row["status"], row["source"]) for row in rows} == {("official", PAPER)}
    once = with_year(CONTENT, rows)
    assert [row["date"] for row in once["days"] if row["date"] > "2027"] == ["2027-01-03", "2027-04-09"]
    national = read_year("date,kind,name\n2027-01-01,off,元旦\n", PAPER)
    twice = with_year(once, national)
    assert [row["date"] for row in twice["days"] if row["date"] > "2027"] == ["2027-01-01", "2027-04-09"]
    assert [row for row in twice["days"] if row["date"] < "2027"] == [
        row for row in CONTENT["days"] if row["date"] < "2027"
    ]


def test_a_later_year_takes_the_calendar_further() -> None:
    longer = with_year(CONTENT, YEAR_2028)
    assert calendar_from(longer, "T").last_day == date(2028, 12, 31)


def test_a_column_nobody_knows_is_refused() -> None:
    with pytest.raises(Invalid, match="colour"):
        read_year("date,kind,colour\n2027-01-01,off,red\n", PAPER)


async def test_a_clerk_imports_previews_and_another_publishes_at_the_command_line(
    hotline: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = hotline.resources.settings.database_url
    assert address is not None
    monkeypatch.setenv("HOTLINE_DATABASE_URL", address.get_secret_value())
    sheet = tmp_path / "2027.csv"
    with sheet.open("w", newline="", encoding="gb18030") as file:
        writer = csv.writer(file)
        writer.writerow(("date", "kind", "name"))
        writer.writerows([("2027-01-01", "off", "元旦"), ("2027-01-03", "work", "元旦")])
    said = ["--version", "HK-2027.1", "--source", PAPER, "--by", "张三"]
    assert "2 days" in await told("import", str(sheet), *said)
    foreseen = await told("preview", "HK-2027.1")
    assert foreseen.startswith("未办结的时限0个:改期0个")
    *_, token = foreseen.split()
    refused = await told("publish", "HK-2027.1", "--preview", token, "--by", "张三", fails=True)
    assert "另一人" in refused
    assert "in force" in await told("publish", "HK-2027.1", "--preview", token, "--by", "李四")
    hotline.clock.time = SystemClock().now()  # the command line knows the real day
    await recompute(hotline)
    content = (await in_force(hotline, "calendars"))["content"]
    assert [row["date"] for row in content["days"] if row["date"] > "2027"] == ["2027-01-01", "2027-01-03"]
    out = tmp_path / "out.csv"
    await told("export", "--out", str(out))
    assert "2027-01-03,work" in out.read_text("utf-8-sig")


async def told(*arguments: str, fails: bool = False) -> str:
    said = ["calendar", *arguments]
    done = await asyncio.to_thread(lambda: CliRunner().invoke(app, said, prog_name="hotline"))
    assert bool(done.exit_code) is fails, done.output
    return done.output
