"""What an agent does with a ticket that is under way: note, urge, withdraw, transfer, call back."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
BODIES: dict[str, dict[str, Any]] = {
    "correct": {"address": "滨海大道1号", "because": "地址记错"},
    "note": {"note": "来电人补充了楼号"},
    "urge": {"note": "仍在施工"},
    "withdraw": {"because": "已自行解决"},
    "transfer": {"to": "110", "note": "现场有人打架"},
}


async def act(hotline: InProcess, ticket: Answer, name: str, **headers: str) -> Answer:
    """Take a step as an agent; return the answer's body with its HTTP status."""
    client = await hotline.client()
    path = f"/v1/tickets/{ticket['id']}/{name}"
    answer = await client.post(path, json=BODIES[name], headers=headers)
    await hotline.drain()
    return {"http": answer.status_code, **answer.json()}


async def called_back(hotline: InProcess, ticket: Answer, **made: Any) -> Answer:
    client = await hotline.client()
    answer = await client.post(f"/v1/tickets/{ticket['id']}/callback", json=made)
    await hotline.drain()
    return {"http": answer.status_code, **answer.json()}


async def resolved(hotline: InProcess) -> Answer:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "resolve", "已责令停工")
    return await hotline.ticket(ticket["id"])


async def events(hotline: InProcess, ticket: Answer, kind: str) -> list[Any]:
    query = "SELECT headers, body FROM outbox WHERE key = :id ORDER BY id"
    rows = await hotline.rows(query, id=ticket["id"])
    return [json.loads(row.body) for row in rows if row.headers["ce_type"] == kind]


async def open_clocks(hotline: InProcess, ticket: Answer) -> set[tuple[str, str]]:
    clocks = await hotline.deadlines(ticket["id"])
    return {name for name, each in clocks.items() if each["settled_at"] is None}


