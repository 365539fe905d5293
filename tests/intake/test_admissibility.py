"""What becomes of a call at the counter: turned away, kept secret, transferred, or several tickets."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.inprocess import Answer, InProcess, StoppedClock

LAMP = {"kind": "complaint", "title": "路灯不亮", "text": "国兴大道路灯不亮三天", "category": "010500"}
REVIEW = {"kind": "consult", "title": "行政复议", "text": "请问怎么申请行政复议"}
BRIBE = {"kind": "report", "title": "举报", "text": "某区城管队员向摊贩收红包", "category": "140400"}
FIRE = {"kind": "help", "title": "着火", "text": "楼下现在着火了,快来人"}


async def register(hotline: InProcess, **call: Any) -> httpx.Response:
    return await (await hotline.client()).post("/v1/tickets", json=call)


async def kept(hotline: InProcess, **query: Any) -> list[Answer]:
    answer = await (await hotline.client()).get("/v1/calls", params=query)
    assert answer.status_code == 200
    return answer.json()["items"]  # type: ignore[no-any-return]


async def test_a_call_for_another_body_is_turned_away_and_kept_with_what_was_told(
    hotline: InProcess,
) -> None:
    answer = await register(hotline, **REVIEW)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["outcome"]) == (
        409,
        "not_accepted",
        "REDIRECT_LEGAL",
    )
    assert "12348" in problem["redirect"]
    assert "六十日" in problem["told"]
    (call,) = await kept(hotline, outcome="REDIRECT_LEGAL")
    assert (call["ticket"], call["told"]) == (None, problem["told"])
    assert await hotline.rows("SELECT id FROM tickets") == []


async def test_an_agents_ruling_goes_before_the_rules_and_is_logged(hotline: InProcess) -> None:
    accepted = await register(hotline, **REVIEW, ruling={"outcome": "ACCEPT", "reason": "实为投诉窗口"})
    assert accepted.status_code == 201
    turned = await register(
        hotline,
        **LAMP,
        ruling={"outcome": "REDIRECT_OTHER_CITY", "reason": "在儋州", "redirect": "儋州市12345"},
    )
    assert (turned.status_code, turned.json()["redirect"]) == (409, "儋州市12345")
    rows = await hotline.rows("SELECT evidence FROM source_calls ORDER BY id")
    assert [row.evidence["ruling"] for row in rows] == ["实为投诉窗口", "在儋州"]


@pytest.mark.parametrize(
    "ruling",
    [
        {"outcome": "REFUSE_SECRET", "reason": "隐私"},
        {"outcome": "ACCEPT", "reason": ""},
        {"outcome": "ACCEPT"},
        {"outcome": "DUPLICATE_OPEN", "reason": "重复"},
        {"outcome": "ACCEPT", "reason": "x", "ticket": "HK1"},
    ],
)
async def test_a_ruling_needs_a_reason_and_refuses_nobody(hotline: InProcess, ruling: dict[str, str]) -> None:
    assert (await register(hotline, **LAMP, ruling=ruling)).status_code == 422


async def test_a_report_about_an_official_is_registered_in_the_confidential_lane(hotline: InProcess) -> None:
    answer = await register(hotline, **BRIBE, caller={"name": "王女士", "phone": "13800138000"})
    assert answer.status_code == 201
    assert "12388" in answer.json()["told"]
    (row,) = await hotline.rows("SELECT confidential, caller FROM tickets")
    assert (row.confidential, row.caller["withheld"]) == (True, True)
    topics = await hotline.rows("SELECT DISTINCT topic FROM outbox")
    assert [each.topic for each in topics] == ["hotline.confidential.v1"]
    bound = f"/v1/tickets/{answer.json()['id']}/linkage"
    assert (await (await hotline.client()).get(bound)).status_code == 404
    assert (await (await hotline.client("supervisor")).get(bound)).status_code == 200


async def test_an_emergency_is_advice_until_the_agent_rules(hotline: InProcess) -> None:
    advised = await register(hotline, **FIRE)
    assert advised.json()["advice"]["redirect"] == "119"
    assert advised.json()["status"] == "registered"
    ruled = await register(hotline, **FIRE, ruling={"outcome": "TRANSFER_EMERGENCY", "reason": "有明火"})
    assert (ruled.status_code, ruled.json()["status"]) == (201, "transferred")
    await hotline.drain()
    ticket = await hotline.ticket(ruled.json()["id"])
    assert (ticket["status"], ticket["department"]) == ("transferred", None)


async def test_a_call_is_transferred_to_an_emergency_platform_and_to_110_if_nothing_is_said(
    hotline: InProcess,
) -> None:
    ruling = {"outcome": "TRANSFER_EMERGENCY", "reason": "有人身危险"}
    assert (await register(hotline, **LAMP, ruling={**ruling, "redirect": "12368"})).status_code == 422
    ruled = (await register(hotline, **LAMP, ruling=ruling)).json()
    assert (ruled["status"], ruled["told"]) == ("transferred", "请不要挂断,正在为您转接110。")
    bound = (await (await hotline.client()).get(f"/v1/tickets/{ruled['id']}/linkage")).json()
    assert [each["partner"] for each in bound["calls"]] == ["110"]


async def test_a_call_is_transferred_after_it_was_registered(
    hotline: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def now(clock: StoppedClock) -> datetime:
        clock.time += timedelta(microseconds=10)
        return clock.time

    monkeypatch.setattr(StoppedClock, "now", now)
    await register(hotline, **FIRE, ruling={"outcome": "TRANSFER_EMERGENCY", "reason": "有明火"})
    steps = await hotline.rows("SELECT step, at FROM ticket_history ORDER BY version")
    assert [each.step for each in steps] == ["register", "transfer"]
    assert steps[0].at <= steps[1].at


async def test_who_leaves_no_name_is_promised_no_answer(hotline: InProcess) -> None:
    answer = await register(hotline, **LAMP, caller={"anonymous": True})
    assert "无法向您回复" in answer.json()["told"]


async def several(hotline: InProcess, *matters: dict[str, Any], **common: Any) -> httpx.Response:
    body = {"caller": {"phone": "13800138000"}, **common, "matters": list(matters)}
    return await (await hotline.client()).post("/v1/calls", json=body)


async def links(hotline: InProcess, ticket: str, role: str = "agent") -> list[Answer]:
    answer = await (await hotline.client(role)).get(f"/v1/tickets/{ticket}/links")
    assert answer.status_code == 200
    return answer.json()  # type: ignore[no-any-return]


async def test_one_call_of_several_matters_becomes_tickets_that_know_each_other(hotline: InProcess) -> None:
    noise = {"title": "施工噪声", "text": "夜间施工噪声扰民", "category": "020100", "kind": "complaint"}
    water = {"title": "停水", "text": "家里停水一天了", "category": "050100", "kind": "help"}
    answer = await several(hotline, LAMP, noise, water, source_number="C-9")
    assert answer.status_code == 201
    tickets = answer.json()["tickets"]
    assert [each["source_number"] for each in tickets] == ["C-9-1", "C-9-2", "C-9-3"]
    for each in tickets:
        others = {other["id"] for other in tickets} - {each["id"]}
        found = await links(hotline, each["id"])
        assert {(link["kind"], link["ticket"]) for link in found} == {
            ("same_call", other) for other in others
        }
    assert [each["outcome"] for each in tickets] == ["ACCEPT"] * 3
    again = await several(hotline, LAMP, noise, water, source_number="C-9")
    assert [each["id"] for each in again.json()["tickets"]] == [each["id"] for each in tickets]


async def test_a_confidential_matter_is_linked_to_nothing_of_the_same_call(hotline: InProcess) -> None:
    answer = await several(hotline, BRIBE, LAMP)
    secret, ordinary = answer.json()["tickets"]
    assert await links(hotline, secret["id"], "supervisor") == []
    assert await links(hotline, ordinary["id"]) == []
    rows = await hotline.rows("SELECT id FROM tickets WHERE confidential")
    assert [row.id for row in rows] == [secret["id"]]


async def test_of_several_matters_one_may_be_turned_away(hotline: InProcess) -> None:
    answer = await several(hotline, LAMP, REVIEW)
    (ticket,) = answer.json()["tickets"]
    (turned,) = answer.json()["turned_away"]
    assert ticket["title"] == LAMP["title"]
    assert (turned["matter"], turned["outcome"]) == (2, "REDIRECT_LEGAL")
    assert [each["outcome"] for each in await kept(hotline, turned_away=True)] == ["REDIRECT_LEGAL"]


@pytest.mark.parametrize("matters", [[LAMP], [LAMP] * 11, [LAMP, {"title": "无"}]])
async def test_several_are_two_to_ten_whole_matters(
    hotline: InProcess, matters: list[dict[str, Any]]
) -> None:
    assert (await several(hotline, *matters)).status_code == 422
    assert await hotline.rows("SELECT id FROM tickets") == []


async def test_every_call_is_listed_with_its_outcome_newest_first(hotline: InProcess) -> None:
    await register(hotline, **LAMP)
    await register(hotline, **REVIEW)
    await register(hotline, **BRIBE)
    client = await hotline.client("supervisor")
    first = (await client.get("/v1/calls", params={"limit": 2})).json()
    second = (await client.get("/v1/calls", params={"cursor": first["next"]})).json()
    outcomes = [each["outcome"] for each in (*first["items"], *second["items"])]
    assert outcomes == ["CONFIDENTIAL_LANE", "REDIRECT_LEGAL", "ACCEPT"]
    assert (await (await hotline.client("department", "water-group")).get("/v1/calls")).status_code == 403


async def test_an_enterprise_has_its_own_limits_from_the_first_event_on(hotline: InProcess) -> None:
    person = await hotline.call(**LAMP, division="460107001000")
    firm = await hotline.call(
        **{**LAMP, "text": "我司门前路灯不亮三天"},
        division="460107001000",
        caller={"type": "enterprise", "name": "海口某某商贸有限公司"},
    )
    clocks = [await hotline.deadlines(each["id"]) for each in (person, firm)]
    of_person, of_firm = [each["department", "completion"] for each in clocks]
    assert (of_person["due_at"], of_firm["due_at"]) == (
        "2026-11-30T09:30:00Z",
        "2026-11-27T09:30:00Z",
    )


async def test_a_department_sees_whom_to_speak_to_and_learns_the_number_for_a_reason(
    hotline: InProcess,
) -> None:
    caller = {"name": "陈小明", "phone": "13812341234", "id_number": "460100199001011234"}
    ticket = await hotline.call(**LAMP, division="460107001000", caller=caller)
    assert ticket["caller"]["id_number"] == "460100********1234"
    department = await hotline.client("department", ticket["department"])
    shown = (await department.get(f"/v1/tickets/{ticket['id']}")).json()["caller"]
    assert (shown["name"], shown["phone"], shown["id_number"]) == ("陈先生/女士", "138****1234", None)
    asked = await department.post(f"/v1/tickets/{ticket['id']}/reveal", json={"reason": "首次联系"})
    assert asked.json() == {"name": "陈小明", "phone": "+8613812341234"}
    history = (await department.get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert "首次联系" in history[-1]["note"]


async def test_the_number_of_a_withheld_caller_is_revealed_to_nobody(hotline: InProcess) -> None:
    caller = {"name": "陈小明", "phone": "13812341234", "withheld": True}
    ticket = await hotline.call(**LAMP, division="460107001000", caller=caller)
    department = await hotline.client("department", ticket["department"])
    refused = await department.post(f"/v1/tickets/{ticket['id']}/reveal", json={"reason": "首次联系"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    other = await hotline.client("department", "water-group")
    assert (
        await other.post(f"/v1/tickets/{ticket['id']}/reveal", json={"reason": "联系"})
    ).status_code == 404
