"""What binds a ticket to 110 and to sub-centres: three-party calls, handovers both ways, their reports."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import DBAPIError

from intake.domain.linkage import Handover
from intake.linkage_store import record_handover
from schemas.linkage import Outcome, Party, ThreePartyCall
from tests.conftest import MONDAY
from tests.inprocess import InProcess
from tests.intake.payloads import EXAMPLES

TAX = next(each for each in EXAMPLES if each.hotline == "12366")
POLICE = next(each for each in EXAMPLES if each.hotline == "110")


async def test_110_hands_over_a_matter_with_its_three_party_call(hotline: InProcess) -> None:
    client = await hotline.client()
    ticket = (await client.post("/v1/calls/110", content=POLICE.raw)).json()
    await client.post("/v1/calls/110", content=POLICE.raw)
    shown = (await client.get(f"/v1/tickets/{ticket['id']}/linkage")).json()
    (call,) = shown["calls"]
    assert (call["direction"], call["partner"], call["outcome"]) == ("in", "110", "host")
    assert (call["partner_number"], call["first_received_by"]) == ("J4601002026112300088", "partner")
    assert [each["role"] for each in call["parties"]] == ["caller", "partner", "host"]
    assert call["recorded_by"] == "agent:agent"


@pytest.mark.parametrize(
    ("handover", "status", "says"),
    [
        ({"result": "共同办理"}, 201, ""),
        ({"result": "未商定", "firstReceivedBy": "12345"}, 201, ""),
        ({"result": "未商定", "firstReceivedBy": "110"}, 409, "首先接到诉求"),
        ({"result": "未商定"}, 409, "首先接到诉求"),
        ({"result": "110受理"}, 409, "交回110"),
        ({"result": "12345受理", "policeMatter": "是"}, 409, "交回110"),
        ({}, 201, ""),  # a clear case, by one-key transfer without a three-party call
        ({"result": "12345受理", "parties": [{"type": "旁听"}]}, 201, ""),
        ({"result": "12345受理", "parties": [{"type": "110", "name": "长" * 101}]}, 422, ""),
    ],
)
async def test_who_accepts_what_110_brings_follows_from_the_three_party_call(
    hotline: InProcess, handover: dict[str, Any], status: int, says: str
) -> None:
    body = {**json.loads(POLICE.raw), "handover": handover}
    answer = await (await hotline.client()).post("/v1/calls/110", json=body)
    assert answer.status_code == status, answer.text
    if status == 409:
        assert (answer.json()["code"], answer.json()["redirect"]) == ("not_accepted", "110")
        assert says in answer.json()["told"]


@pytest.mark.parametrize(
    ("handover", "field", "words"),
    [
        ({"result": "不知道"}, "result", "12345受理、110受理、共同办理、未商定"),
        ({"result": "未商定", "firstReceivedBy": "市民热线"}, "firstReceivedBy", "12345、110"),
    ],
)
async def test_a_word_that_110_must_not_use_is_answered_with_its_field_and_the_words_it_may(
    hotline: InProcess, handover: dict[str, Any], field: str, words: str
) -> None:
    body = {**json.loads(POLICE.raw), "handover": handover}
    answer = (await (await hotline.client()).post("/v1/calls/110", json=body)).json()
    assert (answer["code"], answer["pointer"]) == ("invalid", f"/handover/{field}")
    assert answer["detail"] == f"handover.{field}: {handover[field]} is none of {words}."


async def test_a_record_of_linkage_is_never_changed_and_written_once(hotline: InProcess) -> None:
    ticket = await hotline.register()
    parties = [Party(role="caller", number="13800138000"), Party(role="partner", name="110接警席")]
    handover = Handover("110", "J1", ThreePartyCall(outcome=Outcome.JOINT, parties=parties))
    for _ in range(2):
        async with hotline.resources.database.transaction() as connection:
            await record_handover(connection, ticket["id"], "out", handover, at=MONDAY, actor="agent:agent")
    for change in ("UPDATE linkage_calls SET outcome = 'host'", "DELETE FROM linkage_calls"):
        with pytest.raises(DBAPIError, match="never changed"):
            await hotline.rows(change)
    shown = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/linkage")).json()
    assert [each["parties"][1]["name"] for each in shown["calls"]] == ["110接警席"]


async def a_tax_ticket(hotline: InProcess, *, passed_on: bool = True) -> dict[str, Any]:
    client = await hotline.client()
    answer = await client.post("/v1/calls/12366", content=TAX.raw, headers={"content-type": TAX.content_type})
    assert answer.status_code == 201, answer.text
    if passed_on:
        await hotline.drain()
    return answer.json()  # type: ignore[no-any-return]


async def reports(
    hotline: InProcess, state: str, at: str, number: str = "SW2026112300011", line: str = "12366"
) -> httpx.Response:
    data = {"taskNo": number, "state": state, "stateTime": at, "reply": "已联系纳税人"}
    return await (await hotline.client()).post(f"/v1/calls/{line}/status", data=data)


async def test_a_sub_centre_keeps_the_matter_and_its_status_is_mirrored(hotline: InProcess) -> None:
    ticket = await a_tax_ticket(hotline)
    answer = await reports(hotline, "20", "2026-11-23 08:30:00")
    assert (answer.status_code, answer.json()["status"]) == (200, "办理中")
    assert (answer.json()["ticket"], answer.json()["handled_by"]) == (ticket["id"], "税务局")
    client = await hotline.client()
    shown = (await client.get(f"/v1/tickets/{ticket['id']}/linkage")).json()
    assert (shown["handled_by"], [each["status"] for each in shown["reports"]]) == ("税务局", ["办理中"])
    history = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert [each["step"] for each in history[-2:]] == ["note", "sign"]
    assert "办理中" in history[-2]["note"]


async def test_every_report_is_kept_as_it_came_also_one_that_only_says_more(hotline: InProcess) -> None:
    ticket = await a_tax_ticket(hotline)
    client = await hotline.client()
    data = {"taskNo": "SW2026112300011", "state": "20", "stateTime": "2026-11-23 08:30:00"}
    for reply in ("已联系", "已联系", "已上门"):
        answer = await client.post("/v1/calls/12366/status", data={**data, "reply": reply})
        assert (answer.status_code, answer.json()["note"]) == (200, reply)
    kept = await hotline.rows("SELECT * FROM subcentre_reports ORDER BY note")
    assert {each.ticket_id for each in kept} == {ticket["id"]}
    assert [each.note for each in kept] == ["已上门", "已联系"]
    assert b"taskNo=SW2026112300011" in kept[0].raw
    assert kept[0].content_type == "application/x-www-form-urlencoded"


async def test_a_report_that_comes_late_is_kept_and_changes_nothing(hotline: InProcess) -> None:
    ticket = await a_tax_ticket(hotline)
    for state, at in (("40", "2026-11-23 08:50:00"), ("20", "2026-11-23 08:30:00")):
        answer = await reports(hotline, state, at)
        assert answer.status_code == 200, answer.text
    shown = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/linkage")).json()
    assert [(each["status"], each["superseded"]) for each in shown["reports"]] == [
        ("办理中", True),
        ("已办结", False),
    ]


async def test_a_report_sent_again_or_a_hundred_times_at_once_is_kept_once(hotline: InProcess) -> None:
    ticket = await a_tax_ticket(hotline)
    answers = await asyncio.gather(*(reports(hotline, "20", "2026-11-23 08:30:00") for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    notes = "SELECT count(*) AS n FROM ticket_history WHERE ticket_id = :id AND step = 'note'"
    assert (await hotline.rows(notes, id=ticket["id"]))[0].n == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"number": "nobody"}, 404, "ticket_not_found"),
        ({"at": "2026-11-24 08:30:00"}, 422, "invalid"),
        ({"at": "soon"}, 422, "bad_mapping"),
        ({"at": ""}, 422, "invalid"),
        ({"line": "12333"}, 409, "conflict"),
        ({"line": "110"}, 409, "conflict"),
        ({"line": "99999"}, 422, "unknown_hotline"),
    ],
)
async def test_a_report_of_nothing_known_is_refused_and_kept(
    hotline: InProcess, change: dict[str, str], status: int, code: str
) -> None:
    await a_tax_ticket(hotline)
    answer = await reports(hotline, **{"state": "20", "at": "2026-11-23 08:30:00", **change})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    refused = await hotline.rows("SELECT fault FROM source_calls WHERE ticket_id IS NULL")
    assert [each.fault.startswith(code) for each in refused] == [True]


async def test_a_sub_centre_without_a_mapping_reports_in_our_own_words(hotline: InProcess) -> None:
    await hotline.register(hotline="12313", source_number="YC-1", title="假烟", text="售卖假烟")
    report = {"source_number": "YC-1", "status": "已办结", "at": "2026-11-23T08:00:00+08:00"}
    answer = await (await hotline.client()).post("/v1/calls/12313/status", json=report)
    assert (answer.status_code, answer.json()["handled_by"]) == (200, "烟草专卖局")


async def test_what_110_hands_over_from_another_city_is_turned_away_and_kept(hotline: InProcess) -> None:
    body = json.loads(POLICE.raw)
    body["place"] = {"address": "三亚市吉阳区迎宾路"}
    answer = await (await hotline.client()).post("/v1/calls/110", json=body)
    assert (answer.status_code, answer.json()["outcome"]) == (409, "REDIRECT_OTHER_CITY")
    (kept,) = await hotline.rows("SELECT outcome, ticket_id FROM source_calls")
    assert (kept.outcome, kept.ticket_id) == ("REDIRECT_OTHER_CITY", None)
    assert await hotline.rows("SELECT id FROM linkage_calls") == []


async def handovers(hotline: InProcess, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/linkage")
    return answer.json()["calls"]  # type: ignore[no-any-return]


async def test_a_one_key_transfer_is_recorded_whether_at_once_or_later(hotline: InProcess) -> None:
    ruling = {"outcome": "TRANSFER_EMERGENCY", "reason": "有人落海", "redirect": "12395"}
    at_once = await hotline.register(ruling=ruling)
    later = await hotline.register(title="海上遇险")
    client = await hotline.client()
    wanted = {"to": "12395", "note": "渔船进水", "partner_number": "HS-7"}
    answer = await client.post(f"/v1/tickets/{later['id']}/transfer", json=wanted)
    assert answer.status_code == 200, answer.text
    seen = [
        (each["direction"], each["partner"], each["partner_number"], each["outcome"])
        for ticket in (at_once, later)
        for each in await handovers(hotline, ticket)
    ]
    assert seen == [("out", "12395", None, "partner"), ("out", "12395", "HS-7", "partner")]


@pytest.mark.parametrize(
    ("outcome", "first", "status"),
    [
        ("partner", "host", "transferred"),
        ("undecided", "partner", "transferred"),
        ("undecided", "host", "registered"),
        ("joint", "host", "registered"),
    ],
)
async def test_after_a_three_party_call_a_ticket_goes_or_stays_as_was_settled(
    hotline: InProcess, outcome: str, first: str, status: str
) -> None:
    ticket = await hotline.register()
    call = {
        "outcome": outcome,
        "decided_by": "值班长",
        "first_received_by": first,
        "parties": [{"role": "caller", "number": "13800138000"}, {"role": "partner", "name": "接警席"}],
    }
    wanted = {"to": "110", "note": "纠纷升级", "call": call}
    answer = await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/transfer", json=wanted)
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    (kept,) = await handovers(hotline, ticket)
    assert (kept["outcome"], [each["role"] for each in kept["parties"]]) == (outcome, ["caller", "partner"])


async def test_what_a_sub_centre_reports_done_is_resolved_and_its_clocks_stop(hotline: InProcess) -> None:
    ticket = await a_tax_ticket(hotline, passed_on=False)
    early = await reports(hotline, "40", "2026-11-23 08:20:00")
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    await hotline.drain()
    assert (await reports(hotline, "20", "2026-11-23 08:30:00")).status_code == 200
    assert (await hotline.ticket(ticket["id"]))["status"] == "signed"
    assert (await reports(hotline, "40", "2026-11-23 08:50:00")).status_code == 200
    await hotline.drain()
    assert (await hotline.ticket(ticket["id"]))["status"] == "resolved"
    assert await hotline.rows("SELECT id FROM deadlines WHERE settled_at IS NULL") == []
    (assignment,) = await hotline.rows("SELECT ended_because FROM assignments")
    assert assignment.ended_because == "resolved"
    assert (await reports(hotline, "20", "2026-11-23 08:40:00")).json()["superseded"] is True
    assert (await hotline.ticket(ticket["id"]))["status"] == "resolved"
