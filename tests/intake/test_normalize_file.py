"""`hotline normalize`: a file is read row by row into what each call would be, and nothing is stored."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from intake.domain.mapping import read_mapping
from intake.normalize_cli import written
from intake.source_file import read_lines
from schemas.errors import BadMapping
from tests.test_docs import ROOT

MAPPING = """
name = "office"
hotline = "12345"
format = "csv"
encoding = "{encoding}"
division_names = ["区", "街", "村"]

[fields]
source_number = {{paths = ["编号"]}}
text = {{paths = ["内容"]}}
address = {{paths = ["地址"]}}
longitude = {{paths = ["经度"]}}
latitude = {{paths = ["纬度"]}}
accepted_at = {{paths = ["受理"], dates = ["%Y-%m-%d %H:%M"]}}
dispatched_at = {{paths = ["派单"], dates = ["%Y-%m-%d %H:%M"]}}
"caller.name" = {{paths = ["姓名"]}}
"caller.phone" = {{paths = ["电话"]}}
"""

COLUMNS = ("编号", "内容", "地址", "区", "街", "村", "经度", "纬度", "受理", "派单", "姓名", "电话")
ROWS: list[dict[str, str]] = [
    {
        "编号": "A-1",
        "内容": "路灯不亮",
        "区": "龙华区",
        "街": "金贸街道办事处",
        "村": "undefined",
        "电话": "13876543210",
    },
    {"编号": "A-2", "内容": "井盖缺失", "经度": "20.0215", "纬度": "110.3312"},
    {"编号": "A-3", "内容": ""},
    {
        "编号": "A-4",
        "内容": "工单号20260305970123没有回音",
        "受理": "2026-03-05 08:00",
        "派单": "2026-03-05 07:00",
    },
    {"编号": "A-5", "内容": "噪声", "姓名": "匿名", "电话": "隐藏", "受理": "2150-01-01 08:00"},
]


def a_csv(path: Path, encoding: str, *more: str) -> Path:
    """Write the rows as an office would, in this encoding."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(ROWS)
    written = (out.getvalue() + "".join(more)).encode(encoding)
    path.write_bytes(gzip.compress(written) if path.suffix == ".gz" else written)
    return path


def normalize(folder: Path, file: Path, encoding: str, *options: str) -> subprocess.CompletedProcess[str]:
    mapping = folder / "office.toml"
    mapping.write_text(MAPPING.format(encoding=encoding), "utf-8")
    return hotline_normalize(file, "--mapping", mapping, *options)


