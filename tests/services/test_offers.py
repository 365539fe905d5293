"""What an answer says may come next can be done: what is known to be refused is not offered."""

from datetime import timedelta
from typing import Any

import pytest

from tests.escalation.test_procedure import filed
from tests.inprocess import Answer, InProcess
from tests.router.test_returns import AGENT, NOISE, SUPERVISOR, WATER, owner, post

ASK = {"department": WATER, "due_at": "2026-11-27T17:30:00+08:00", "reason": "请核实管网"}
EXTENSION = {"reason": "complex", "amount": 1, "note": "复杂", "told": "已告知"}
SUSPENSION = {"reason": "appraisal", "days": 3, "note": "待鉴定", "told": "已告知"}
HELPER = ("department", WATER)


async def offered(hotline: InProcess, ticket: Answer, who: tuple[str, str | None]) -> set[str]:
    """What the ticket's own answer offers; lists offer the same."""
    client = await hotline.client(*who)
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    if who[0] != "department" or who[1] == ticket["department"]:
        listed = (await client.get("/v1/tickets")).json()["items"]
        assert [each["actions"] for each in listed if each["id"] == ticket["id"]] == [shown["actions"]]
    return set(shown["actions"])


@pytest.fixture
async def signed(hotline: InProcess) -> Answer:
    ticket = await hotline.call(**NOISE, caller={"phone": "13800138000"})
    await hotline.step(ticket, "sign")
    return ticket


async def test_what_is_missing_is_asked_once_and_supplied_once_asked(
    hotline: InProcess, signed: Answer
) -> None:
    assert "ask_supplement" in await offered(hotline, signed, owner(signed))
    assert "supplement" not in await offered(hotline, signed, AGENT)
    asked = await post(hotline, signed, "ask-supplement", owner(signed), {"missing": ["照片"]})
    assert "ask_supplement" not in asked["actions"]
    assert "supplement" in await offered(hotline, signed, AGENT)
    supplied = await post(hotline, signed, "supplement", AGENT, {"note": "照片已传"})
    assert "supplement" not in supplied["actions"]
    assert "ask_supplement" not in await offered(hotline, signed, owner(signed))


@pytest.mark.parametrize(
    ("path", "said", "asks", "decides"),
    [
        ("extensions", EXTENSION, "ask_extension", {"grant_extension", "refuse_extension"}),
        ("suspensions", SUSPENSION, "ask_suspension", {"suspend", "refuse_suspension"}),
    ],
)
async def test_time_is_asked_for_while_nothing_waits_and_decided_about_while_it_does(
    hotline: InProcess, signed: Answer, path: str, said: dict[str, Any], asks: str, decides: set[str]
) -> None:
    assert asks in await offered(hotline, signed, owner(signed))
    assert not decides & await offered(hotline, signed, AGENT)
    asked = await post(hotline, signed, path, owner(signed), said)
    assert asked["http"] == 200, asked
    assert asks not in asked["actions"]
    assert decides <= await offered(hotline, signed, AGENT)


async def test_no_more_time_is_offered_than_would_be_given(hotline: InProcess, signed: Answer) -> None:
    for _ in range(2):
        assert "ask_extension" in await offered(hotline, signed, owner(signed))
        assert (await post(hotline, signed, "extensions", owner(signed), EXTENSION))["http"] == 200
        granted = await post(hotline, signed, "grant-extension", SUPERVISOR, {})
        assert granted["http"] == 200, granted
    assert "ask_extension" not in await offered(hotline, signed, owner(signed))
    assert "ask_suspension" in await offered(hotline, signed, owner(signed))
    refused = await post(hotline, signed, "extensions", owner(signed), EXTENSION)
    assert (refused["code"], refused["why"]) == ("not_extendable", "times")


