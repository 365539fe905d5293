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


def damaged(content: bytes) -> bytes:
    """Return a gzip file in whose middle a disk has lost a few bytes."""
    whole = bytearray(gzip.compress(content))
    whole[20:24] = b"\xff" * 4
    return bytes(whole)


def some_lines(path: Path, *records: dict[str, Any]) -> Path:
    """Write NDJSON, whatever is in it, by its escapes."""
    path.write_text("".join(json.dumps(each) + "\n" for each in records), "ascii")
    return path


def of_the_past(**record: Any) -> dict[str, Any]:
    return {"number": "A-1", "text": "路灯不亮", "at": "2025-03-01 08:00:00", **record}


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
        (damaged(b"number,text,sort,at,ended\n" * 5000), "calls.csv.gz", "gzip"),
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
    assert [row.status for row in rows] == ["archived", "archived", "assigned"]
    assert await hotline.rows("SELECT * FROM escalations") == []
    assert await hotline.rows("SELECT * FROM webhook_deliveries") == []
    assert await hotline.rows("SELECT * FROM department_feed") == []


PAST = {
    "source_number": {"paths": ["number"]},
    "text": {"paths": ["text"]},
    "accepted_at": {"paths": ["at"]},
    "ended_at": {"paths": ["until"]},
    "status": {"default": "assigned"},
}
OF_THE_PAST: dict[str, Any] = {"format": "ndjson", "fields": PAST, "historical": True}


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("2026-11-24 08:00:00", "在将来"),
        ("2006-12-31 23:59:59", "2007-01-01"),
        ("1899-12-30", "不合理"),
        ("0001-01-01", "不合理"),
        ("0001-01-01T00:00:00+14:00", "不合理"),
        ("9999-12-31T23:59:59-14:00", "在将来"),
        ("昨天", "无法识别"),
        ("2025-02-30", "无法识别"),
        ("5/3/2025", "无法识别"),
        ("", "does not say"),
        (None, "does not say"),
    ],
)
async def test_a_call_of_the_past_without_a_time_that_can_be_is_rejected_and_opens_no_clock(
    hotline: InProcess, tmp_path: Path, at: str | None, says: str
) -> None:
    file = some_lines(tmp_path / "calls.ndjson", of_the_past(at=at), of_the_past(number="A-2"))
    assert await imported(hotline, file, **OF_THE_PAST) == Counts(read=2, registered=1, rejected=1)
    (reject,) = await hotline.rows("SELECT * FROM import_rejects")
    assert (reject.line, reject.code, says in reject.reason) == (1, "invalid", True), reject.reason
    await hotline.drain()
    assert await hotline.rows("SELECT * FROM dead_letters") == []


async def test_a_date_in_none_of_the_declared_forms_is_rejected_too(
    hotline: InProcess, tmp_path: Path
) -> None:
    file = a_file(tmp_path / "calls.csv", {**NOISE, "at": "0001-01-01 00:00:00"}, {**NOISE, "at": "昨天"})
    assert await imported(hotline, file, historical=True) == Counts(read=2, rejected=2)


async def test_a_call_that_ended_before_it_came_is_kept_and_pointed_out(
    hotline: InProcess, tmp_path: Path
) -> None:
    before = of_the_past(until="2025-02-28 08:00:00")
    to_come = of_the_past(number="A-2", until="2027-01-01 08:00:00")
    file = some_lines(tmp_path / "calls.ndjson", before, to_come)
    assert await imported(hotline, file, **OF_THE_PAST) == Counts(read=2, registered=2)
    calls = await hotline.rows("SELECT evidence FROM source_calls ORDER BY id")
    assert [[each["code"] for each in call.evidence["problems"]] for call in calls] == [
        ["ended_before_created"],
        ["in_the_future"],
    ]


async def test_a_call_of_now_needs_no_time_of_its_own(hotline: InProcess, tmp_path: Path) -> None:
    file = some_lines(tmp_path / "calls.ndjson", of_the_past(at="昨天"), of_the_past(number="A-2", at=None))
    wanted = {**OF_THE_PAST, "historical": False}
    assert await imported(hotline, file, **wanted) == Counts(read=2, registered=2)