def hotline_normalize(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a city without a service and a database would."""
    return python("services", "normalize", *arguments)


def python(module: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, "-m", module, *arguments]
    bare = {name: each for name, each in os.environ.items() if not name.startswith("HOTLINE_")}
    return subprocess.run(
        command, cwd=ROOT, env=bare, capture_output=True, text=True, encoding="utf-8", timeout=60
    )


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("name", "written", "declared"),
    [
        ("calls.csv", "gb18030", "gb18030"),
        ("calls.csv", "utf-8-sig", "utf-8-sig"),
        ("calls.csv.gz", "utf-8", "utf-8-sig"),
    ],
)
def test_every_row_has_its_line_in_order_whatever_the_encoding(
    tmp_path: Path, name: str, written: str, declared: str
) -> None:
    out = tmp_path / "out.ndjson"
    done = normalize(tmp_path, a_csv(tmp_path / name, written), declared, "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    lamp, cover, nothing, again, noise = rows_of(out)
    assert [each["line"] for each in (lamp, cover, nothing, again, noise)] == [2, 3, 4, 5, 6]
    assert (lamp["division"], lamp["district"], lamp["street"], lamp["village"]) == (
        "460106003000",
        "龙华区",
        "金贸街道",
        None,
    )
    assert (lamp["phone"], lamp["problems"], lamp["source_number"]) == ("+8613876543210", [], "A-1")
    assert {"field", "value", "source", "words", "certainty"} == set(lamp["evidence"][0])
    assert [each["code"] for each in cover["problems"]] == [
        "coordinates_swapped",
        "coordinate_system_unknown",
    ]
    assert (cover["division"], cover["district"]) == (None, None)
    assert again["follows"] == "20260305970123"
    assert [each["code"] for each in again["problems"]] == ["dispatched_before_created"]
    assert again["accepted_at"] == "2026-03-05T08:00:00+08:00"
    assert (noise["phone"], noise["anonymous"], noise["accepted_at"]) == (None, True, None)
    assert [each["code"] for each in noise["problems"]] == ["in_the_future"]


def test_a_row_that_is_no_call_keeps_its_line_and_says_why(tmp_path: Path) -> None:
    out = tmp_path / "out.ndjson"
    file = a_csv(tmp_path / "calls.csv", "utf-8", "A-6,太少的格子\n", "A-7,末行,,,,,,,,,,\n")
    done = normalize(tmp_path, file, "utf-8-sig", "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    found = rows_of(out)
    assert [(each["line"], each["refused"]) for each in found if each["refused"]] == [(4, True), (7, True)]
    assert [each["problems"][0]["code"] for each in found if each["refused"]] == ["invalid", "unreadable"]
    assert found[2]["problems"][0]["field"] == "text"
    assert {*found[0]} == {*found[2]}
    assert found[-1]["source_number"] == "A-7"


def test_the_summary_reconciles_with_the_lines(tmp_path: Path) -> None:
    out = tmp_path / "out.ndjson"
    done = normalize(tmp_path, a_csv(tmp_path / "c.csv", "utf-8"), "utf-8", "--out", str(out), "--json")
    summary = json.loads(done.stdout)
    assert (summary["rows"], summary["no_call"], summary["district"], summary["street"]) == (5, 1, 1, 1)
    assert summary["problems"]["dispatched_before_created"] == 1
    assert sum(summary["problems"].values()) == sum(len(each["problems"]) for each in rows_of(out))


def test_lines_go_to_standard_output_and_the_table_does_not_mix_with_them(tmp_path: Path) -> None:
    done = normalize(tmp_path, a_csv(tmp_path / "calls.csv", "utf-8"), "utf-8", "--out", "-")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["line"] for line in done.stdout.splitlines()] == [2, 3, 4, 5, 6]
    assert "dispatched before created" in done.stderr


def test_half_a_character_in_ndjson_is_written_as_json_can_be(tmp_path: Path) -> None:
    file, out = tmp_path / "calls.ndjson", tmp_path / "out.ndjson"
    file.write_text('{"内容": "坏\\ud83d字", "姓名": "王\\ud800女士", "电话": "\\udcff"}\n', "utf-8")
    mapping = tmp_path / "plain.toml"
    plain = MAPPING.format(encoding="utf-8").replace('format = "csv"', 'format = "ndjson"')
    mapping.write_text(plain, "utf-8")
    done = hotline_normalize(file, "--mapping", mapping, "--out", out)
    assert done.returncode == 0, done.stderr
    assert [each["line"] for each in rows_of(out)] == [1]


def test_the_file_that_is_read_is_never_written_over(tmp_path: Path) -> None:
    file = a_csv(tmp_path / "calls.csv", "utf-8")
    before = file.read_bytes()
    done = normalize(tmp_path, file, "utf-8", "--out", str(file))
    assert (done.returncode, "OUT is the FILE" in done.stderr) == (2, True)
    assert file.read_bytes() == before


def test_what_was_written_before_stays_until_all_is_read(tmp_path: Path) -> None:
    out = tmp_path / "out.ndjson"
    out.write_text("earlier\n")
    file = tmp_path / "calls.csv"
    with suppress(KeyboardInterrupt), written(out) as stream:
        stream.write(b"half\n")
        raise KeyboardInterrupt
    assert (out.read_text(), [*tmp_path.iterdir()]) == ("earlier\n", [out])
    assert normalize(tmp_path, a_csv(file, "utf-8"), "utf-8", "--out", str(out)).returncode == 0
    assert [each["line"] for each in rows_of(out)] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("begins", "told"),
    [
        (b"PK\x03\x04xl/workbook.xml", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "spreadsheet"),
        (gzip.compress("内容\n路灯\n".encode(), mtime=0), "gzip"),
        ("内容;地址\n路灯;龙华区\n".encode(), "no column 内容; it has 内容;地址."),
        (b"", "it has nothing."),
    ],
)
def test_a_file_of_another_kind_is_told_for_what_it_is(tmp_path: Path, begins: bytes, told: str) -> None:
    declared = {"name": "a", "hotline": "12345", "format": "csv", "fields": {"text": {"paths": ["内容"]}}}
    file = tmp_path / "calls.csv"
    file.write_bytes(begins)
    with pytest.raises(BadMapping, match=told):
        list(read_lines(file, read_mapping(declared)))


def test_a_mapping_nobody_knows_is_said_in_one_line(tmp_path: Path) -> None:
    file = a_csv(tmp_path / "calls.csv", "utf-8")
    done = hotline_normalize(file, "--mapping", "no_such", "--out", "-")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


def test_the_measurement_says_plainly_that_it_has_no_data() -> None:
    done = python("bench.normalize", "no-such-file.csv.gz")
    assert (done.returncode, done.stderr) == (0, "")
    assert "No data" in done.stdout


def test_the_measurement_has_figures_for_every_setting(tmp_path: Path) -> None:
    columns = (
        "工单编号,诉求类型,行业分类1级,行业分类2级,行业分类3级,行业分类4级,工单标题,诉求内容,工单发起时间,派件时间,"
        "工单状态,处置单位,横坐标,纵坐标,诉求地址,诉求区域,辖区,镇街,村居"
    )
    row = (
        "A-1,投诉类,,,,,路灯不亮,路灯不亮,2026/3/5 8:00:00,2026/3/5 7:00:00,工单归档,,20.02,110.33,"
        "龙华区,全市,龙华区,金贸街道办事处,"
    )
    file = tmp_path / "forms.csv"
    file.write_text(f"{columns}\n{row}\n", "utf-8")
    done = python("bench.normalize", file, "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    as_they_are, blanked, nothing = figures["settings"]
    assert as_they_are["levels"]["street"] == {"known": 1, "said": 1, "right": 1}
    assert blanked["levels"]["district"] == {"known": 1, "said": 1, "right": 1}
    assert nothing["levels"]["district"]["said"] == 0
    handled = {each["name"]: (each["rows"], each["handled"]) for each in figures["traps"]}
    assert handled["axes swapped"] == handled["dispatched before created"] == (1, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_is_read_in_the_encoding_it_proves_to_be_in(tmp_path: Path, encoding: str) -> None:
    declared = {"name": "a", "hotline": "12345", "format": "csv", "fields": {"text": {"paths": ["内容"]}}}
    file = tmp_path / "calls.csv"
    file.write_bytes("内容\n龙华区路灯不亮\n".encode(encoding))
    (line,) = read_lines(file, read_mapping(declared))
    assert (line.record, line.fault) == ({"内容": "龙华区路灯不亮"}, None)
