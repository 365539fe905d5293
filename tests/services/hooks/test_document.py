"""The manual for vendors: its program is let in, and the command it shows is taken."""

import json
import re
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.inprocess import InProcess
from tests.services.hooks.systems import NOISE, System

MANUAL = (Path(__file__).parents[3] / "docs" / "hooks.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


async def test_the_program_of_the_manual_signs_so_that_the_command_of_the_manual_is_taken(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    said = json.loads(block("json"))
    hotline.clock.time = datetime.fromisoformat(said["occurred_at"])
    program: dict[str, Any] = {}
    exec(block("python"), program)
    body = json.dumps({**said, "ticket": ticket["id"]}, ensure_ascii=False).encode()
    program["time"] = SimpleNamespace(time=lambda: hotline.clock.now().timestamp())
    headers = program["signed"](system.secrets[0], body, "msg_1")
    answer = await system.post(body, headers)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "applied"), answer.text
    (kept,) = await hotline.rows("SELECT command, by FROM hook_commands")
    assert (kept.command, kept.by) == ("contact", said["by"])