async def test_more_time_that_is_given_for_one_reason_alone_is_offered_until_it_is_given(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**{**NOISE, "kind": "consult"}, caller={"phone": "13800138000"})
    await hotline.step(ticket, "sign")
    assert (await post(hotline, ticket, "extensions", owner(ticket), EXTENSION))["why"] == "none"
    assert "ask_extension" in await offered(hotline, ticket, owner(ticket))
    typhoon = {**EXTENSION, "reason": "force_majeure"}
    assert (await post(hotline, ticket, "extensions", owner(ticket), typhoon))["http"] == 200
    assert (await post(hotline, ticket, "grant-extension", SUPERVISOR, {}))["http"] == 200
    assert "ask_extension" not in await offered(hotline, ticket, owner(ticket))


async def test_in_a_statutory_procedure_what_its_law_gives_is_offered_once(hotline: InProcess) -> None:
    ticket = await filed(hotline)
    assert "ask_extension" in await offered(hotline, ticket, owner(ticket))
    assert (await post(hotline, ticket, "extensions", owner(ticket), EXTENSION))["http"] == 200
    assert (await post(hotline, ticket, "grant-extension", SUPERVISOR, {}))["http"] == 200
    assert "ask_extension" not in await offered(hotline, ticket, owner(ticket))


async def test_neither_time_nor_a_return_is_offered_once_it_is_too_late(
    hotline: InProcess, signed: Answer
) -> None:
    late = {"return", "ask_extension", "ask_suspension"}
    assert late <= await offered(hotline, signed, owner(signed))
    await hotline.later(timedelta(days=30))
    assert not late & await offered(hotline, signed, owner(signed))


async def test_who_helps_is_offered_what_comes_next_and_every_answer_says_where_the_ticket_stands(
    hotline: InProcess, signed: Answer
) -> None:
    asked = await post(hotline, signed, "co-handling", owner(signed), ASK)
    assert asked["state"]["status"] == "signed"
    assert "resolve" in asked["state"]["actions"]
    assert await offered(hotline, signed, HELPER) == {"co_sign"}
    done = await post(hotline, signed, "co-handling/sign", HELPER, {})
    assert (done["state"]["id"], done["state"]["version"]) == (signed["id"], asked["state"]["version"] + 1)
    assert done["state"]["actions"] == ["co_contact", "co_feedback", "co_answer"]
    done = await post(hotline, signed, "co-handling/answer", HELPER, {"note": "管网正常"})
    assert done["state"]["actions"] == []
    assert await offered(hotline, signed, HELPER) == set()


async def test_what_somebody_else_works_on_is_offered_to_nobody_but_them(hotline: InProcess) -> None:
    ticket = await hotline.call(category=None, text="说不清的事")
    assert ticket["status"] == "triage"
    client = await hotline.client()
    assert (await client.post(f"/v1/triage/{ticket['id']}/claim", json={})).status_code == 200
    assert {"assign", "transfer"} <= await offered(hotline, ticket, AGENT)
    assert not {"assign", "transfer"} & await offered(hotline, ticket, SUPERVISOR)


async def test_while_its_clock_stands_still_more_of_that_is_offered_also_past_the_old_due(
    hotline: InProcess, signed: Answer
) -> None:
    still = {**SUSPENSION, "days": 20}
    assert (await post(hotline, signed, "suspensions", owner(signed), still))["http"] == 200
    assert (await post(hotline, signed, "grant-suspension", AGENT, {}))["http"] == 200
    hotline.clock.time += timedelta(days=15)
    assert "ask_suspension" in await offered(hotline, signed, owner(signed))
    renewed = await post(hotline, signed, "renew-suspension", owner(signed), SUSPENSION)
    assert renewed["http"] == 200, renewed


async def test_with_what_is_held_in_confidence_nobody_is_asked_to_help(
    hotline: InProcess, signed: Answer
) -> None:
    assert "co_assign" in await offered(hotline, signed, SUPERVISOR)
    await hotline.rows("UPDATE tickets SET confidential = true RETURNING id")
    assert "co_assign" not in await offered(hotline, signed, SUPERVISOR)
