"""The documents say what is so: their links, their settings, and every command they print."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.manual import settings_table
from services.settings import Settings
from tests.inprocess import InProcess
from tests.journeys.processes import environment, start

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("*/reference/README.md"),
    *ROOT.glob("bench/*.md"),
]

TICKET = r"HK20\d{6}\d{8}"


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
    missing = [each for each in links if "://" not in each and not (document.parent / each).exists()]
    assert missing == []


def test_the_settings_of_the_manual_are_those_of_the_program() -> None:
    between = re.search(r"<!-- settings:.*?-->\n(.*)<!-- end of settings -->", OPERATIONS, re.DOTALL)
    assert between is not None
    assert between[1] == settings_table()
    assert all(f"`HOTLINE_{name.upper()}" in between[1] for name in Settings.model_fields)


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[str]:
    """The README's commands as one script, beside a service that has just been started."""
    (tmp_path / "hotline").symlink_to(ROOT / "hotline")
    process = start(["up", "--port", "0", "--data", str(tmp_path / "var")], {}, tmp_path / "up.log")
    try:
        script = "\n".join(blocks(README, "sh")[1:])
        assert "http://127.0.0.1:8000" in script
        yield script.replace("http://127.0.0.1:8000", process.url)
    finally:
        process.child.send_signal(signal.SIGTERM)
        process.child.wait(30)


def test_the_commands_of_the_readme_work_as_printed_and_in_order(walk: str, tmp_path: Path) -> None:
    watched = 'curl() { command curl -w "%{stderr}status %{http_code}\\n" "$@"; echo; }\nset -eu\n'
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", watched + walk],
        cwd=tmp_path,
        env=environment({"PATH": path}),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    statuses = re.findall(r"status (\d+)", done.stderr)
    commands = len(re.findall(r"^(?:\w+=\$\()?curl ", walk, re.MULTILINE))
    assert statuses == ["201", *["200"] * 7, "201", "201", "200", "200", "422", "200", "200"]
    assert commands == len(statuses)
    for expected in (
        rf'"id":"{TICKET}".*"department":"ecology-environment-longhua".*"due_because":"自',
        r'"winners":\[{"id":"0201-460106"',
        r'"stage":"completion"',
        r'"status":"closed"',
        r'"step":"resolve".*"note":"已责令停工并处罚"',
        r'"hotline":"12315".*"category":"070300"',
        r'"reason":"no_row"',
        r'"department":"power-supply"',
        r'"code": "unknown_category".*"pointer": "/category"',
        r"2 read, 2 registered, 0 merged, 0 rejected",
    ):
        assert re.search(expected, done.stdout), expected


async def test_the_query_that_reconciles_accounts_for_every_ticket(hotline: InProcess) -> None:
    (query,) = blocks(OPERATIONS, "sql")
    for division in ("460106002000", None):
        await hotline.register(category="020100", division=division)
    (before,) = await hotline.rows(query)
    await hotline.register()
    await hotline.drain()
    (after,) = await hotline.rows(query)
    assert (before.waiting, before.without_clocks) == (2, 2)
    assert (after.assigned, after.in_triage, after.ended, after.waiting) == (2, 1, 0, 0)
    assert (after.unaccounted, after.without_reason, after.without_clocks, after.dead_letters) == (0, 0, 0, 0)
