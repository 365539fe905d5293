"""The documents say what is so: their links, their settings, and every command and answer they print."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from intake.cli import read_mapping_file
from intake.import_calls import Import, import_calls
from services.cli.manual import settings_table
from services.clock import RehearsalClock
from tests.conftest import MONDAY
from tests.inprocess import InProcess
from tests.journeys.processes import environment, start

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")
EXAMPLES = ROOT / "docs" / "examples"
DECISIONS = ROOT / "docs" / "adr"
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("*/reference/README.md"),
    *ROOT.glob("bench/*.md"),
]
PACKAGES = ("services", "intake", "router", "escalation")
PRODUCT = [ROOT / "hotline", *(path for each in PACKAGES for path in ROOT.glob(f"{each}/**/*.py"))]

START = "./hotline up      #"
ADDRESS = "http://127.0.0.1:8000"
WATCHED = """
set -eu -o pipefail
curl() {
  command curl --max-time 30 -o answer -w '%{method} %{url_effective} %{http_code}' "$@" >asked
  printf '%s\\t%s\\n' "$(cat asked)" "$(cat answer)" >>answers
  cat answer
}
"""
ALWAYS_0 = ("unaccounted", "lost", "without_reason", "dead_letters")
PAUSE = """
until [ "$(./hotline pg psql -- -Atc 'SELECT count(*) FROM outbox WHERE published_at IS NULL')" = 0 ]; do
  sleep 0.1
done
"""
"""After a file a reader pauses until it has gone all the way; the test's bound is the script's."""
DIFFERS_EACH_TIME = ("id", "ticket")

STATUSES = [
    ("POST /v1/tickets", 201),
    ("GET /v1/jurisdictions/explain", 200),
    ("GET /v1/tickets/ID/deadlines", 200),
    ("POST /v1/deadlines/calculate", 200),
    ("POST /v1/tickets/ID/sign", 200),
    ("POST /v1/tickets/ID/contact", 200),
    ("POST /v1/tickets/ID/resolve", 200),
    ("POST /v1/tickets/ID/close", 200),
    ("GET /v1/tickets/ID/history", 200),
    ("POST /v1/calls/12315", 201),
    ("POST /v1/preview", 200),
    ("POST /v1/tickets", 201),
    ("POST /v1/tickets", 200),
    ("POST /v1/tickets", 201),
    ("GET /v1/triage", 200),
    ("POST /v1/triage/ID/claim", 200),
    ("GET /v1/triage/ID", 200),
    ("POST /v1/tickets/ID/assign", 200),
    ("GET /v1/tickets/ID/jurisdiction", 200),
    ("POST /v1/tickets", 422),
    ("GET /v1/supervision/summary", 200),
    ("GET /v1/supervision/overdue", 200),
]


def blocks(document: str) -> list[tuple[str, str]]:
    """Every fenced block of a document: its language and what it holds."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", document, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
    missing = [each for each in links if "://" not in each and not (document.parent / each).exists()]
    assert missing == []


def test_the_settings_of_the_manual_are_those_of_the_program() -> None:
    between = re.search(r"<!-- settings:.*?-->\n(.*)<!-- end of settings -->", OPERATIONS, re.DOTALL)
    assert between is not None
    assert between[1] == settings_table()


def test_every_decision_is_listed_by_its_title() -> None:
    listed = re.findall(r"\[(.+)\]\((\d{4}-.+\.md)\)", (DECISIONS / "README.md").read_text("utf-8"))
    titles = {path.name: path.read_text("utf-8").splitlines()[0] for path in DECISIONS.glob("0*.md")}
    assert {name: title for title, name in listed} == {
        name: re.sub(r"^# \d+\. ", "", title) for name, title in titles.items()
    }


