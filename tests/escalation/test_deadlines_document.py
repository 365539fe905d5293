"""What docs/deadlines.md shows is what comes."""

import json
import re
import shlex
from enum import StrEnum
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalation.calculate import among, calculate
from escalation.calculation_schemas import AskedPolicy
from escalation.rulebook import Rulebook
from schemas.time_requests import ExtensionReason, ExtensionRequest, SuspensionReason
from tests.command_line import app
from tests.escalation.domain.examples import HK, LADDER, LIMITS
from tests.test_docs import blocks

IN_FORCE = Rulebook(HK, LIMITS, LADDER, {})
ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "deadlines.md").read_text("utf-8")


def shown(language: str) -> list[str]:
    return [said for each, said in blocks(DOCUMENT) if each == language]


def test_the_answer_shown_is_that_of_the_request_shown() -> None:
    request, answer, _ = map(json.loads, shown("json"))
    assert calculate(request["items"], among(IN_FORCE)).model_dump(mode="json") == answer


def test_the_request_for_time_shown_is_one_and_every_reason_is_named() -> None:
    ExtensionRequest.model_validate_json(shown("json")[-1])
    for name, reasons in (("extension", ExtensionReason), ("suspension", SuspensionReason)):
        (line,) = [each for each in DOCUMENT.splitlines() if each.startswith(f"| {name} | `")]
        assert re.findall(r"`(\w+)`", line.split("|")[2]) == [str(each) for each in reasons]


def test_the_command_shown_prints_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (command,), (printed,) = shown("sh"), shown("text")
    program, *arguments = shlex.split(command.replace("\\\n", ""))
    assert program == "./hotline"
    assert CliRunner().invoke(app, arguments).output == printed


def values_of(default: bool | StrEnum | None) -> list[str]:
    if default is None:
        return ["null", "17:00"]
    return ["false", "true"] if isinstance(default, bool) else [str(each) for each in type(default)]


def test_every_setting_of_a_policy_is_in_the_table_with_its_values() -> None:
    for name, default in AskedPolicy().model_dump().items():
        known = values_of(default)
        (line,) = [each for each in DOCUMENT.splitlines() if each.startswith(f"| `{name}` |")]
        assert line.split("|")[2].strip() == ", ".join(f"`{each}`" for each in known)
