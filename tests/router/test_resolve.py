"""What a resolution says: one answer of all who worked on a ticket, and what a negative result takes."""

from datetime import timedelta
from typing import Any

import pytest

from tests.inprocess import Answer, InProcess
from tests.router.desk import person

PIPE = {"category": "020100", "division": "460106002000"}
WATER = "water-group"
CLERK = {"name": "王某", "post": "投诉科科员"}
HEAD = {"name": "李某", "post": "投诉科科长"}
NEGATIVE = {
    "note": "经现场核查,未发现夜间施工。",
    "founded": False,
    "by": CLERK,
    "negative": {
        "reason": "unfounded",
        "because": "两次夜间核查均无施工",
        "legal_basis": "《噪声污染防治法》第四十三条",
        "reviewed_by": HEAD,
    },
}
ATTACHMENT = {"url": "https://files.example/1.jpg", "media_type": "image/jpeg", "sha256": "0" * 64}


async def signed(hotline: InProcess, **call: Any) -> Answer:
    ticket = await hotline.call(**{**PIPE, **call})
    await hotline.step(ticket, "sign")
    return ticket


async def resolve(hotline: InProcess, ticket: Answer, **said: Any) -> Answer:
    client = await hotline.client("department", ticket["department"])
    answer = await client.post(f"/v1/tickets/{ticket['id']}/resolve", json=said)
    await hotline.drain()
    return {"http": answer.status_code, **answer.json()}


async def resolutions(hotline: InProcess, ticket: Answer, role: str, department: str | None = None) -> Any:
    client = await hotline.client(role, department)
    return (await client.get(f"/v1/tickets/{ticket['id']}/resolutions")).json()["items"]


async def listed(hotline: InProcess, **wanted: Any) -> Answer:
    client = await hotline.client("supervisor")
    answer = await client.get("/v1/supervision/negative-outcomes", params=wanted)
    return answer.json()  # type: ignore[no-any-return]


async def test_a_note_alone_resolves_a_ticket_and_is_its_answer(hotline: InProcess) -> None:
    ticket = await signed(hotline)
    assert (await resolve(hotline, ticket, note="已制止"))["status"] == "resolved"
    (kept,) = await resolutions(hotline, ticket, "agent")
    assert (kept["answer"], kept["helpers"], kept["negative"]) == ("已制止", [], None)
    assert (await listed(hotline))["items"] == []


async def test_a_resolution_keeps_its_results_attachments_and_who_it_is_by(hotline: InProcess) -> None:
    ticket = await signed(hotline)
    said = {"founded": True, "within_duty": True, "solved": True, "attachments": [ATTACHMENT], "by": CLERK}
    await resolve(hotline, ticket, note="已制止", internal="施工方曾被处罚", **said)
    (kept,) = await resolutions(hotline, ticket, "department", ticket["department"])
    assert {name: kept[name] for name in ("founded", "within_duty", "solved", "by")} == {
        name: said[name] for name in ("founded", "within_duty", "solved", "by")
    }
    assert kept["attachments"][0]["sha256"] == ATTACHMENT["sha256"]
    assert kept["internal"] == "施工方曾被处罚"


FAULTS = [
    ({"negative": None}, 422, "invalid"),
    ({"founded": True}, 422, "invalid"),
    ({"founded": None, "solved": False}, 422, "invalid"),
    ({"by": None}, 422, "invalid"),
    ({"by": {"name": "李 某", "post": "投诉科科员"}}, 409, "second_person_needed"),
    ({"by": {"name": "李\u200b某", "post": "投诉科科员"}}, 409, "second_person_needed"),
    ({"negative": {**NEGATIVE["negative"], "legal_basis": None}}, 422, "invalid"),  # type: ignore[dict-item]
    ({"negative": {**NEGATIVE["negative"], "reviewed_by": None}}, 422, "invalid"),  # type: ignore[dict-item]
    ({"negative": {**NEGATIVE["negative"], "reason": "lazy"}}, 422, "invalid"),  # type: ignore[dict-item]
]


@pytest.mark.parametrize(("change", "http", "code"), FAULTS, ids=lambda each: str(each)[:30])
async def test_a_negative_result_needs_reason_basis_and_a_second_person(
    hotline: InProcess, change: Answer, http: int, code: str
) -> None:
    ticket = await signed(hotline)
    refused = await resolve(hotline, ticket, **{**NEGATIVE, **change})
    assert (refused["http"], refused["code"]) == (http, code)
    assert (await hotline.ticket(ticket["id"]))["status"] == "signed"
    assert (await listed(hotline))["items"] == []


async def test_a_negative_result_is_on_the_supervisors_list_and_in_the_history(hotline: InProcess) -> None:
    ticket = await signed(hotline)
    assert (await resolve(hotline, ticket, **NEGATIVE))["status"] == "resolved"
    (found,) = (await listed(hotline))["items"]
    assert (found["ticket"], found["reason"]) == (ticket["id"], "unfounded")
    assert (found["asked_by"], found["reviewed_by"]) == (CLERK, HEAD)
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert "否定报备(不属实)" in history[-1]["note"]
    assert "审核人:李某(投诉科科长)" in history[-1]["note"]


