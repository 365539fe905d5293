"""Special areas come in as a sheet, whole or not at all, and the next ticket is routed by them."""

import asyncio
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from router.area_sheet import COLUMNS, lint_areas, read_areas, write_areas
from router.defaults import sheet
from router.domain.area import Area
from tests.command_line import app
from tests.inprocess import InProcess
from tests.router.test_assign import a_row, published

HEADER = ",".join(COLUMNS) + "\n"
SQUARE = "110.1 20.0;110.2 20.0;110.2 20.1;110.1 20.1"
CITY = ("460106001000", "460108101000")
PORT = Area("port", "港区", (), ((110.1, 20.0), (110.2, 20.0), (110.2, 20.1)), date(2019, 1, 1), None)


def faults(*lines: str, present: tuple[Area, ...] = ()) -> list[str]:
    found = lint_areas(read_areas(HEADER + "\n".join(lines) + "\n"), present, CITY)
    return [str(each) for each in found]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"port,港区,,{SQUARE},2026-01-01,", []),
        ("port,港区,460106,,2026-01-01,", []),
        (",港区,460106,,2026-01-01,", ["第2行 code: “”不合要求"]),
        ("port,,460106,,今天,", ["第2行 name: “”不合要求", "第2行 valid_from: “今天”不合要求"]),
        ("port,港区,4699,,2026-01-01,", ["第2行 divisions: 没有以4699开头的行政区划"]),
        ("port,港区,,,2026-01-01,", ["第2行 outline: 行政区划与边界至少填一项"]),
        ("port,港区,,110.1 20.0;110.2 20.0,2026-01-01,", ["第2行 outline: 边界至少3个点"]),
        (
            "port,港区,,20.0 110.1;20.1 110.2;20.2 110.1,2026-01-01,",
            ["第2行 outline: “20.0 110.1;20.1 110.2;20.2 110.1”不合要求"],
        ),
        ("port,港区,460106,,2026-01-01,2025-01-01", ["第2行 valid_to: 失效日期早于生效日期"]),
        ("port,港区,460106", ["第2行 : 列数与表头不符"]),
        ('port,"港区', ["第2行 : 不是有效的CSV:unexpected end of data"]),
    ],
)
def test_every_fault_has_its_line_and_column(line: str, says: list[str]) -> None:
    assert faults(line) == says


def test_two_validities_of_one_area_do_not_overlap_and_one_that_is_written_anew_may_end() -> None:
    overlap = ["第2行 valid_from: 与port的另一有效期重叠"]
    assert faults("port,港区,460106,,2026-01-01,", present=(PORT,)) == overlap
    ended = f"port,港区,,{SQUARE},2019-01-01,2025-12-31"
    assert faults(ended, "port,港区,460106,,2026-01-01,", present=(PORT,)) == []
    assert faults(ended, ended)[0].startswith("第3行 valid_from")


def test_another_header_is_one_fault() -> None:
    assert [str(each) for each in read_areas("code,name\n").faults] == [f"第1行 : 表头应为{HEADER.strip()}"]


def test_what_ships_comes_back_as_it_was() -> None:
    shipped = read_areas(sheet("areas").decode())
    assert (shipped.faults, len(shipped.areas)) == ((), 4)
    assert read_areas(write_areas(shipped.areas)).areas == shipped.areas


async def areas(*arguments: object) -> Result:
    """Run the command, in a thread, for it has an event loop of its own."""
    said = ["jurisdictions", "areas", *map(str, arguments)]
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, said, prog_name="hotline"))


async def test_an_area_that_is_moved_moves_the_next_ticket_and_no_faulty_sheet_does(
    hotline: InProcess, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database_url)
    file, by = tmp_path / "areas.csv", ("--by", "chen")
    client = await hotline.client()
    point = {"longitude": 110.14, "latitude": 20.05}
    asked = {"category": "020100", "division": "460105001000", **point}

    async def held() -> list[str]:
        ticket = await hotline.call(**asked)
        now = (await client.get(f"/v1/tickets/{ticket['id']}/jurisdiction")).json()["now"]
        return now["inputs"]["areas"].get("happened", [])  # type: ignore[no-any-return]

    assert await held() == ["xinhai-port"]
    file.write_text((await areas("export")).stdout, "utf-8")
    assert (await areas("import", file, *by)).stdout == "0 changed, 4 unchanged\n"
    file.write_text(f"{HEADER}xinhai-port,新海港区,,{SQUARE},2019-01-01,2019-12-31\nx,,,,,\n", "utf-8")
    refused = await areas("import", file, *by)
    assert (refused.exit_code, "第3行 name" in refused.stderr) == (1, True)
    assert await held() == ["xinhai-port"]
    file.write_text(f"{HEADER}xinhai-port,新海港区,,{SQUARE},2019-01-01,2019-12-31\n", "utf-8")
    assert (await areas("import", file, *by)).stdout == "1 changed, 0 unchanged\n"
    assert await held() == []
    changed = "SELECT code, changed_by FROM jurisdiction_areas WHERE changed_by IS NOT NULL"
    assert [tuple(row) for row in await hotline.rows(changed)] == [("xinhai-port", "cli:chen")]


async def test_an_area_that_would_set_the_published_table_at_odds_is_refused(
    hotline: InProcess, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Else the service would be out of order with the next look at it."""
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database_url)
    file, by = tmp_path / "areas.csv", ("--by", "chen")
    file.write_text(f"{HEADER}park,园区,460105100,,2019-01-01,\n", "utf-8")
    assert (await areas("import", file, *by)).exit_code == 0
    rows = (
        a_row("01", "justice", division="", area="park"),
        a_row("01", "commerce", division="", area="jiangdong"),
    )
    await published(hotline, "T-2", *rows)
    file.write_text(f"{HEADER}park,园区,460105100 460108101,,2019-01-01,\n", "utf-8")
    refused = await areas("import", file, *by)
    assert refused.exit_code == 1
    assert refused.stderr.startswith("第2行 divisions: 派单目录T-2第01-commerce条与第01-justice条")
    client = await hotline.client()
    assert (await client.get("/readyz")).status_code == 200
    # Once the other has ended on the day before, they never meet.
    ended = "jiangdong,江东新区,460108101 460108102 460108400,,2019-01-01,2026-12-31"
    file.write_text(f"{HEADER}{ended}\n", "utf-8")
    assert (await areas("import", file, *by)).exit_code == 0
    moved = "park,园区,460105100,,2019-01-01,2026-12-31\npark,园区,460108101,,2027-01-01,"
    file.write_text(f"{HEADER}{moved}\n", "utf-8")
    assert (await areas("import", file, *by)).exit_code == 0