@pytest.mark.parametrize(("at", "counted"), [("2018-05-01", "12320"), ("2025-05-01", "12356")])
async def test_a_number_counts_under_the_line_it_was_on_the_calls_own_day(
    hotline: InProcess, tmp_path: Path, at: str, counted: str
) -> None:
    file = some_lines(tmp_path / "calls.ndjson", of_the_past(at=at))
    wanted = Import(
        file, declared(format="ndjson", fields=PAST).model_copy(update={"hotline": "12356"}), True
    )
    assert (await import_calls(wanted, hotline.resources))[0] == Counts(read=1, registered=1)
    assert [each.hotline for each in await hotline.rows("SELECT hotline FROM tickets")] == [counted]


ODD: list[Any] = [
    "\ud800",
    "\x00",
    "",
    [],
    {},
    ["\udfff", {"a": None}],
    True,
    10**400,
    float("nan"),
    float("inf"),
    "9" * 400,
    "1e999",
    "\u202e\ufeff",
    "0001-01-01",
    "9999-12-31 24:00:00",
    -1,
]


@pytest.mark.parametrize("historical", [False, True])
async def test_one_bad_record_never_stops_an_import(
    hotline: InProcess, tmp_path: Path, historical: bool
) -> None:
    read = ("title", "category", "division", "address", "longitude", "latitude", "occurred_at", "follows")
    callers = ("name", "phone", "type", "id_number", "credit_code", "proxy.name", "proxy.phone", "anonymous")
    fields: dict[str, Any] = {**PAST, "status": {"paths": ["status"]}, "live": {"paths": ["live"]}}
    fields |= {name: {"paths": [name]} for name in (*read, "kind", "urgency", "coordinate_system")}
    fields |= {f"caller.{name}": {"paths": [f"caller_{name.replace('.', '_')}"]} for name in callers}
    fields |= {"attachments": {"paths": ["files"], "each": {"url": {"paths": ["url"]}}}}
    names = {path for each in fields.values() for path in each["paths"]}
    odd = [
        of_the_past(**{"number": f"{name}-{place}", name: value})
        for name in sorted({*names, "unmapped", "district"})
        for place, value in enumerate(ODD)
    ]
    good = of_the_past(number="good", at="2025-03-01")
    file = some_lines(tmp_path / "calls.ndjson", *odd, good)
    changes = {"fields": fields, "format": "ndjson", "division_names": ["district"]}
    counts = await imported(hotline, file, historical=historical, **changes)
    assert counts.read == len(odd) + 1 == counts.registered + counts.merged + counts.rejected
    assert len(await hotline.rows("SELECT * FROM tickets WHERE source_number = 'good'")) == 1
    rejects = await hotline.rows("SELECT record FROM import_rejects")
    assert len(rejects) == counts.rejected > 0


def test_a_reject_no_encoding_holds_is_written_with_its_escapes(
    tmp_path: Path, mapping: Path, database_url: str
) -> None:
    file = some_lines(tmp_path / "calls.ndjson", of_the_past(note="\ud800"))
    mapping.write_text(MAPPING.replace('"csv"', '"ndjson"'), "utf-8")
    rejects = tmp_path / "rejects.ndjson"
    arguments = ["import", str(file), "--mapping", str(mapping), "--rejects", str(rejects), "--json"]
    counts = json.loads(run(arguments, {"HOTLINE_DATABASE_URL": database_url}))
    assert counts == {"read": 1, "registered": 0, "merged": 0, "rejected": 1}
    assert json.loads(rejects.read_text("utf-8"))["record"]["note"] == "\ud800"


@pytest.mark.parametrize("form", ["json", "xml", "form"])
async def test_a_mapping_that_reads_no_files_is_refused_and_says_which_do(
    hotline: InProcess, tmp_path: Path, form: str
) -> None:
    file = some_lines(tmp_path / "calls.ndjson", of_the_past())
    with pytest.raises(BadMapping, match=f"reads {form}; a file of calls is csv or ndjson"):
        await imported(hotline, file, format=form)


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


def test_a_file_that_is_imported_already_is_said_to_be(
    tmp_path: Path, mapping: Path, database_url: str
) -> None:
    file = a_file(tmp_path / "calls.csv", *many(2))
    command = [*COMMAND, "import", str(file), "--mapping", str(mapping)]
    env = environment({"HOTLINE_DATABASE_URL": database_url})
    said = [
        subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=True)
        for _ in range(2)
    ]
    assert said[0].stdout == said[1].stdout == "2 read, 2 registered, 0 merged, 0 rejected\n"
    assert ["already imported" in each.stderr for each in said] == [False, True]


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
