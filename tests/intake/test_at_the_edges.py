"""Where two rules of the desk meet: a quote and another matter, a key and a refusal, a secret corrected."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.inprocess import InProcess

LAMP = {
    "kind": "complaint",
    "title": "路灯不亮",
    "text": "琼山区国兴大道与大英山东一路路口的路灯连续三晚不亮,行人看不清路面。",
    "category": "010500",
    "division": "460107001000",
    "caller": {"phone": "13800138001"},
}
LEGAL = {
    "kind": "consult",
    "title": "申请行政复议",
    "text": "对行政处罚决定不服,我要申请行政复议。",
    "ruling": {"outcome": "REDIRECT_LEGAL", "reason": "属行政复议事项", "redirect": "行政复议机构"},
}
FILE = {"url": "https://files.example/a.jpg", "media_type": "image/jpeg", "sha256": "a" * 64}


async def post(
    hotline: InProcess, path: str, body: dict[str, Any], **headers: str
) -> tuple[int, dict[str, Any]]:
    answer = await (await hotline.client()).post(path, json=body, headers=headers)
    return answer.status_code, answer.json()


async def test_who_quotes_an_open_ticket_but_speaks_of_another_matter_gets_a_ticket_of_its_own(
    hotline: InProcess,
) -> None:
    _, first = await post(hotline, "/v1/tickets", LAMP)
    noise = {**LAMP, "title": "夜间施工", "text": "工地夜里还在打桩,吵得睡不着。", "category": "020100"}
    status, other = await post(hotline, "/v1/tickets", {**noise, "follows": first["id"]})
    assert (status, other["outcome"]) == (201, "ACCEPT")
    assert other["id"] != first["id"]
    assert other["follows"] == first["id"]


async def test_a_ruling_cannot_attach_a_call_to_a_ticket_that_has_ended(hotline: InProcess) -> None:
    _, first = await post(hotline, "/v1/tickets", LAMP)
    await post(hotline, f"/v1/tickets/{first['id']}/withdraw", {"because": "已自行解决"})
    ruling = {"outcome": "DUPLICATE_OPEN", "reason": "同一件事", "ticket": first["id"]}
    other = {**LAMP, "caller": {"phone": "13800138002"}, "ruling": ruling}
    status, problem = await post(hotline, "/v1/tickets", other)
    assert (status, problem["code"]) == (409, "conflict")


async def test_waiting_for_the_department_keeps_what_the_caller_is_told(hotline: InProcess) -> None:
    _, first = await post(hotline, "/v1/tickets", LAMP)
    await hotline.drain()
    status, again = await post(hotline, "/v1/tickets", LAMP, prefer="wait=1")
    assert (status, again["outcome"], again["id"]) == (200, "DUPLICATE_OPEN", first["id"])
    assert first["id"] in again["told"]
    assert again["department"] is not None


async def test_a_call_of_several_matters_waits_for_the_departments_and_dates(hotline: InProcess) -> None:
    lamp = {name: said for name, said in LAMP.items() if name != "caller"}
    said = {"matters": [lamp, {**lamp, "category": "050100", "title": "停水", "text": "家里停水两天了。"}]}
    asked = asyncio.create_task(post(hotline, "/v1/calls", said, prefer="wait=5"))
    while not asked.done():
        await hotline.drain()
    status, answer = await asked
    assert status == 201
    assert [each["department"] for each in answer["tickets"]] == ["municipal-works-qiongshan", "water-group"]
    assert all(each["due_at"] and each["outcome"] == "ACCEPT" for each in answer["tickets"])


async def test_one_file_sent_twice_hangs_on_the_ticket_once(hotline: InProcess) -> None:
    status, ticket = await post(hotline, "/v1/tickets", {**LAMP, "attachments": [FILE, FILE]})
    assert status == 201
    client = await hotline.client()
    kept = (await client.get(f"/v1/tickets/{ticket['id']}/attachments")).json()["items"]
    assert [each["sha256"] for each in kept] == [FILE["sha256"]]


async def test_a_program_is_no_attachment_on_any_road(hotline: InProcess) -> None:
    program = {**FILE, "media_type": "application/x-msdownload", "url": "https://files.example/a.exe"}
    status, problem = await post(hotline, "/v1/tickets", {**LAMP, "attachments": [program]})
    assert (status, problem["pointer"]) == (422, "/attachments/0/media_type")


async def test_a_call_that_is_turned_away_is_kept_once_for_its_key(hotline: InProcess) -> None:
    first = await post(hotline, "/v1/tickets", LEGAL, **{"idempotency-key": "复议".encode().hex()})
    again = await post(hotline, "/v1/tickets", LEGAL, **{"idempotency-key": "复议".encode().hex()})
    assert (first[0], first[1]["code"], first[1]["outcome"]) == (409, "not_accepted", "REDIRECT_LEGAL")
    assert again == first
    other = await post(hotline, "/v1/tickets", LAMP, **{"idempotency-key": "复议".encode().hex()})
    assert (other[0], other[1]["code"]) == (409, "idempotency_mismatch")
    client = await hotline.client()
    assert len((await client.get("/v1/calls?outcome=REDIRECT_LEGAL")).json()["items"]) == 1


async def test_the_preview_promises_an_enterprise_its_own_dates(hotline: InProcess) -> None:
    call = {**LAMP, "caller": {"type": "enterprise", "name": "某公司"}}
    _, preview = await post(hotline, "/v1/preview", call)
    ticket = await hotline.call(**call)
    client = await hotline.client()
    clocks = (await client.get(f"/v1/tickets/{ticket['id']}/deadlines")).json()
    due = {(each["clock"], each["stage"]): each["due_at"] for each in clocks}
    promised = {(each["clock"], each["stage"]): each["due_at"] for each in preview["deadlines"]}
    assert {name: promised[name] for name in due} == due


async def test_another_departments_ticket_is_not_there_whatever_version_is_named(hotline: InProcess) -> None:
    ticket = await hotline.call(**LAMP)
    stranger = await hotline.client("department", "traffic-police")
    answer = await stranger.post(f"/v1/tickets/{ticket['id']}/sign", json={}, headers={"if-match": '"99"'})
    assert (answer.status_code, answer.json()["code"]) == (404, "ticket_not_found")


async def test_an_accusation_is_not_written_into_a_ticket_a_department_has(hotline: InProcess) -> None:
    ticket = await hotline.call(**LAMP)
    accusation = {"category": "140400", "text": "承办人员收受贿赂。", "because": "补充"}
    status, problem = await post(hotline, f"/v1/tickets/{ticket['id']}/correct", accusation)
    assert (status, problem["code"]) == (409, "conflict")
    assert (await hotline.ticket(ticket["id"]))["text"] == LAMP["text"]


async def test_a_ticket_nobody_has_yet_goes_into_the_confidential_lane_when_corrected(
    hotline: InProcess,
) -> None:
    ticket = await hotline.register(title="反映问题", text="有一件事要说。", caller={"phone": "13800138003"})
    accusation = {"category": "140400", "text": "某科长收受贿赂。", "because": "问清楚了"}
    status, corrected = await post(hotline, f"/v1/tickets/{ticket['id']}/correct", accusation)
    assert (status, corrected["caller"]["withheld"]) == (200, True)
    await hotline.drain()
    shown = await (await hotline.client("supervisor")).get(f"/v1/tickets/{ticket['id']}")
    assert shown.json()["status"] == "triage"


async def test_a_call_whose_refusal_is_denied_days_later_bears_the_number_of_its_own_day(
    hotline: InProcess,
) -> None:
    proposed = {
        "call": {**LAMP, "caller": {}},
        "outcome": "REFUSE_IMPROPER",
        "reason": "无具体诉求",
        "legal_basis": "国办发〔2020〕53号",
    }
    _, refusal = await post(hotline, "/v1/refusals", proposed)
    first_day = hotline.clock.time
    hotline.clock.time = first_day + timedelta(days=2)
    supervisor = await hotline.client("supervisor")
    denied = await supervisor.post(f"/v1/refusals/{refusal['id']}/deny", json={"note": "应当受理"})
    number = denied.json()["ticket"]
    assert f"{first_day:%Y%m%d}" in number
    found = (await supervisor.get("/v1/tickets", params={"number": number})).json()["items"]
    assert [each["id"] for each in found] == [number]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/tickets", '{"title": "甲", "text": "路灯不亮", "title": "乙"}'),
        ("/v1/tickets", '{"title": "甲", "text": "乙", "caller": {"name": "丙", "name": "丁"}}'),
        ("/v1/preview", '{"title": "甲", "text": "路灯不亮", "title": "乙"}'),
        ("/v1/calls", '{"matters": [{"title": "甲", "title": "乙"}, {"title": "丁", "text": "戊"}]}'),
        ("/v1/calls/12345", '{"title": "甲", "text": "路灯不亮", "title": "乙"}'),
        ("/v1/tickets/{}/note", '{"note": "甲", "note": "乙"}'),
        ("/v1/tickets:batch", '{"title": "甲", "text": "路灯不亮", "title": "乙"}'),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_a_member_given_twice_is_refused_on_every_road_in_every_encoding(
    hotline: InProcess, path: str, body: str, encoding: str
) -> None:
    ticket = await hotline.call(**LAMP)
    kind = "application/x-ndjson" if path.endswith("batch") else "application/json"
    client = await hotline.client()
    answer = await client.post(
        path.format(ticket["id"]), content=body.encode(encoding), headers={"content-type": kind}
    )
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (422, "invalid")
    assert "given twice" in problem["detail"]
    assert len(await hotline.rows("SELECT id FROM tickets")) == 1


@pytest.mark.parametrize("path", ["/v1/tickets", "/v1/preview", "/v1/calls/12345", "/v1/tickets:batch"])
async def test_a_body_may_begin_with_a_byte_order_mark(hotline: InProcess, path: str) -> None:
    kind = "application/x-ndjson" if path.endswith("batch") else "application/json"
    said = {"content": LAMP["text"]} if path.endswith("12345") else LAMP
    sent = json.dumps(said).encode("utf-8-sig")
    answer = await (await hotline.client()).post(path, content=sent, headers={"content-type": kind})
    assert answer.is_success
    assert answer.json().get("status") in (None, "registered", 201)


async def test_a_report_with_a_member_given_twice_is_refused_and_kept(hotline: InProcess) -> None:
    client = await hotline.client()
    sent = '{"source_number": "YC-1", "status": "已办结", "status": "办理中"}'
    answer = await client.post(
        "/v1/calls/12313/status", content=sent.encode(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    (kept,) = await hotline.rows("SELECT raw, fault FROM source_calls")
    assert "given twice" in kept.fault
    assert bytes(kept.raw).decode() == sent


@pytest.mark.parametrize("path", ["/v1/tickets", "/v1/calls", "/v1/tickets:batch"])
async def test_what_is_wrong_is_told_in_our_words_alone(hotline: InProcess, path: str) -> None:
    caller = {"anonymous": True, "phone": "13800138001"}
    matter = {"title": "甲", "text": "乙"}
    said = {"matters": [matter, matter]} if path == "/v1/calls" else matter
    kind = "application/x-ndjson" if path.endswith("batch") else "application/json"
    client = await hotline.client()
    answer = await client.post(
        path, content=json.dumps({**said, "caller": caller}), headers={"content-type": kind}
    )
    problem = answer.json()
    assert problem["detail"].startswith("/caller: an anonymous caller leaves no name")
    assert all(each["detail"].startswith("an anonymous") for each in problem.get("errors", ()))