async def test_a_note_is_kept_and_moves_nothing(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    clocks = await hotline.deadlines(ticket["id"])
    noted = await act(hotline, ticket, "note")
    assert (noted["http"], noted["status"], noted["version"]) == (200, "assigned", ticket["version"] + 1)
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert (history[-1]["step"], history[-1]["note"]) == ("note", "来电人补充了楼号")
    assert await hotline.deadlines(ticket["id"]) == clocks


async def test_an_urging_is_counted_and_touches_no_clock(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    clocks = await hotline.deadlines(ticket["id"])
    assert [(await act(hotline, ticket, "urge"))["urged"] for _ in range(2)] == [1, 2]
    assert await hotline.deadlines(ticket["id"]) == clocks
    told = await events(hotline, ticket, "ticket.urged")
    assert [(each["count"], each["department"]) for each in told] == [
        (1, ticket["department"]),
        (2, ticket["department"]),
    ]


@pytest.mark.parametrize(("name", "status"), [("withdraw", "withdrawn"), ("transfer", "transferred")])
async def test_what_is_withdrawn_or_transferred_is_nobodys_and_has_no_clock(
    hotline: InProcess, name: str, status: str
) -> None:
    ticket = await hotline.call(**NOISE)
    gone = await act(hotline, ticket, name)
    assert (gone["http"], gone["status"]) == (200, status)
    assert gone["actions"] == ["close", "note"]
    assert await open_clocks(hotline, ticket) == set()
    (assignment,) = await hotline.rows("SELECT * FROM assignments")
    assert (assignment.ended_because, assignment.ended_at) == (status, hotline.clock.now())
    client = await hotline.client("department", ticket["department"])
    assert (await client.post(f"/v1/tickets/{ticket['id']}/sign", json={})).status_code == 409
    (ended,) = await hotline.rows("SELECT ended_at FROM tickets")
    assert ended.ended_at == hotline.clock.now()


@pytest.mark.parametrize("name", ["withdraw", "transfer"])
async def test_what_waited_at_the_desk_waits_no_more_and_can_be_closed(hotline: InProcess, name: str) -> None:
    ticket = await hotline.call()
    assert ticket["status"] == "triage"
    await act(hotline, ticket, name)
    client = await hotline.client()
    assert (await client.get("/v1/triage")).json()["items"] == []
    assert await open_clocks(hotline, ticket) == set()
    closed = await client.post(f"/v1/tickets/{ticket['id']}/close", json={})
    assert (closed.status_code, closed.json()["status"]) == (200, "closed")


async def test_a_transfer_is_recorded_for_good(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await act(hotline, ticket, "transfer")
    (kept,) = await hotline.rows("SELECT * FROM linkage_calls")
    assert (kept.ticket_id, kept.direction, kept.partner, kept.outcome) == (
        ticket["id"],
        "out",
        "110",
        "partner",
    )
    client = await hotline.client()
    other = await client.post(f"/v1/tickets/{ticket['id']}/transfer", json={"to": "12315", "note": "x"})
    assert (other.status_code, other.json()["pointer"]) == (422, "/to")


async def test_a_department_is_told_of_what_the_hotline_does_with_its_ticket(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    wanted = ["ticket.corrected", "ticket.urged", "ticket.withdrawn", "ticket.transferred"]
    owner = await hotline.client("department", ticket["department"])
    body = {"department": ticket["department"], "url": "http://127.0.0.1:1/hook", "types": wanted}
    assert (await owner.post("/v1/webhooks/endpoints", json=body)).status_code == 201
    for name in ("correct", "urge", "note", "withdraw"):
        assert (await act(hotline, ticket, name))["http"] == 200
    deliveries = (await owner.get("/v1/webhooks/deliveries")).json()["items"]
    assert sorted(each["type"] for each in deliveries) == sorted(wanted[:3])


async def test_solved_closes_the_ticket_at_once(hotline: InProcess) -> None:
    ticket = await resolved(hotline)
    assert "call_back" in ticket["actions"]
    made = await called_back(hotline, ticket, outcome="solved", satisfied=True, note="感谢")
    assert (made["http"], made["status"], made["version"]) == (200, "closed", ticket["version"] + 2)
    assert made["closed_as"] == "solved"
    (kept,) = await hotline.rows("SELECT * FROM callbacks")
    assert (kept.attempt, kept.outcome, kept.satisfied) == (1, "solved", True)


@pytest.mark.parametrize(
    "made", [{"outcome": "unsolved"}, {"outcome": "solved", "satisfied": False}], ids=["unsolved", "solved"]
)
async def test_unsolved_or_not_to_the_callers_satisfaction_goes_back_and_is_asked_about_anew(
    hotline: InProcess, made: dict[str, Any]
) -> None:
    ticket = await resolved(hotline)
    for _ in range(2):
        assert (await called_back(hotline, ticket, outcome="unreachable"))["status"] == "resolved"
    answer = await called_back(hotline, ticket, **made, note="仍有噪声")
    assert (answer["http"], answer["status"]) == (200, "resolved")
    await hotline.drain()
    again = await hotline.ticket(ticket["id"])
    assert (again["status"], again["department"]) == ("assigned", ticket["department"])
    for step in ("sign", "resolve"):
        await hotline.step(again, step, "已办")
    assert (await called_back(hotline, ticket, outcome="unreachable"))["status"] == "resolved"
    assert [each["attempt"] for each in await events(hotline, ticket, "ticket.called_back")] == [1, 2, 3, 1]


async def test_a_fourth_attempt_is_refused_while_the_third_is_not_followed_yet(hotline: InProcess) -> None:
    ticket, client = await resolved(hotline), await hotline.client()
    path = f"/v1/tickets/{ticket['id']}/callback"
    for outcome in ("unreachable", "unreachable", "unsolved"):
        assert (await client.post(path, json={"outcome": outcome})).status_code == 200
    fourth = await client.post(path, json={"outcome": "solved"})
    assert (fourth.status_code, fourth.json()["code"], fourth.json()["attempts"]) == (409, "conflict", 3)


async def test_nobody_answers_three_times_on_two_days_and_it_is_closed(hotline: InProcess) -> None:
    ticket = await resolved(hotline)
    for _ in range(2):
        assert (await called_back(hotline, ticket, outcome="unreachable"))["status"] == "resolved"
    same_day = await called_back(hotline, ticket, outcome="unreachable")
    assert (same_day["http"], same_day["code"]) == (409, "conflict")
    hotline.clock.time += timedelta(days=1)
    next_day = await called_back(hotline, ticket, outcome="unreachable")
    assert (next_day["http"], next_day["status"]) == (200, "closed")
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert "no_answer" in history[-1]["note"]
    assert next_day["closed_as"] == "no_answer"


async def test_only_a_resolved_ticket_is_called_back(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    early = await called_back(hotline, ticket, outcome="solved")
    assert (early["http"], early["code"]) == (409, "illegal_transition")
    assert "call_back" not in early["allowed"]
    unheard = await called_back(hotline, ticket, outcome="unreachable", satisfied=True)
    assert unheard["http"] == 422


@pytest.mark.parametrize("name", sorted(BODIES))
async def test_an_act_meant_for_an_older_version_changes_nothing(hotline: InProcess, name: str) -> None:
    ticket = await hotline.call(**NOISE)
    stale = await act(hotline, ticket, name, **{"if-match": '"1"'})
    assert (stale["http"], stale["code"]) == (412, "stale_version")
    assert (await hotline.ticket(ticket["id"]))["version"] == ticket["version"]
    fresh = await act(hotline, ticket, name, **{"if-match": f'"{ticket["version"]}"'})
    assert fresh["http"] == 200


@pytest.mark.parametrize("name", sorted(BODIES))
async def test_the_same_key_takes_an_act_once(hotline: InProcess, name: str) -> None:
    ticket = await hotline.call(**NOISE)
    first = await act(hotline, ticket, name, **{"idempotency-key": "k"})
    again = await act(hotline, ticket, name, **{"idempotency-key": "k"})
    assert (first["http"], again) == (200, first)
    steps = await hotline.rows("SELECT version FROM ticket_history WHERE actor LIKE 'agent:%'")
    assert len(steps) == 2


@pytest.mark.parametrize("name", [*sorted(BODIES), "callback"])
async def test_a_closed_ticket_is_left_alone(hotline: InProcess, name: str) -> None:
    ticket = await resolved(hotline)
    await called_back(hotline, ticket, outcome="solved")
    body = BODIES.get(name, {"outcome": "solved"})
    refused = await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/{name}", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert refused.json()["allowed"] == ["archive"]
    assert refused.headers["content-type"] == "application/problem+json"


async def test_no_department_acts_for_the_hotline(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    owner = await hotline.client("department", ticket["department"])
    for name, body in BODIES.items():
        answer = await owner.post(f"/v1/tickets/{ticket['id']}/{name}", json=body)
        assert answer.status_code == 403
    shown = (await owner.get(f"/v1/tickets/{ticket['id']}")).json()
    assert shown["actions"] == ["sign", "return", "co_assign"]
    assert set((await hotline.ticket(ticket["id"]))["actions"]) >= {*BODIES}
