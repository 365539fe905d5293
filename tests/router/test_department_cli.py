"""`hotline departments`: the tree as a sheet, in and out, with every fault and its line."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.command_line import app
from tests.inprocess import InProcess

HEADER = "code,name,level,division,parent,credit_code,enterprise,aliases,valid_from,valid_to\n"
GOOD = HEADER + "unit-one,单位一,city,460100000000,,,,某某办 某办,2026-01-01,\n"
BAD = HEADER + (
    "unit-one,单位一,city,460100000000,,,,,2026-01-01,\n"
    "unit-one,单位二,city,460100000000,,,,,2026-01-01,\n"
    "unit-three,单位三,village,460106002000,,,maybe,,2026-01-01,\n"
    "unit-four,单位四,village,460106002000,,,,,2026-01-01,\n"
    "unit-five,单位五,city,460100000000\n"
)


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database_url)


async def departments(*arguments: object) -> Result:
    """Run the command, in a thread, for it has an event loop of its own."""
    said = ["departments", *map(str, arguments)]
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, said, prog_name="hotline"))


async def test_a_sheet_that_was_handed_out_comes_back_without_a_change(tmp_path: Path) -> None:
    sheet = tmp_path / "departments.csv"
    assert (await departments("export", "--out", sheet)).exit_code == 0
    assert (await departments("lint", sheet)).stdout == "140 departments, 0 faults\n"
    assert (await departments("import", sheet)).stdout == "0 created, 0 changed, 140 unchanged\n"
    assert (await departments("export")).stdout == sheet.read_text("utf-8")


async def test_a_sheet_of_a_spreadsheet_program_is_read(tmp_path: Path, hotline: InProcess) -> None:
    sheet = tmp_path / "new.csv"
    sheet.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert (await departments("import", sheet)).stdout == "1 created, 0 changed, 0 unchanged\n"
    (row,) = await hotline.rows("SELECT aliases FROM departments WHERE code = 'unit-one'")
    assert row.aliases == ["某某办", "某办"]


async def test_a_faulty_sheet_brings_nothing_and_says_each_line(tmp_path: Path, hotline: InProcess) -> None:
    sheet = tmp_path / "bad.csv"
    sheet.write_text(BAD, "utf-8")
    for command in ("lint", "import"):
        said = await departments(command, sheet)
        assert said.exit_code == 1
        assert said.stderr.splitlines() == [
            "第3行 code: 编码unit-one已在第2行出现",
            "第4行 enterprise: 应为true、false或空",
            "第5行 level: 层级village与行政区划460106002000不符",
            "第6行 : 列数与表头不符",
        ]
    assert await hotline.rows("SELECT * FROM departments WHERE code LIKE 'unit-%'") == []


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("code,name\n", "第1行 level: 表头缺少此列或不认识此列"),
        (HEADER.replace("aliases", "nickname"), "第1行 nickname: 表头缺少此列或不认识此列"),
        ("", "第1行 code: 表头缺少此列或不认识此列"),
    ],
)
async def test_a_sheet_with_other_columns_is_refused(tmp_path: Path, content: str, fault: str) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(content, "utf-8")
    said = await departments("lint", sheet)
    assert (said.exit_code, said.stderr.strip()) == (1, fault)
