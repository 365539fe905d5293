"""`hotline deadline`: the same answers at the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.command_line import app

OFFICE = [["08:00", "12:00"], ["14:30", "17:30"]]
CALENDAR = {"time_zone": "Asia/Shanghai", "week": {"fri": OFFICE}, "days": {"2026-10-10": "work"}}


@pytest.fixture
def calendar(tmp_path: Path) -> str:
    file = tmp_path / "calendar.json"
    file.write_text(json.dumps(CALENDAR), "utf-8")
    return str(file)


def told(*arguments: str, stdin: str | None = None, fails: bool = False) -> str:
    result = CliRunner().invoke(app, ["deadline", *arguments], input=stdin)
    assert result.exit_code == int(fails), result.output
    return result.output


def test_one_limit_is_told_with_what_was_counted(calendar: str) -> None:
    saturday = ("--start", "2026-10-10T11:50:00+08:00", "--amount", "30", "--calendar", calendar)
    paused = ("--pause", "2026-10-10T11:55:00+08:00/2026-10-10T14:40:00+08:00")
    assert told(*saturday, "--unit", "working_minutes", *paused).splitlines() == [
        "due 2026-10-10T15:05:00+08:00",
        "      2026-10-10T11:50:00+08:00 to 2026-10-10T11:55:00+08:00",
        "      2026-10-10T14:40:00+08:00 to 2026-10-10T15:05:00+08:00",
        "pause 2026-10-10T11:55:00+08:00 to 2026-10-10T14:40:00+08:00",
    ]


def test_a_policy_is_given_by_its_settings(calendar: str) -> None:
    limit = ("--start", "2026-10-10T11:50:00+08:00", "--amount", "2", "--calendar", calendar)
    same_time = told(*limit, "--policy", "days_end=same_time", "--policy", "start_day=counted", "--json")
    (item,) = json.loads(same_time)["items"]
    assert (item["due"], item["days"]) == ("2026-10-16T11:50:00+08:00", ["2026-10-10", "2026-10-16"])


def test_a_file_is_answered_as_the_api_does_and_fails_if_an_item_does(tmp_path: Path) -> None:
    good: dict[str, Any] = {
        "start": "2026-10-10T11:50:00+08:00",
        "limit": {"amount": 1, "unit": "working_days"},
        "calendar": CALENDAR,
    }
    file = tmp_path / "items.json"
    file.write_text(json.dumps({"items": [good]}), "utf-8")
    assert json.loads(told("--file", str(file)))["items"][0]["due"] == "2026-10-16T17:30:00+08:00"
    bad = {**good, "start": "2026-10-10T11:50:00"}
    _, problem = json.loads(told("--file", "-", stdin=json.dumps({"items": [good, bad]}), fails=True))[
        "items"
    ]
    assert problem["problem"]["pointer"] == "/items/1/start"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--start", "2026-10-10T11:50:00", "--amount", "1"], "/items/0/start"),
        (["--start", "2026-10-10T11:50:00+08:00", "--amount", "-1"], "/items/0/limit/amount"),
        (["--start", "2026-10-10T11:50:00+08:00", "--amount", "1", "--policy", "x=1"], "/items/0/policy/x"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(calendar: str, arguments: list[str], said: str) -> None:
    assert said in told(*arguments, "--calendar", calendar, fails=True)


def test_a_code_needs_a_running_service(tmp_path: Path) -> None:
    limit = ("--start", "2026-10-10T11:50:00+08:00", "--amount", "1", "--data", str(tmp_path))
    assert "No service runs" in told(*limit, fails=True)