async def test_the_list_of_negative_results_is_paged_and_filtered(hotline: InProcess) -> None:
    reasons = ["unfounded", "unresolved", "unfounded"]
    for minute, reason in enumerate(reasons):
        ticket = await signed(hotline, title=f"第{minute}件", division=f"46010600{2 + minute}000")
        hotline.clock.time += timedelta(minutes=1)
        results = {"founded": reason != "unfounded", "solved": reason == "unfounded"}
        said = {**NEGATIVE, **results, "negative": {**NEGATIVE["negative"], "reason": reason}}  # type: ignore[dict-item]
        assert (await resolve(hotline, ticket, **said))["http"] == 200
    first = await listed(hotline, limit=2)
    rest = await listed(hotline, limit=2, cursor=first["next"])
    assert [each["reason"] for each in (*first["items"], *rest["items"])] == reasons[::-1]
    assert rest["next"] is None
    assert len((await listed(hotline, reason="unresolved"))["items"]) == 1
    whose = first["items"][0]["department"]
    assert len((await listed(hotline, department=whose))["items"]) >= 1
    assert (await listed(hotline, department="nobody"))["items"] == []


async def test_who_helped_has_a_part_in_the_one_answer_and_does_not_read_what_is_internal(
    hotline: InProcess,
) -> None:
    # Given a ticket two departments help with, of which one has answered
    ticket = await signed(hotline, caller={"name": "赵某", "phone": "13800138000"})
    lead = await hotline.client("department", ticket["department"])
    due = (hotline.clock.time + timedelta(days=1)).isoformat()
    for code in (WATER, "power-supply"):
        asked = {"department": code, "due_at": due, "reason": "配合处置"}
        assert (await lead.post(f"/v1/tickets/{ticket['id']}/co-handling", json=asked)).status_code == 201
    helper = await hotline.client("department", WATER)
    for step, said in (("sign", {}), ("answer", {"note": "管道已修复"})):
        await helper.post(f"/v1/tickets/{ticket['id']}/co-handling/{step}", json=said)

    # When the lead resolves
    await resolve(hotline, ticket, note="路面已恢复", internal="费用另议")

    # Then the answer is one, the other help has ended, and it is what everybody is told
    (kept,) = await resolutions(hotline, ticket, "department", WATER) or [None]
    (whole,) = await resolutions(hotline, ticket, "agent")
    assert kept == {**whole, "internal": None}
    assert whole["internal"] == "费用另议"
    assert [each["answer"] for each in whole["helpers"]] == [None, "管道已修复"]
    name = next(each["name"] for each in whole["helpers"] if each["department"] == WATER)
    assert whole["answer"] == f"路面已恢复\n{name}(协办):管道已修复"
    query = "SELECT convert_from(body, 'utf8')::jsonb AS body FROM outbox WHERE headers::text LIKE :type"
    (event,) = await hotline.rows(query, type="%ticket.resolved%")
    assert event.body["note"] == whole["answer"]
    assert event.body["helpers"] == [WATER]


async def test_who_helped_does_not_read_in_the_answer_who_called(hotline: InProcess) -> None:
    ticket = await signed(hotline, caller={"name": "欧阳锋云", "phone": "13800138000", "withheld": True})
    lead = await hotline.client("department", ticket["department"])
    due = (hotline.clock.time + timedelta(days=1)).isoformat()
    asked = {"department": WATER, "due_at": due, "reason": "配合处置"}
    assert (await lead.post(f"/v1/tickets/{ticket['id']}/co-handling", json=asked)).status_code == 201
    negative = {**NEGATIVE["negative"], "because": "欧阳锋云撤回说法"}  # type: ignore[dict-item]
    await resolve(hotline, ticket, **{**NEGATIVE, "note": "已电话答复欧阳锋云", "negative": negative})
    (own,) = await resolutions(hotline, ticket, "department", ticket["department"])
    (kept,) = await resolutions(hotline, ticket, "department", WATER)
    assert (own["note"], kept["note"]) == ("已电话答复欧阳锋云", "已电话答复[姓名]")
    assert "欧阳锋云" not in str(kept)


async def test_a_redo_makes_an_answer_of_its_own(hotline: InProcess) -> None:
    ticket = await signed(hotline, caller={"name": "赵某", "phone": "13800138000"})
    await resolve(hotline, ticket, note="已处理")
    client = await hotline.client()
    unsolved = {"outcome": "unsolved"}
    assert (await client.post(f"/v1/tickets/{ticket['id']}/callback", json=unsolved)).status_code == 200
    await hotline.drain()
    await hotline.step(ticket, "sign")
    hotline.clock.time += timedelta(minutes=1)
    await resolve(hotline, ticket, note="已彻底处理")
    kept = await resolutions(hotline, ticket, "agent")
    assert [each["answer"] for each in kept] == ["已处理", "已彻底处理"]


async def test_one_person_with_keys_of_two_roles_is_no_second_person(hotline: InProcess) -> None:
    """否定报备: whoever proposes to refuse a call may not decide about it, whichever key they use."""
    agent, other = await person(hotline, "zhou-agent"), await person(hotline, "zhou-chief", "supervisor")
    await hotline.rows("UPDATE api_keys SET person = '周某' WHERE name LIKE 'zhou-%' RETURNING id")
    call = {"title": "要求透露他人隐私", "text": "要求查询邻居的个人信息"}
    said = {
        "call": call,
        "outcome": "REFUSE_SECRET",
        "reason": "涉及他人隐私",
        "legal_basis": "民法典第1034条",
    }
    proposed = await agent.post("/refusals", said)
    refused = await other.post(f"/refusals/{proposed['id']}/grant", {"note": "同意"})
    assert (refused["http"], refused["code"]) == (403, "forbidden")
    somebody = await person(hotline, "wu", "supervisor")
    assert (await somebody.post(f"/refusals/{proposed['id']}/grant", {"note": "同意"}))["http"] == 200
