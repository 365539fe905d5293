"""What a department has promised in public is the limit it is held to."""

from datetime import timedelta
from typing import Any

import pytest

from tests.inprocess import InProcess

NOISE = {"category": "020100", "division": "460106002000"}


async def promise(hotline: InProcess, department: str, **said: Any) -> None:
    admin = await hotline.client("admin")
    commitment = {
        "amount": 3,
        "unit": "working_days",
        "valid_from": "2026-11-23",
        "source": "局发〔2026〕1号",
    }
    answer = await admin.post(f"/v1/departments/{department}/commitments", json={**commitment, **said})
    assert answer.status_code == 201, answer.text


@pytest.fixture
async def department(hotline: InProcess) -> str:
    ticket = await hotline.call(**NOISE)
    return str(ticket["department"])


async def test_a_shorter_promise_is_the_limit_of_what_is_assigned_afterwards(
    hotline: InProcess, department: str
) -> None:
    hotline.clock.time += timedelta(minutes=1)
    await promise(hotline, department, category="02")
    ticket = await hotline.call(**NOISE)
    clocks = await hotline.deadlines(ticket["id"])
    lead, caller = clocks["department", "completion"], clocks["citizen", "completion"]
    assert (lead["amount"], lead["layer"], lead["rule"]) == (3, "commitment", "服务承诺第1版")
    assert (lead["source"], lead["due_at"][:10]) == ("局发〔2026〕1号", "2026-11-26")
    assert (caller["amount"], caller["layer"], caller["rule"]) == (5, "default", "HK-DEFAULT-1")


@pytest.mark.parametrize(
    "said", [{"amount": 8}, {"category": "03"}, {"kind": "help"}, {"valid_from": "2026-11-24"}]
)
async def test_a_longer_promise_or_one_about_something_else_gives_no_more_time(
    hotline: InProcess, department: str, said: dict[str, Any]
) -> None:
    await promise(hotline, department, **said)
    ticket = await hotline.call(**NOISE)
    lead = (await hotline.deadlines(ticket["id"]))["department", "completion"]
    assert (lead["amount"], lead["layer"]) == (5, "default")


async def test_a_promise_made_later_does_not_shorten_what_runs(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    before = await hotline.deadlines(ticket["id"])
    await promise(hotline, ticket["department"])
    assert await hotline.deadlines(ticket["id"]) == before
