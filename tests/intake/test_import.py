"""A file of calls becomes tickets; counts reconcile whatever is wrong, and whenever it is killed."""

import asyncio
import csv
import gzip
import io
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from intake.domain.mapping import Mapping, read_mapping
from intake.import_calls import BATCH, Counts, Import, import_calls
from schemas.errors import BadMapping
from tests.inprocess import InProcess
from tests.journeys.processes import COMMAND, environment, run

NOISE = {"number": "A-1", "text": "工地夜间施工", "sort": "噪声", "at": "2025-03-01 08:00:00", "ended": "是"}

MAPPING = """
name = "test"
hotline = "12345"
format = "csv"

[fields]
source_number = {paths = ["number"]}
text = {paths = ["text"]}
category = {paths = ["sort"], table = "sorts"}
accepted_at = {paths = ["at"], dates = ["%Y-%m-%d %H:%M:%S"]}
status = {paths = ["ended"], table = "ends"}

[tables]
sorts = {"噪声" = "020100"}
ends = {"是" = "closed"}
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING, "utf-8")
    return path


def a_file(path: Path, *records: dict[str, str]) -> Path:
    """Write a CSV file, as an office would."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(NOISE))
    writer.writeheader()
    writer.writerows(records)
    written = out.getvalue().encode("utf-8-sig")
    path.write_bytes(gzip.compress(written) if path.suffix == ".gz" else written)
    return path


def many(count: int) -> list[dict[str, str]]:
    return [{**NOISE, "number": f"A-{index}"} for index in range(count)]


def declared(**changes: Any) -> Mapping:
    return read_mapping({**tomllib.loads(MAPPING), **changes})


async def imported(hotline: InProcess, file: Path, *, historical: bool = False, **changes: Any) -> Counts:
    counts, _ = await import_calls(Import(file, declared(**changes), historical), hotline.resources)
    return counts


async def test_every_record_becomes_a_ticket_with_its_raw_form(hotline: InProcess, tmp_path: Path) -> None:
    counts = await imported(hotline, a_file(tmp_path / "calls.csv.gz", *many(3)))
    assert counts == Counts(read=3, registered=3)
    kept = await hotline.rows("SELECT raw FROM source_calls ORDER BY id")
    assert [json.loads(row.raw)["number"] for row in kept] == ["A-0", "A-1", "A-2"]
    await hotline.drain()
    states = await hotline.rows("SELECT DISTINCT status, due_at IS NOT NULL AS due FROM tickets")
    assert [(row.status, row.due) for row in states] == [("assigned", True)]


async def test_a_source_number_seen_before_is_merged_in_one_batch_and_across(
    hotline: InProcess, tmp_path: Path
) -> None:
    await imported(hotline, a_file(tmp_path / "one.csv", *many(2)))
    twice = a_file(tmp_path / "two.csv", *many(3), {**NOISE, "number": "A-2"})
    assert await imported(hotline, twice) == Counts(read=4, registered=1, merged=3)
    assert (await hotline.rows("SELECT count(*) AS n FROM tickets"))[0].n == 3
    assert (await hotline.rows("SELECT count(*) AS n FROM source_calls"))[0].n == 6


async def test_what_is_no_call_is_set_apart_with_line_and_reason_and_stops_nothing(
    hotline: InProcess, tmp_path: Path
) -> None:
    file = tmp_path / "calls.csv"
    lines = [
        b"number,text,sort,at,ended",
        "A-1,好,,,".encode(),
        b"A-2,,,,",
        b"A-3,too,many,cells,in,this",
        b"A-4,\xff\xfe,,,",
        b"A-5,too few",
        '"A-6","两\n行",,,'.encode(),
        "A-7,末,,,".encode(),
    ]
    file.write_bytes(b"\n".join(lines) + b"\n")
    counts = await imported(hotline, file)
    assert counts == Counts(read=7, registered=3, rejected=4)
    rejects = await hotline.rows("SELECT line, code, reason FROM import_rejects ORDER BY line")
    assert [(row.line, row.code) for row in rejects] == [
        (3, "invalid"),
        (4, "unreadable"),
        (5, "unreadable"),
        (6, "unreadable"),
    ]
    assert all(row.reason for row in rejects)


async def test_lines_of_ndjson_are_judged_one_by_one(hotline: InProcess, tmp_path: Path) -> None:
    file = tmp_path / "calls.ndjson"
    good = json.dumps({"number": "A-1", "text": "好"})
    file.write_text(f"{good}\n\n[1]\n{{broken\n" + "[" * 100_000 + "\n", "utf-8")
    counts = await imported(hotline, file, format="ndjson")
    assert counts == Counts(read=4, registered=1, rejected=3)


