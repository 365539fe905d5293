"""Departments that help: asked with a due time, whistled for by a street, answering their lead."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.inprocess import Answer, InProcess
from tests.router.test_returns import AGENT, DECIDED, ECOLOGY, GROUNDS, NOISE, SUPERVISOR, WATER, owner, post

IN_TIME, TOO_LATE = "2026-11-27T17:30:00+08:00", "2026-11-27T17:31:00+08:00"
ASK = {"department": WATER, "due_at": IN_TIME, "reason": "请核实管网"}
HELPER = ("department", WATER)
STREET = "street-binhai"
CALLER = {"name": "王女士", "phone": "13800138000"}


async def helped(hotline: InProcess, **call: Any) -> Answer:
    """A ticket whose lead has asked another department to help."""
    ticket = await hotline.call(**{**NOISE, **call})
    asked = await post(hotline, ticket, "co-handling", owner(ticket), ASK)
    assert asked["http"] == 201, asked
    return ticket


async def seen(hotline: InProcess, ticket: Answer, path: str, who: tuple[str, str | None]) -> Any:
    answer = await (await hotline.client(*who)).get(f"/v1/tickets/{ticket['id']}{path}")
    return answer.json() if answer.status_code == 200 else answer.status_code


@pytest.mark.parametrize(
    ("due", "code"),
    [
        ({}, "co_handling_without_due"),
        ({"due_at": None}, "co_handling_without_due"),
        ({"due_at": TOO_LATE}, "co_handling_due_too_late"),
        ({"due_at": "2026-11-30T17:30:00+08:00"}, "co_handling_due_too_late"),
        ({"due_at": "2026-11-23T09:00:00+08:00"}, "co_handling_due_too_late"),
    ],
)
async def test_help_is_asked_for_with_a_due_time_before_the_leads_last_day(
    hotline: InProcess, due: dict[str, Any], code: str
) -> None:
    ticket = await hotline.call(**NOISE)  # due on the 30th
    said = {"department": WATER, "reason": "请核实管网", **due}
    refused = await post(hotline, ticket, "co-handling", owner(ticket), said)
    assert (refused["http"], refused["code"], refused["pointer"]) == (422, code, "/due_at")
    assert refused["latest_at"] == IN_TIME
    assert await hotline.rows("SELECT * FROM co_handlings") == []


async def test_the_hotline_may_ask_for_help_and_a_stranger_may_not(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    assert (await post(hotline, ticket, "co-handling", HELPER, ASK))["http"] == 404
    asked = await post(hotline, ticket, "co-handling", AGENT, ASK)
    assert [(each["department"], each["role"]) for each in asked["items"]] == [(WATER, "co")]
    again = await post(hotline, ticket, "co-handling", AGENT, ASK)
    assert (again["http"], again["code"]) == (409, "already_co_handling")
    itself = await post(hotline, ticket, "co-handling", AGENT, {**ASK, "department": ECOLOGY})
    assert (itself["http"], itself["code"]) == (409, "already_co_handling")
    unknown = await post(hotline, ticket, "co-handling", AGENT, {**ASK, "department": "nobody-at-all"})
    assert (unknown["http"], unknown["code"]) == (422, "unknown_department")


async def test_who_helps_reads_the_ticket_and_nothing_of_the_caller(hotline: InProcess) -> None:
    ticket = await helped(hotline, caller=CALLER)
    shown = await seen(hotline, ticket, "", HELPER)
    assert (shown["caller"]["name"], shown["caller"]["phone"]) == (None, None)
    assert shown["actions"] == ["co_sign"]
    assert (await seen(hotline, ticket, "", owner(ticket)))["caller"]["phone"] == "138****8000"
    revealed = await post(hotline, ticket, "reveal", HELPER, {"reason": "需要联系"})
    assert (revealed["http"], revealed["code"]) == (409, "not_the_lead")
    assert await seen(hotline, ticket, "", ("department", "gas")) == 404


async def test_what_who_helps_is_asked_says_nothing_of_the_caller_either(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE, caller={"name": "欧阳锋云", "phone": "13800138000"})
    said = {**ASK, "reason": "请联系欧阳锋云,13800138000"}
    await post(hotline, ticket, "co-handling", owner(ticket), said)
    signed = await post(hotline, ticket, "co-handling/sign", HELPER, {})
    (of_ticket,) = (await seen(hotline, ticket, "/co-handling", HELPER))["items"]
    client = await hotline.client(*HELPER)
    (listed,) = (await client.get("/v1/co-handling")).json()["items"]
    assert {each["reason"] for each in (signed, of_ticket, listed)} == {"请联系[姓名],[电话]"}
    (asked,) = (await seen(hotline, ticket, "/co-handling", owner(ticket)))["items"]
    assert asked["reason"] == said["reason"]


async def test_what_others_wrote_about_helping_names_no_caller_to_the_lead(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE, caller={"name": "欧阳锋云", "phone": "13800138000"})
    await post(hotline, ticket, "co-handling", AGENT, {**ASK, "reason": "请联系欧阳锋云"})
    await post(hotline, ticket, "co-handling/sign", HELPER, {})
    await post(hotline, ticket, "co-handling/answer", HELPER, {"note": "已答复欧阳锋云"})
    for reader, name in ((owner(ticket), "[姓名]"), (AGENT, "欧阳锋云")):
        (read,) = (await seen(hotline, ticket, "/co-handling", reader))["items"]
        assert (read["reason"], read["answer"]) == (f"请联系{name}", f"已答复{name}")
    (own,) = (await seen(hotline, ticket, "/co-handling", HELPER))["items"]
    assert own["answer"] == "已答复欧阳锋云"


async def test_whom_another_lead_had_asked_is_not_the_next_ones_to_read(hotline: InProcess) -> None:
    ticket = await helped(hotline)
    assert (await post(hotline, ticket, "return", owner(ticket), GROUNDS))["http"] == 200
    granted = {"department": "urban-management"}
    assert (await post(hotline, ticket, "grant-return", AGENT, granted))["http"] == 200
    assert (await seen(hotline, ticket, "/co-handling", ("department", "urban-management")))["items"] == []
    (kept,) = (await seen(hotline, ticket, "/co-handling", AGENT))["items"]
    assert kept["ended_because"] == "returned"


async def test_who_helps_neither_resolves_nor_returns_nor_signs_for_the_lead(hotline: InProcess) -> None:
    ticket = await helped(hotline)
    said = {"sign": {}, "resolve": {"note": "已办"}, "return": GROUNDS, "co-handling": ASK}
    for step, body in said.items():
        refused = await post(hotline, ticket, step, HELPER, body)
        assert (refused["http"], refused["code"]) == (409, "not_the_lead"), step


async def test_who_helps_signs_reports_and_answers_its_lead(hotline: InProcess) -> None:
    ticket = await helped(hotline)
    early = await post(hotline, ticket, "co-handling/answer", HELPER, {"note": "已核实"})
    assert (early["http"], early["code"]) == (409, "illegal_transition")
    for step, status in (
        ("sign", "signed"),
        ("contact", "signed"),
        ("feedback", "signed"),
        ("answer", "answered"),
    ):
        hotline.clock.time += timedelta(minutes=5)
        taken = await post(hotline, ticket, f"co-handling/{step}", HELPER, {"note": "已核实"})
        assert (taken["http"], taken["status"]) == (200, status)
    (item,) = (await seen(hotline, ticket, "/co-handling", owner(ticket)))["items"]
    assert (item["answer"], item["ended_because"]) == ("已核实", "answered")
    deadlines = await hotline.deadlines(ticket["id"])
    assert deadlines["co_handling", "sign"]["settled_because"] == "signed"
    assert deadlines["co_handling", "completion"]["settled_because"] == "answered"
    assert deadlines["department", "completion"]["settled_at"] is None
    history = await seen(hotline, ticket, "/history", owner(ticket))
    assert history[-1]["note"] == "海口市水务局向主办单位答复:已核实"
    again = await post(hotline, ticket, "co-handling/answer", HELPER, {"note": "又"})
    assert again["http"] == 409


async def test_who_helps_is_late_by_its_own_clock(hotline: InProcess) -> None:
    ticket = await helped(hotline)
    await hotline.later(timedelta(days=5))  # 28 November, the lead is due on the 30th
    client = await hotline.client(*HELPER)
    overdue = (await client.get("/v1/supervision/overdue", params={"clock": "co_handling"})).json()["items"]
    assert [(each["stage"], each["department"]) for each in overdue] == [
        ("sign", WATER),
        ("completion", WATER),
    ]
    cards = [
        (each["name"], each["department"])
        for each in await hotline.cards(ticket["id"])
        if (each["clock"], each["stage"]) == ("co_handling", "completion")
    ]
    assert cards == [("催办", WATER), ("督办", WATER)]
    mine = await seen(hotline, ticket, "/deadlines", HELPER)
    assert {each["department"] for each in mine} == {WATER, None}


async def test_the_leads_answer_ends_what_was_asked_of_others(hotline: InProcess) -> None:
    ticket = await helped(hotline)
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "resolve", "统一答复")
    (row,) = await hotline.rows("SELECT status, ended_because FROM co_handlings")
    assert (row.status, row.ended_because) == ("ended", "resolved")
    deadlines = await hotline.deadlines(ticket["id"])
    assert deadlines["co_handling", "completion"]["settled_because"] == "resolved"
    late = await post(hotline, ticket, "co-handling/sign", HELPER, {})
    assert late["http"] == 409
    steps = [each["step"] for each in await seen(hotline, ticket, "/timeline", AGENT) if each["step"]]
    assert steps == ["register", "assign", "co_assign", "sign", "resolve", "co_end"]


@pytest.mark.parametrize("how", ["return", "recall", "withdraw"])
async def test_without_its_lead_nobody_helps(hotline: InProcess, how: str) -> None:
    ticket = await helped(hotline)
    if how == "return":
        await post(hotline, ticket, "return", owner(ticket), {**GROUNDS, "competent": "gas"})
        await post(hotline, ticket, "grant-return", AGENT, {})
    elif how == "recall":
        await post(hotline, ticket, "correct", AGENT, {"category": "010500", "because": "更正类别"})
    else:
        await post(hotline, ticket, "withdraw", AGENT, {"because": "不再需要"})
    (row,) = await hotline.rows("SELECT ended_because FROM co_handlings")
    assert row.ended_because == {"return": "returned", "recall": "recalled", "withdraw": "withdrawn"}[how]
    settled = (await hotline.deadlines(ticket["id"]))["co_handling", "completion"]["settled_because"]
    assert settled == row.ended_because
    assert (await seen(hotline, ticket, "", HELPER) == 404) is (how != "withdraw")


async def test_a_clock_opened_after_the_answer_is_not_late(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    client = await hotline.client(*owner(ticket))
    await client.post(f"/v1/tickets/{ticket['id']}/co-handling", json=ASK)
    helper = await hotline.client(*HELPER)
    for step in ("sign", "answer"):
        hotline.clock.time += timedelta(minutes=5)
        await helper.post(f"/v1/tickets/{ticket['id']}/co-handling/{step}", json={"note": "已核实"})
    hotline.clock.time += timedelta(days=10)
    await hotline.drain()
    await hotline.later(timedelta(days=1))
    assert [each for each in await hotline.cards(ticket["id"]) if each["clock"] == "co_handling"] == []


async def test_a_street_whistles_and_the_departments_report(hotline: InProcess) -> None:
    ticket = await hotline.call()
    await post(hotline, ticket, "assign", AGENT, {"department": STREET, "note": "属地先行"})
    said = {"departments": [WATER, "gas"], "due_at": IN_TIME, "reason": "地下管线交叉"}
    blown = await post(hotline, ticket, "whistle", ("department", STREET), said)
    assert blown["http"] == 201
    assert [(each["department"], each["kind"]) for each in blown["items"]] == [
        ("gas", "whistle"),
        (WATER, "whistle"),
    ]
    for step in ("sign", "answer"):
        await post(hotline, ticket, f"co-handling/{step}", HELPER, {"note": "已到场"})
    counted = (await (await hotline.client(*SUPERVISOR)).get("/v1/supervision/co-handling")).json()["items"]
    assert {each["department"]: (each["asked"], each["reported"], each["whistled"]) for each in counted} == {
        "gas": (1, 0, 0),
        STREET: (0, 0, 2),
        WATER: (1, 1, 0),
    }


async def test_only_streets_whistle_only_for_departments_and_never_without_a_due_time(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call()
    said = {"departments": [WATER], "due_at": IN_TIME, "reason": "管线"}
    await post(hotline, ticket, "assign", AGENT, {"department": STREET, "note": "属地先行"})
    street = ("department", STREET)
    other = await post(hotline, ticket, "whistle", street, {**said, "departments": ["street-jinmao"]})
    assert (other["http"], other["pointer"]) == (422, "/departments/0")
    timeless = await post(hotline, ticket, "whistle", street, {**said, "due_at": None})
    assert (timeless["http"], timeless["code"]) == (422, "co_handling_without_due")
    noise = await hotline.call(**NOISE)
    refused = await post(hotline, noise, "whistle", owner(noise), said)
    assert (refused["http"], refused["code"]) == (403, "forbidden")
    assert await hotline.rows("SELECT * FROM co_handlings") == []


async def test_a_report_in_confidence_is_shared_with_nobody(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.rows("UPDATE tickets SET confidential = true RETURNING id")
    refused = await post(hotline, ticket, "co-handling", ("supervisor", None), ASK)
    assert (refused["http"], refused["code"]) == (409, "in_confidence")


async def test_who_helps_by_adjudication_keeps_an_earlier_time_it_was_given(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    for path, who, body in (
        ("return", owner(ticket), GROUNDS),
        ("refuse-return", AGENT, {"note": "属你单位"}),
        ("return", owner(ticket), GROUNDS),
        ("adjudicate", SUPERVISOR, {**DECIDED, "co_handlers": [{"department": WATER, "due_at": IN_TIME}]}),
    ):
        assert (await post(hotline, ticket, path, who, body))["http"] == 200
    (item,) = (await seen(hotline, ticket, "/co-handling", HELPER))["items"]
    assert item["due_at"] == "2026-11-27T09:30:00Z"


async def test_of_two_requests_to_the_same_department_one_is_taken(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    answers = await asyncio.gather(
        *(post(hotline, ticket, "co-handling", who, ASK) for who in (AGENT, owner(ticket)))
    )
    assert sorted(each["http"] for each in answers) == [201, 409]


async def test_a_department_lists_what_it_was_asked_page_by_page(hotline: InProcess) -> None:
    for _ in range(3):
        await helped(hotline)
        hotline.clock.time += timedelta(minutes=1)
    client = await hotline.client(*HELPER)
    first = (await client.get("/v1/co-handling", params={"limit": 2, "open": True})).json()
    rest = (await client.get("/v1/co-handling", params={"limit": 2, "cursor": first["next"]})).json()
    found = [each["ticket"] for each in [*first["items"], *rest["items"]]]
    assert len(set(found)) == 3
    assert rest["next"] is None
    lead = await hotline.client("department", ECOLOGY)
    assert (await lead.get("/v1/co-handling")).json()["items"] == []


async def test_who_helps_is_told_by_webhook_and_the_lead_of_its_answer(hotline: InProcess) -> None:
    for department in (WATER, ECOLOGY):
        client = await hotline.client("department", department)
        body = {"department": department, "url": "http://127.0.0.1:1/hook"}
        assert (await client.post("/v1/webhooks/endpoints", json=body)).status_code == 201
    ticket = await helped(hotline)
    for step in ("sign", "answer"):
        await post(hotline, ticket, f"co-handling/{step}", HELPER, {"note": "已核实"})
    await helped(hotline)
    told = {}
    for department in (WATER, ECOLOGY):
        client = await hotline.client("department", department)
        listed = (await client.get("/v1/webhooks/deliveries")).json()["items"]
        told[department] = [each["type"] for each in listed]
    assert told[WATER] == ["ticket.co_assigned"] * 2
    assert told[ECOLOGY] == ["ticket.assigned", "ticket.co_answered", "ticket.assigned"]