def test_every_package_is_in_the_map_of_folders() -> None:
    mapped = re.findall(r"^\| \[(\w+)/\]", README, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(mapped) == sorted([*packages, "tests", "bench", "docs"])


def test_every_word_of_the_glossary_is_in_the_code_or_said_to_be_not_built_yet() -> None:
    rows = re.findall(r"^\| ([a-z][^|]*) \| [^|]+ \| (.+) \|$", GLOSSARY, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    paths = [path for package in packages for path in ROOT.glob(f"{package}/**/*.py")]
    code = " ".join(path.read_text("utf-8") for path in paths).lower().replace("_", " ")
    words = [(word, meaning) for both, meaning in rows for word in both.replace(" card", "").split(", ")]
    missing = [each for each in words if not re.search(rf"\b{each[0]}(s|d|ed)?\b", code)]
    assert len(words) > 30
    assert [word for word, meaning in missing if "*not built yet*" not in meaning] == []


def test_what_the_manual_says_may_be_seen_is_what_the_program_says() -> None:
    said = " ".join(path.read_text("utf-8") for path in PRODUCT)
    trouble = OPERATIONS.partition("## When something is wrong")[2]
    seen = re.findall(r"^\| `([^`…]+?) ?(?:…[^`]*)?`", trouble, re.MULTILINE)
    assert len(seen) > 5
    assert [each for each in seen if each not in said] == []


def test_every_route_a_document_names_is_in_the_api(hotline: InProcess) -> None:
    named = {
        each
        for document in DOCUMENTS
        for each in re.findall(r"\b(?:GET|POST|PUT|PATCH|DELETE) /[\w/{}-]+", document.read_text("utf-8"))
    }
    routes = [
        re.compile(f"{method.upper()} {re.sub(r'{[^}]+}', '[^/]+', path)}")
        for path, methods in hotline.app.openapi()["paths"].items()
        for method in methods
    ]
    assert "GET /readyz" in named
    assert [each for each in sorted(named) if not any(route.fullmatch(each) for route in routes)] == []


@dataclass
class Reader:
    """Somebody who types what a document says into a shell, beside a service that has just been started."""

    folder: Path
    address: str

    def types(self, script: str) -> str:
        """Run a script; return what it printed."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            ["bash", "-c", WATCHED + script.replace(ADDRESS, self.address)],
            cwd=self.folder,
            env=environment({"PATH": path}),
            capture_output=True,
            text=True,
            timeout=400,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def answers(self) -> list[tuple[str, int, Any]]:
        """Each request the script made, by method and path, with its status and answer."""
        found = []
        for line in (self.folder / "answers").read_text("utf-8").splitlines():
            asked, body = line.split("\t", 1)
            method, url, status = asked.split()
            path = re.sub(r"/HK\d+", "/ID", url.removeprefix(self.address).partition("?")[0])
            found.append((f"{method} {path}", int(status), json.loads(body)))
        return found


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """It is nine o'clock on the Monday of the README, and stays so."""
    folder = tmp_path_factory.mktemp("reader")
    for name in ("hotline", "docs"):
        (folder / name).symlink_to(ROOT / name)
    data = folder / "var"
    data.mkdir()
    RehearsalClock(data / "clock.json").set(MONDAY, speed=0)
    process = start(["up", "--rehearsal", "--port", "0", "--data", str(data)], {}, folder / "up.log")
    try:
        yield Reader(folder, process.url)
    finally:
        process.stop()


def test_the_readme_works_as_printed_and_in_order_and_shows_what_comes(reader: Reader) -> None:
    walk = [block for block in blocks(README) if not block[1].startswith(START)]
    script = "".join(
        said + (PAUSE if "./hotline import" in said else "") for language, said in walk if language == "sh"
    )
    assert ADDRESS in script

    printed = reader.types(script)

    answers = reader.answers()
    assert [(asked, status) for asked, status, _ in answers] == STATUSES
    shown = 0
    sent = 0
    for language, said in walk:
        sent += len(re.findall(r"\bcurl ", said)) if language == "sh" else 0
        if language == "json":
            shown += 1
            expected, came = json.loads(said), answers[sent - 1][2]
            assert steady(expected) == steady(part(came, expected))
    assert shown == 4
    counts = next(said for language, said in walk if language == "text")
    assert counts in printed


def part(came: Any, expected: Any) -> Any:
    """What came, cut down to the members that are expected."""
    if isinstance(expected, dict):
        return {name: part(came[name], each) for name, each in expected.items() if name in came}
    if isinstance(expected, list):
        return [part(each, like) for each, like in zip(came, expected, strict=True)]
    return came


def steady(value: Any) -> Any:
    """A value without what is different each time: numbers drawn."""
    if isinstance(value, dict):
        return {name: ... if name in DIFFERS_EACH_TIME else steady(each) for name, each in value.items()}
    if isinstance(value, list):
        return [steady(each) for each in value]
    return value


def test_the_commands_of_the_manual_work_and_its_numbers_reconcile(reader: Reader) -> None:
    reader.types("./hotline import docs/examples/calls.csv --mapping docs/examples/street_office.toml")

    printed = reader.types("".join(said for language, said in blocks(OPERATIONS) if language == "sh"))

    columns = dict(re.findall(r"^(\w+) +\| (\d+)$", printed, re.MULTILINE))
    example = dict(blocks(OPERATIONS))["text"]
    assert list(columns) == re.findall(r"^(\w+) +\|", example, re.MULTILINE)
    assert {name: columns[name] for name in ALWAYS_0} == dict.fromkeys(ALWAYS_0, "0")
    assert (reader.folder / "hotline.dump").stat().st_size > 0


async def test_the_query_accounts_for_every_record_and_every_ticket(hotline: InProcess) -> None:
    (query,) = re.findall(r"<<'SQL'\n(.*?)^SQL$", OPERATIONS, re.DOTALL | re.MULTILINE)
    wanted = Import(EXAMPLES / "calls.csv", read_mapping_file(EXAMPLES / "street_office.toml"))
    await import_calls(wanted, hotline.resources)
    (before,) = await hotline.rows(query)
    parked = await hotline.call()
    (after,) = await hotline.rows(query)

    assert (before.read, before.registered, before.merged, before.rejected) == (4, 2, 1, 1)
    assert (before.waiting, before.without_clocks) == (2, 2)
    assert parked["status"] == "triage"
    assert (after.assigned, after.in_triage, after.ended, after.waiting) == (2, 1, 0, 0)
    for name in ALWAYS_0:
        assert (getattr(before, name), getattr(after, name)) == (0, 0)
    assert after.without_clocks == 0


@pytest.mark.parametrize(
    ("loss", "seen"),
    [
        ("DELETE FROM deadlines WHERE clock = 'department'", "without_clocks"),
        ("DELETE FROM deadlines WHERE clock = 'citizen'", "without_clocks"),
        ("UPDATE tickets SET department_because = NULL", "without_reason"),
        ("UPDATE imports SET merged = 0", "unaccounted"),
        ("DELETE FROM ticket_history WHERE step = 'register'", "lost"),
    ],
)
async def test_the_query_sees_what_is_missing(hotline: InProcess, loss: str, seen: str) -> None:
    (query,) = re.findall(r"<<'SQL'\n(.*?)^SQL$", OPERATIONS, re.DOTALL | re.MULTILINE)
    wanted = Import(EXAMPLES / "calls.csv", read_mapping_file(EXAMPLES / "street_office.toml"))
    await import_calls(wanted, hotline.resources)
    await hotline.drain()
    async with hotline.resources.database.transaction() as connection:
        await connection.execute(text(loss))
    (after,) = await hotline.rows(query)
    assert {name for name in (*ALWAYS_0, "without_clocks") if getattr(after, name) != 0} == {seen}