async def test_a_file_in_gb18030_is_read_as_its_mapping_says(hotline: InProcess, tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_bytes("number,text,sort,at,ended\nA-1,海秀镇噪声,噪声,,\n".encode("gb18030"))
    assert await imported(hotline, file, encoding="gb18030") == Counts(read=1, registered=1)
    assert (await hotline.rows("SELECT text FROM tickets"))[0].text == "海秀镇噪声"


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"number,text\nA-1,x\n", "calls.csv", "no column"),
        (b"not gzip", "calls.csv.gz", "gzip"),
        (gzip.compress(b"number,text,sort,at,ended\n" * 5000)[:-20], "calls.csv.gz", "gzip"),
    ],
)
async def test_a_file_the_mapping_cannot_read_is_refused_whole(
    hotline: InProcess, tmp_path: Path, content: bytes, name: str, says: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(BadMapping, match=says):
        await imported(hotline, file)


async def test_calls_of_the_past_keep_their_times_and_wake_nobody(hotline: InProcess, tmp_path: Path) -> None:
    admin = await hotline.client("admin")
    endpoint = {"department": "ecology-environment", "url": "http://127.0.0.1:9/hook"}
    assert (await admin.post("/v1/webhooks/endpoints", json=endpoint)).status_code == 201
    file = a_file(tmp_path / "calls.csv", *many(2), {**NOISE, "number": "A-9", "ended": "否"})
    assert await imported(hotline, file, historical=True) == Counts(read=3, registered=3)
    await hotline.advance(hotline.clock.now())
    rows = await hotline.rows("SELECT accepted_at, status, historical FROM tickets ORDER BY status")
    assert {row.accepted_at.isoformat() for row in rows} == {"2025-03-01T00:00:00+00:00"}
    assert [row.status for row in rows] == ["assigned", "closed", "closed"]
    assert await hotline.rows("SELECT * FROM escalations") == []
    assert await hotline.rows("SELECT * FROM webhook_deliveries") == []


async def test_an_import_that_dies_goes_on_where_it_was(hotline: InProcess, tmp_path: Path) -> None:
    file = a_file(tmp_path / "calls.csv", *many(3 * BATCH))

    def die_after_one(counts: Counts) -> None:
        if counts.read == BATCH:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await import_calls(Import(file, declared()), hotline.resources, die_after_one)
    assert (await hotline.rows("SELECT count(*) AS n FROM tickets"))[0].n == BATCH
    assert await imported(hotline, file) == Counts(read=3 * BATCH, registered=3 * BATCH)
    assert await imported(hotline, file) == Counts(read=3 * BATCH, registered=3 * BATCH)
    assert (await hotline.rows("SELECT count(*) AS n FROM source_calls"))[0].n == 3 * BATCH


async def test_the_command_killed_in_the_middle_ends_in_the_same_state(
    hotline: InProcess, tmp_path: Path, mapping: Path, database_url: str
) -> None:
    file = a_file(tmp_path / "calls.csv", *many(20 * BATCH))
    arguments = ["import", str(file), "--mapping", str(mapping), "--json"]
    env = {"HOTLINE_DATABASE_URL": database_url}
    child = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, env=environment(env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while child.returncode is None and not await hotline.rows("SELECT 1 FROM imports WHERE read > 0"):
        pass
    child.kill()
    await child.wait()
    halfway = (await hotline.rows("SELECT read, finished_at FROM imports"))[0]
    assert 0 < halfway.read < 20 * BATCH
    assert halfway.finished_at is None
    counts = json.loads(run(arguments, env))
    total = 20 * BATCH
    assert counts == {"read": total, "registered": total, "merged": 0, "rejected": 0}
    distinct = "SELECT count(*) AS n, count(DISTINCT source_number) AS sources FROM tickets"
    assert tuple((await hotline.rows(distinct))[0]) == (total, total)


def test_rejects_are_written_to_a_file_and_the_counts_reconcile(
    tmp_path: Path, mapping: Path, database_url: str
) -> None:
    file = a_file(tmp_path / "calls.csv", *many(2), {**NOISE, "number": "A-7", "text": ""})
    rejects = tmp_path / "rejects.ndjson"
    arguments = ["import", str(file), "--mapping", str(mapping), "--rejects", str(rejects), "--json"]
    counts = json.loads(run(arguments, {"HOTLINE_DATABASE_URL": database_url}))
    assert counts == {"read": 3, "registered": 2, "merged": 0, "rejected": 1}
    (reject,) = map(json.loads, rejects.read_text("utf-8").splitlines())
    assert (reject["line"], reject["code"], reject["record"]["number"]) == (4, "invalid", "A-7")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nowhere.csv", "--mapping", "haikou_2018"], 2),
        (["FILE", "--mapping", "no_such_mapping"], 1),
        (["FILE"], 2),
    ],
)
def test_a_command_that_cannot_work_says_why_without_a_traceback(
    tmp_path: Path, database_url: str, arguments: list[str], code: int
) -> None:
    file = a_file(tmp_path / "calls.csv", NOISE)
    given = [str(file) if each == "FILE" else each for each in arguments]
    done = subprocess.run(
        [sys.executable, "-m", "services", "import", *given],
        env=environment({"HOTLINE_DATABASE_URL": database_url}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == code
    assert done.stderr
    assert "Traceback" not in done.stderr
