"""Refusing a call takes a reason, a legal basis and a second person."""

from datetime import timedelta
from typing import Any

import httpx

from services.security import CallerRole, KeyStore
from tests.conftest import MONDAY
from tests.inprocess import InProcess

CALL = {
    "kind": "consult",
    "title": "打听他人住址",
    "text": "请告诉我前妻现在的住址",
    "caller": {"phone": "13800000001"},
}
WANTED = {
    "call": CALL,
    "outcome": "REFUSE_SECRET",
    "reason": "打听他人隐私",
    "legal_basis": "个人信息保护法第十条",
}


async def propose(hotline: InProcess, role: str = "agent", **change: Any) -> httpx.Response:
    return await (await hotline.client(role)).post("/v1/refusals", json={**WANTED, **change})


async def decide(hotline: InProcess, refusal: str, what: str, role: str = "supervisor") -> httpx.Response:
    client = await hotline.client(role)
    return await client.post(f"/v1/refusals/{refusal}/{what}", json={"note": "已核对"})


async def pending(hotline: InProcess, **query: Any) -> dict[str, Any]:
    answer = await (await hotline.client("supervisor")).get("/v1/refusals", params=query)
    assert answer.status_code == 200
    return answer.json()  # type: ignore[no-any-return]


async def test_a_refusal_waits_and_no_ticket_comes_of_it(hotline: InProcess) -> None:
    proposed = await propose(hotline)
    assert (proposed.status_code, proposed.json()["granted"]) == (202, None)
    assert [each["id"] for each in (await pending(hotline))["items"]] == [proposed.json()["id"]]
    assert await hotline.rows("SELECT id FROM tickets") == []


async def test_a_granted_refusal_leaves_the_call_on_record(hotline: InProcess) -> None:
    refusal = (await propose(hotline)).json()["id"]
    granted = await decide(hotline, refusal, "grant")
    assert (granted.status_code, granted.json()["granted"], granted.json()["ticket"]) == (200, True, None)
    assert (await pending(hotline))["items"] == []
    assert await hotline.rows("SELECT id FROM tickets") == []
    kept = (await (await hotline.client()).get("/v1/calls")).json()["items"]
    assert [(each["outcome"], each["refusal"]) for each in kept] == [("REFUSE_SECRET", "granted")]


async def test_a_denied_refusal_becomes_a_ticket_accepted_when_the_call_came(hotline: InProcess) -> None:
    refusal = (await propose(hotline)).json()["id"]
    await hotline.later(timedelta(hours=5))
    denied = (await decide(hotline, refusal, "deny")).json()
    await hotline.drain()
    ticket = await hotline.ticket(denied["ticket"])
    assert ticket["accepted_at"] == MONDAY.isoformat().replace("+00:00", "Z")
    assert ticket["title"] == CALL["title"]
    clocks = await hotline.deadlines(ticket["id"])
    assert clocks["citizen", "completion"]["started_at"] == ticket["accepted_at"]
    kept = (await (await hotline.client()).get("/v1/calls")).json()["items"]
    assert {(each["outcome"], each["ticket"]) for each in kept} >= {("REFUSE_SECRET", ticket["id"])}


async def test_whoever_proposed_it_may_not_decide(hotline: InProcess) -> None:
    refusal = (await propose(hotline, role="supervisor")).json()["id"]
    for what in ("grant", "deny"):
        own = await decide(hotline, refusal, what)
        assert (own.status_code, own.json()["code"]) == (403, "forbidden")
    assert (await decide(hotline, refusal, "grant", role="admin")).status_code == 200


async def test_an_agent_may_not_decide(hotline: InProcess) -> None:
    refusal = (await propose(hotline)).json()["id"]
    assert (await decide(hotline, refusal, "grant", role="agent")).status_code == 403


async def test_a_refusal_is_decided_once(hotline: InProcess) -> None:
    refusal = (await propose(hotline)).json()["id"]
    await decide(hotline, refusal, "deny")
    again = await decide(hotline, refusal, "grant")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert len(await hotline.rows("SELECT id FROM tickets")) == 1


