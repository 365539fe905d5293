"""A caller's "unsolved" that is without ground (不属实) takes two people, and leaves no mark."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.inprocess import Answer, InProcess
from tests.intake.test_agent_acts import called_back, resolved

GROUND = {"reason": "现场核查三次,夜间没有施工", "legal_basis": "噪声污染防治法第四十三条"}
CLAIM = {"outcome": "unsolved", "note": "仍说有噪声", "unfounded": GROUND}


async def decided(hotline: InProcess, ticket: Answer, what: str, who: str = "supervisor") -> httpx.Response:
    client = await hotline.client(who)
    answer = await client.post(f"/v1/tickets/{ticket['id']}/{what}-unfounded", json={"note": "已复核"})
    await hotline.drain()
    return answer


async def callback_clock(hotline: InProcess, ticket: Answer) -> str | None:
    clock = (await hotline.deadlines(ticket["id"]))["citizen", "callback"]
    return clock["settled_because"]  # type: ignore[no-any-return]


async def test_it_waits_for_a_second_person_while_the_time_to_ask_runs_on(hotline: InProcess) -> None:
    ticket = await resolved(hotline)
    claimed = await called_back(hotline, ticket, **CLAIM)
    assert (claimed["http"], claimed["status"], claimed["department"]) == (
        200,
        "unfounded_pending",
        ticket["department"],
    )
    await hotline.drain()
    assert (await hotline.ticket(ticket["id"]))["status"] == "unfounded_pending"
    assert await callback_clock(hotline, ticket) is None
    supervisor = await hotline.client("supervisor")
    (waits,) = (await supervisor.get("/v1/unfounded")).json()["items"]
    assert (waits["ticket"], waits["reason"], waits["granted"]) == (ticket["id"], GROUND["reason"], None)
    again = await called_back(hotline, ticket, outcome="solved")
    assert (again["http"], again["code"]) == (409, "illegal_transition")


async def test_a_second_person_agrees_and_it_is_closed_without_a_redo_or_a_card(hotline: InProcess) -> None:
    ticket = await resolved(hotline)
    await called_back(hotline, ticket, **CLAIM)
    granted = await decided(hotline, ticket, "grant")
    assert (granted.status_code, granted.json()["status"]) == (200, "closed")
    assert granted.json()["closed_as"] == "unfounded"
    await hotline.later(timedelta(days=20))
    steps = [row.step for row in await hotline.rows("SELECT step FROM ticket_history ORDER BY at, version")]
    assert "redo" not in steps
    assert await hotline.cards(ticket["id"]) == []
    assert await callback_clock(hotline, ticket) == "closed"
    (row,) = (await (await hotline.client("supervisor")).get("/v1/unfounded?decided=true")).json()["items"]
    assert (row["granted"], row["claimed_by"], row["decided_by"]) == (
        True,
        "agent:agent",
        "supervisor:supervisor",
    )


async def test_a_second_person_does_not_agree_and_the_department_does_it_again(hotline: InProcess) -> None:
    ticket = await resolved(hotline)
    await called_back(hotline, ticket, **CLAIM)
    assert (await decided(hotline, ticket, "refuse")).status_code == 200
    again = await hotline.ticket(ticket["id"])
    assert (again["status"], again["department"]) == ("assigned", ticket["department"])
    assert await callback_clock(hotline, ticket) == "redo"
    late = await decided(hotline, ticket, "grant")
    assert (late.status_code, late.json()["code"]) == (409, "illegal_transition")


@pytest.mark.parametrize("what", ["grant", "refuse"])
async def test_whoever_claimed_it_does_not_decide_and_no_agent_does(hotline: InProcess, what: str) -> None:
    ticket = await resolved(hotline)
    supervisor = await hotline.client("supervisor")
    answer = await supervisor.post(f"/v1/tickets/{ticket['id']}/callback", json=CLAIM)
    assert answer.status_code == 200, answer.text
    own = await decided(hotline, ticket, what)
    assert (own.status_code, own.json()["code"]) == (409, "second_person_needed")
    assert (await decided(hotline, ticket, what, "agent")).status_code == 403
    assert (await decided(hotline, ticket, what, "admin")).status_code == 200


@pytest.mark.parametrize(
    "made",
    [
        {"outcome": "solved", "satisfied": True},
        {"outcome": "solved"},
        {"outcome": "unreachable"},
    ],
)
async def test_only_what_would_send_it_back_is_unfounded(hotline: InProcess, made: dict[str, Any]) -> None:
    ticket = await resolved(hotline)
    assert (await called_back(hotline, ticket, **made, unfounded=GROUND))["http"] == 422


async def test_a_department_does_not_read_what_was_said_of_the_caller(hotline: InProcess) -> None:
    ticket = await resolved(hotline)
    await called_back(hotline, ticket, **CLAIM)
    await decided(hotline, ticket, "grant")
    owner = await hotline.client("department", ticket["department"])
    agent = await hotline.client()
    read = [(await each.get(f"/v1/tickets/{ticket['id']}/timeline")).text for each in (owner, agent)]
    assert ["resolve" in each for each in read] == [True, True]
    assert [GROUND["reason"] in each for each in read] == [False, True]
