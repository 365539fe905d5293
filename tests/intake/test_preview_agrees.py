"""What a preview says of the department, the deadlines and the reasons is what registering then does."""

from datetime import datetime
from itertools import product
from random import Random
from typing import Any

import pytest

from escalation.domain.reason import because
from escalation.domain.worktime import Amount, Unit
from router.text_model import TextModels
from tests.escalation.policies import day, in_force, publish
from tests.escalation.test_limits import promise
from tests.escalation.test_scenarios import HAIKOU
from tests.inprocess import Answer, InProcess
from tests.intake.test_preview import NOISE, preview
from tests.intake.test_reopened import AGAIN, archived
from tests.intake.test_repeats import ask
from tests.router.test_assign import a_row, published
from tests.router.test_suggestions import PARKING, TRAFFIC, threshold

ECOLOGY, WATER, LABOUR = "ecology-environment-longhua", "water-group", "human-resources"


@pytest.fixture
async def _departments_with_days_and_promises(hotline: InProcess) -> None:
    content = (await in_force(hotline, "calendars"))["content"]
    own = [
        day(date, "off", department=department)
        for department, date in ((ECOLOGY, "2026-11-24"), (WATER, "2026-11-25"), (LABOUR, "2026-12-02"))
    ]
    await publish(hotline, "calendars", "HAIKOU-2027", {**content, "days": [*content["days"], *own]})
    await promise(hotline, ECOLOGY, amount=3, category="02")
    await promise(hotline, WATER, amount=2, kind="complaint")
    await promise(hotline, "urban-management", amount=2000, unit="wall_minutes")


def reason_of(deadline: Answer) -> str:
    """Why a deadline that is kept is when it is."""
    start = datetime.fromisoformat(deadline["started_at"]).astimezone(HAIKOU)
    amount = Amount(deadline["amount"], Unit(deadline["unit"]))
    return because(
        deadline["clock"],
        amount,
        deadline["rule"],
        deadline["source"],
        start,
        deadline["versions"]["calendar"],
    )


def _is_told(deadline: Answer) -> bool:
    """A preview names who helps and tells no deadline of theirs, nor of the desk's triage."""
    return bool(deadline["clock"] != "co_handling" and deadline["stage"] != "triage")


async def registered(hotline: InProcess, /, **call: Any) -> Answer:
    """What became of a call, also of one in confidence."""
    ticket = await hotline.register(**{**NOISE, **call})
    await hotline.drain()
    return (await (await hotline.client("supervisor")).get(f"/v1/tickets/{ticket['id']}")).json()  # type: ignore[no-any-return]


async def agrees(hotline: InProcess, seen: Answer, ticket: Answer) -> dict[tuple[str, str], Answer]:
    """What was seen is what came of it; where a person must say who, no department has a clock yet."""
    for name, kept in (("department", "department"), ("name", "department_name")):
        assert seen["department"][name] == ticket[kept]
    assert seen["department"]["because"] == ticket["department_because"]
    supervisor = await hotline.client("supervisor")
    clocks = (await supervisor.get(f"/v1/tickets/{ticket['id']}/deadlines")).json()
    found = {
        (each["clock"], each["stage"]): each
        for each in seen["deadlines"]
        if ticket["department"] or each["clock"] == "citizen"
    }
    expected = {(each["clock"], each["stage"]): each for each in clocks if _is_told(each)}
    for name in ("due_at", "provisional", "rule"):
        assert {key: each[name] for key, each in found.items()} == {
            key: each[name] for key, each in expected.items()
        }
    for key, each in found.items():
        assert each["because"].startswith(reason_of(expected[key]))
    return found


@pytest.mark.usefixtures("_departments_with_days_and_promises")
async def test_a_preview_and_the_ticket_of_a_second_later_agree(hotline: InProcess) -> None:
    calls = product(
        ("complaint", "report"),
        ("urgent", "general"),
        ("020100", "050100", "060100", "140400", None),
        ("460106002000", None),
        ("12345", "12315", "12333"),
        ("person", "enterprise"),
        ({}, {"accused": ECOLOGY}),
    )
    where = set()
    for kind, urgency, category, division, line, caller, attributes in Random(12363).sample([*calls], 16):
        call = {
            "kind": kind,
            "urgency": urgency,
            "category": category,
            "division": division,
            "hotline": line,
            "caller": {"type": caller},
            "attributes": attributes,
        }
        seen = await preview(hotline, **call)
        ticket = await registered(hotline, **call)
        await agrees(hotline, seen, ticket)
        where.add(ticket["department"])
    assert {ECOLOGY, WATER, None} <= where


async def test_what_a_suggestion_decides_is_previewed_as_decided(hotline: InProcess) -> None:
    await published(hotline, "T-2", a_row("05", WATER))
    hotline.resources.part(TextModels).model = TRAFFIC
    call = {**PARKING, "category": "030200"}
    assert (await preview(hotline, **call))["department"]["department"] is None
    await threshold(hotline, "0302", 0.97)
    await promise(hotline, "traffic-police", amount=1)
    seen = await preview(hotline, **call)
    found = await agrees(hotline, seen, await registered(hotline, **call))
    assert found["department", "completion"]["rule"] == "服务承诺第1版"


async def test_a_report_in_confidence_is_previewed_with_no_department(hotline: InProcess) -> None:
    call = {"title": "举报", "text": "举报某局科长收受贿赂", "category": "140400"}
    seen = await preview(hotline, **call)
    assert seen["advice"]["outcome"] == "CONFIDENTIAL_LANE"
    ticket = await registered(hotline, **call)
    assert (ticket["status"], seen["department"]["candidates"]) == ("triage", [])
    await agrees(hotline, seen, ticket)


@pytest.mark.parametrize("policy", ["restart", "fresh", "continue"])
async def test_a_matter_taken_up_again_is_previewed_as_the_city_begins_it(
    hotline: InProcess, policy: str
) -> None:
    await hotline.rows(
        "UPDATE rules SET content = jsonb_set(content, '{reopenings,1,policy}', to_jsonb(CAST(:how AS text)))"
        " WHERE kind = 'allowances' RETURNING version",
        how=policy,
    )
    await archived(hotline)
    seen = await preview(hotline, **AGAIN)
    again = (await ask(hotline, **AGAIN)).json()
    assert again["reopens"]
    await agrees(hotline, seen, await hotline.ticket(again["id"]))