async def test_only_what_is_a_refusal_can_be_proposed_and_with_its_legal_basis(hotline: InProcess) -> None:
    faults = [{"outcome": "REDIRECT_LEGAL"}, {"outcome": "ACCEPT"}, {"reason": ""}, {"legal_basis": " "}]
    answers = [await propose(hotline, **fault) for fault in faults]
    assert {answer.status_code for answer in answers} == {422}
    assert (await pending(hotline))["items"] == []


async def test_a_refusal_that_is_not_there_is_not_found(hotline: InProcess) -> None:
    answer = await decide(hotline, "00000000-0000-0000-0000-000000000001", "grant")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_refusals_are_listed_longest_waiting_first_page_by_page(hotline: InProcess) -> None:
    ids = []
    for _ in range(3):
        ids.append((await propose(hotline)).json()["id"])
        await hotline.later(timedelta(minutes=1))
    first = await pending(hotline, limit=2)
    second = await pending(hotline, cursor=first["next"])
    assert [each["id"] for each in (*first["items"], *second["items"])] == ids


async def test_a_call_its_hotline_sent_again_meanwhile_is_not_registered_twice(hotline: InProcess) -> None:
    call = {**CALL, "hotline": "12345", "source_number": "R-1"}
    refusal = (await propose(hotline, call=call)).json()["id"]
    ticket = await hotline.register(**call)
    denied = (await decide(hotline, refusal, "deny")).json()
    assert denied["ticket"] == ticket["id"]
    assert len(await hotline.rows("SELECT id FROM tickets")) == 1


async def test_a_report_about_an_official_stays_secret_when_refusing_it_is_denied(hotline: InProcess) -> None:
    call = {**CALL, "kind": "report", "text": "某区城管队员向摊贩收红包", "category": "140400"}
    refusal = (await propose(hotline, call=call, outcome="REFUSE_IMPROPER")).json()["id"]
    await decide(hotline, refusal, "deny")
    (row,) = await hotline.rows("SELECT confidential, caller FROM tickets")
    assert (row.confidential, row.caller["withheld"]) == (True, True)
    topics = await hotline.rows("SELECT DISTINCT topic FROM outbox")
    assert [each.topic for each in topics] == ["hotline.confidential.v1"]


async def test_the_same_key_proposes_once(hotline: InProcess) -> None:
    client = await hotline.client()
    answers = [
        await client.post("/v1/refusals", json=WANTED, headers={"idempotency-key": "r-1"}) for _ in range(2)
    ]
    assert answers[0].content == answers[1].content
    assert len((await pending(hotline))["items"]) == 1


async def test_decided_refusals_stay_on_the_supervisors_list_and_are_read_by_who_proposed_them(
    hotline: InProcess,
) -> None:
    refusal = (await propose(hotline)).json()
    where = f"/v1/refusals/{refusal['id']}"
    agent, supervisor = await hotline.client(), await hotline.client("supervisor")
    assert (await agent.get(where)).json()["decided_at"] is None
    await decide(hotline, refusal["id"], "grant")
    decided = (await supervisor.get("/v1/refusals", params={"decided": True})).json()["items"]
    assert [(each["id"], each["granted"]) for each in decided] == [(refusal["id"], True)]
    assert (await agent.get(where)).json()["granted"] is True
    async with hotline.resources.database.transaction() as connection:
        _, key = await KeyStore(connection, "").add("另一席", CallerRole.AGENT, None, hotline.clock.now())
    other = await agent.get(where, headers={"authorization": f"Bearer {key}"})
    assert (other.status_code, other.json()["code"]) == (404, "not_found")


async def test_a_reason_nobody_can_see_is_none(hotline: InProcess) -> None:
    answer = await propose(hotline, reason="\u200b")
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/reason")


async def test_a_denied_refusal_whose_caller_has_an_open_ticket_about_it_urges_that(
    hotline: InProcess,
) -> None:
    call = {**CALL, "caller": {"phone": "13800138000"}}
    refusal = (await propose(hotline, call=call)).json()
    meanwhile = await hotline.register(**call)
    denied = (await decide(hotline, refusal["id"], "deny")).json()
    assert denied["ticket"] == meanwhile["id"]
    assert (await hotline.ticket(meanwhile["id"]))["urged"] == 1
