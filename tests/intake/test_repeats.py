"""A caller asks again: the open ticket is urged, the answer that was given is told, anything else is new."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from intake.candidates import LIKE_THIS
from intake.domain.normalize import NormalizedCall, normalize
from intake.repeats import known_matters
from intake.store import NumberBlock, Reference
from schemas.ticket import Call
from services.settings import RepeatSettings
from tests.conftest import MONDAY
from tests.inprocess import Answer, InProcess

WAGES: dict[str, Any] = {
    "kind": "complaint",
    "title": "拖欠工资",
    "text": "某建筑公司拖欠我和工友去年十月到十二月的工资共四万二千元,多次讨要老板都不接电话",
    "category": "060100",
    "division": "460108000000",
    "caller": {"name": "符先生", "phone": "13800138000"},
}
NOISE: dict[str, Any] = {
    **WAGES,
    "title": "夜间施工",
    "text": "海垦花园门口的工地夜间十一点以后还在打桩,噪声很大,全家人都睡不着觉,希望制止",
    "category": "020100",
    "division": "460106002000",
    "address": "龙华区海垦花园",
}
OTHER = {"name": "吴女士", "phone": "13900139000"}


async def normalized(hotline: InProcess) -> NormalizedCall:
    catalogue = await hotline.resources.part(Reference).catalogue()
    return normalize(Call(hotline="12345", **WAGES), catalogue, MONDAY)


async def ask(hotline: InProcess, **call: Any) -> httpx.Response:
    answer = await (await hotline.client()).post("/v1/tickets", json=call)
    await hotline.drain()
    return answer


async def answered(hotline: InProcess, ticket: Answer, note: str = "已责令付清") -> None:
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "resolve", note)


async def steps(hotline: InProcess, ticket: str) -> list[str]:
    answer = await (await hotline.client()).get(f"/v1/tickets/{ticket}/history")
    return [each["step"] for each in answer.json()]


async def count(hotline: InProcess) -> int:
    return int((await hotline.rows("SELECT count(*) AS n FROM tickets"))[0].n)


async def test_the_same_caller_and_matter_urge_the_open_ticket_and_no_clock_moves(hotline: InProcess) -> None:
    ticket = await hotline.call(**WAGES)
    before = await hotline.deadlines(ticket["id"])
    await hotline.later(timedelta(minutes=10))
    again = await ask(hotline, **{**WAGES, "text": WAGES["text"] + ",请尽快处理"})
    body = again.json()
    assert (again.status_code, body["id"], body["outcome"]) == (200, ticket["id"], "DUPLICATE_OPEN")
    assert (body["urged"], ticket["id"] in body["told"]) == (1, True)
    assert await steps(hotline, ticket["id"]) == ["register", "assign", "co_assign", "urge"]
    assert await hotline.deadlines(ticket["id"]) == before
    events = await hotline.rows("SELECT body FROM outbox WHERE headers ->> 'ce_type' = 'ticket.urged'")
    assert len(events) == 1
    calls = await hotline.rows("SELECT ticket_id, outcome FROM source_calls ORDER BY id")
    assert [(row.ticket_id, row.outcome) for row in calls] == [
        (ticket["id"], "ACCEPT"),
        (ticket["id"], "DUPLICATE_OPEN"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"caller": OTHER},
        {"caller": {"anonymous": True}},
        {"category": "060200"},
        {"division": "460107000000"},
        {"text": "公司不给缴纳社会保险,已经干了三年,要求补缴全部社保并按规定支付滞纳金"},
    ],
)
async def test_another_caller_or_matter_is_a_ticket_of_its_own(
    hotline: InProcess, change: dict[str, Any]
) -> None:
    await hotline.call(**WAGES)
    answer = await ask(hotline, **{**WAGES, **change})
    assert (answer.status_code, answer.json()["outcome"]) == (201, "ACCEPT")
    assert await count(hotline) == 2


async def test_a_caller_without_a_phone_is_told_by_an_id_number(hotline: InProcess) -> None:
    caller = {"name": "符先生", "id_number": "11010519491231002X"}
    first = await hotline.call(**{**WAGES, "caller": caller})
    again = await ask(hotline, **{**WAGES, "caller": caller})
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


async def test_whoever_calls_is_looked_for_by_a_plan_that_is_kept(hotline: InProcess) -> None:
    """To plan the look anew for each call would cost the database more than all the rest of it."""
    async with hotline.resources.database.statement() as connection:
        for _ in range(10):
            await known_matters(connection, [await normalized(hotline)], RepeatSettings(), MONDAY)
        (plans,) = await connection.fetch(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE $1",
            "%AS wanted (%",
        )
    assert plans["generic_plans"] >= 4
    assert plans["custom_plans"] <= 6


async def test_ten_at_once_by_one_caller_make_one_ticket(hotline: InProcess) -> None:
    answers = await asyncio.gather(*(ask(hotline, **WAGES) for _ in range(10)))
    assert sorted(each.status_code for each in answers) == [200] * 9 + [201]
    assert await count(hotline) == 1
    (row,) = await hotline.rows("SELECT urged FROM tickets")
    assert row.urged == 9


async def test_the_answer_that_was_given_is_told_again(hotline: InProcess) -> None:
    ticket = await hotline.call(**WAGES)
    await answered(hotline, ticket)
    await hotline.later(timedelta(days=10))
    again = (await ask(hotline, **WAGES)).json()
    assert (again["id"], again["outcome"]) == (ticket["id"], "DUPLICATE_CLOSED")
    assert "已责令付清" in again["told"]
    assert await count(hotline) == 1


@pytest.mark.parametrize(
    ("change", "days"),
    [
        ({"text": WAGES["text"] + ",至今没有付清"}, 1),
        ({"live": True}, 1),
        ({"occurred_at": "2026-11-23T20:00:00+08:00"}, 1),
        ({}, 31),
    ],
)
async def test_new_facts_are_a_new_ticket(hotline: InProcess, change: dict[str, Any], days: int) -> None:
    ticket = await hotline.call(**WAGES)
    await answered(hotline, ticket)
    await hotline.later(timedelta(days=days))
    again = await ask(hotline, **{**WAGES, **change})
    assert (again.status_code, again.json()["outcome"]) == (201, "ACCEPT")


async def test_a_noise_that_may_be_of_the_next_night_is_a_new_ticket(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await answered(hotline, ticket)
    assert (await ask(hotline, **NOISE)).status_code == 201


async def test_an_agent_attaches_a_call_to_the_ticket_it_repeats(hotline: InProcess) -> None:
    ticket = await hotline.call(**WAGES)
    ruling = {"outcome": "DUPLICATE_OPEN", "reason": "同一事项", "ticket": ticket["id"]}
    answer = await ask(hotline, title="问进度", text="我的事办得怎样了", ruling=ruling)
    assert (answer.status_code, answer.json()["id"], answer.json()["urged"]) == (200, ticket["id"], 1)


async def test_who_quotes_their_open_ticket_urges_it_and_who_quotes_anothers_is_linked(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**WAGES)
    about = {"title": "问进度", "text": f"工单编号{ticket['id']}的事情怎么还没有处理", "kind": "consult"}
    mine = await ask(hotline, **about, caller=WAGES["caller"])
    assert (mine.status_code, mine.json()["id"]) == (200, ticket["id"])
    other = await ask(hotline, **about, caller=OTHER)
    assert other.status_code == 201
    assert await links(hotline, other.json()["id"]) == [("follows", ticket["id"], True)]
    assert await links(hotline, ticket["id"]) == [("followed_by", other.json()["id"], True)]


async def test_a_quoted_number_not_known_is_kept_and_found_once_it_is(hotline: InProcess) -> None:
    later = await hotline.call(title="再次来电", text="再问", follows="20260101000077")
    assert await links(hotline, later["id"]) == [("follows", "20260101000077", False)]
    earlier = await hotline.register(title="前单", text="前一次来电", source_number="20260101000077")
    assert await links(hotline, later["id"]) == [("follows", earlier["id"], True)]
    assert await links(hotline, earlier["id"]) == [("followed_by", later["id"], True)]


async def links(hotline: InProcess, ticket: str) -> list[tuple[str, str, bool]]:
    answer = await (await hotline.client()).get(f"/v1/tickets/{ticket}/links")
    assert answer.status_code == 200
    return [(each["kind"], each["ticket"], each["known"]) for each in answer.json()]


async def test_a_department_sees_no_link_to_what_is_not_its_own(hotline: InProcess) -> None:
    ticket = await hotline.call(**WAGES)
    await ask(hotline, title="问进度", text="怎样了", follows=ticket["id"], caller=OTHER)
    department = await hotline.client("department", ticket["department"])
    assert (await department.get(f"/v1/tickets/{ticket['id']}/links")).json() == []


async def test_a_confidential_ticket_is_never_a_repeat_nor_a_candidate(hotline: InProcess) -> None:
    report = {
        **WAGES,
        "kind": "report",
        "title": "举报",
        "category": "140400",
        "text": "某区城管队员每个月向夜市摊贩收红包,不给钱就掀摊子,摊贩们都不敢说话,请你们查处",
    }
    first = await hotline.register(**report)
    again = await hotline.register(**report)
    assert first["id"] != again["id"]
    candidates = await preview(hotline, **{**report, "category": None, "kind": "consult"})
    assert candidates == []


async def preview(hotline: InProcess, **call: Any) -> list[Answer]:
    answer = await (await hotline.client()).post("/v1/preview", json=call)
    assert answer.status_code == 200, answer.text
    return answer.json()["repeats"]  # type: ignore[no-any-return]


async def test_the_preview_shows_what_a_call_may_repeat_the_likeliest_first(hotline: InProcess) -> None:
    mine = await hotline.call(**NOISE)
    nearby = await hotline.call(**{**NOISE, "caller": OTHER, "text": NOISE["text"] + ",小孩要上学"})
    far = await hotline.call(**WAGES, address="美兰区某某公司")
    shown = await preview(hotline, **NOISE)
    assert [each["ticket"] for each in shown][:2] == [mine["id"], nearby["id"]]
    assert [each["same_caller"] for each in shown][:2] == [True, False]
    assert shown[0]["same_matter"] is True
    assert "同一来电人" in shown[0]["because"]
    assert {each["ticket"] for each in shown} <= {mine["id"], nearby["id"], far["id"]}


async def test_the_preview_says_what_registering_does_to_a_caller_known_by_an_id_number(
    hotline: InProcess,
) -> None:
    call = {**WAGES, "caller": {"name": "符先生", "id_number": "11010519491231002X"}}
    ticket = await hotline.call(**call)
    (shown,) = await preview(hotline, **call)
    assert (shown["ticket"], shown["same_matter"], shown["same_caller"]) == (ticket["id"], True, True)
    assert (await ask(hotline, **call)).json()["id"] == ticket["id"]


async def test_what_is_unsure_is_shown_and_not_called_the_same(hotline: InProcess) -> None:
    ticket = await hotline.call(**WAGES)
    changed = {**WAGES, "text": WAGES["text"].replace("某建筑", "甲建筑")}
    other = await hotline.call(**{**changed, "caller": OTHER})
    unsure = {**changed, "text": changed["text"].replace("甲建筑", "乙建筑"), "caller": OTHER}
    shown = await preview(hotline, **unsure)
    assert [(each["ticket"], each["same_caller"], each["same_matter"]) for each in shown] == [
        (other["id"], True, False),
        (ticket["id"], False, False),
    ]
    assert (await ask(hotline, **unsure)).status_code == 201


DIFFERENT = [
    ("甲餐饮公司拖欠我三个月工资,多次讨要老板不理", "乙餐饮公司拖欠我三个月工资,多次讨要老板不理"),
    ("车牌琼A12345的小车占用消防通道,物业一直不管", "车牌琼A54321的小车占用消防通道,物业一直不管"),
    ("阳光小区旁工地夜间施工噪声很大,全家睡不着", "明光小区旁工地夜间施工噪声很大,全家睡不着"),
    ("大英山东一路路口的红绿灯坏了两天没有人修", "大英山西一路路口的红绿灯坏了两天没有人修"),
    ("三号楼的电梯坏了三天没人修,老人下不了楼", "五号楼的电梯坏了三天没人修,老人下不了楼"),
    ("A栋的电梯坏了三天没有人修,老人下不了楼", "B栋的电梯坏了三天没有人修,老人下不了楼"),
    ("网购的订单号20260101001,商家至今不肯退款", "网购的订单号20260202002,商家至今不肯退款"),
    ("今天早上突然停水,请问什么时候可以恢复正常", "今天早上突然停电,请问什么时候可以恢复正常"),
]


async def test_different_matters_of_one_caller_are_two_tickets_and_the_earlier_one_is_shown(
    hotline: InProcess,
) -> None:
    for number, (one, other) in enumerate(DIFFERENT):
        call = {**WAGES, "title": "来电反映", "caller": {"name": "符先生", "phone": f"1380013{number:04}"}}
        first = await hotline.register(**{**call, "text": one})
        shown = await preview(hotline, **{**call, "text": other})
        assert (shown[0]["ticket"], shown[0]["same_matter"]) == (first["id"], False)
        second = await hotline.register(**{**call, "text": other})
        assert second["outcome"] == "ACCEPT"


async def test_a_question_and_a_complaint_of_one_category_are_two_tickets(hotline: InProcess) -> None:
    common = {"title": "政务窗口", "category": "060100", "caller": WAGES["caller"]}
    question = {**common, "kind": "consult", "text": "请问在政务中心办理居住证需要带哪些材料,窗口几点下班"}
    complaint = {**common, "kind": "complaint", "text": "在政务中心办理居住证,窗口人员态度恶劣,材料退了三次"}
    first = await hotline.register(**question)
    assert (await preview(hotline, **complaint))[0]["ticket"] == first["id"]
    assert (await hotline.register(**complaint))["outcome"] == "ACCEPT"


@pytest.mark.parametrize(
    ("change", "days", "reason"),
    [
        ({"longitude": 110.3490, "latitude": 20.0200}, 1, "相距"),
        ({"longitude": 110.3490, "latitude": 20.0300}, 1, None),
        ({"longitude": 110.3490, "latitude": 20.0200, "category": "020300"}, 1, None),
        ({"longitude": 110.3490, "latitude": 20.0200}, 4, None),
        ({"text": "夜间十一点以后工地还在打桩,噪声很大,全家人都睡不着觉"}, 1, "文字相似度"),
        ({"text": "夜间十一点以后工地还在打桩,噪声很大,全家人都睡不着觉"}, 4, None),
        (
            {"text": "夜间十一点以后工地还在打桩,噪声很大,全家人都睡不着觉", "division": "460107000000"},
            1,
            None,
        ),
    ],
)
async def test_others_calls_nearby_or_in_like_words_are_shown_for_three_days(
    hotline: InProcess, change: dict[str, Any], days: int, reason: str | None
) -> None:
    place = {"longitude": 110.3500, "latitude": 20.0200, "address": None}
    ticket = await hotline.call(**{**NOISE, **place})
    await hotline.later(timedelta(days=days))
    call = {**NOISE, "address": None, "text": "机器轰鸣整夜不停", "caller": OTHER, **change}
    shown = await preview(hotline, **call)
    assert [each["ticket"] for each in shown] == ([ticket["id"]] if reason else [])
    assert not reason or any(reason in each for each in shown[0]["because"])


async def test_candidates_are_looked_up_by_an_index_each(hotline: InProcess) -> None:
    async with hotline.resources.database.statement() as connection:
        await connection.execute("SET enable_seqscan = off")
        values = ("020100@x", MONDAY, "020100", 110.35, 20.02, 0.003, "460106", "HK1", "12345")
        plan = await connection.fetch(f"EXPLAIN {LIKE_THIS}", *values)
    used = {row[0].split(" using ")[1].split()[0] for row in plan if " using " in row[0]}
    assert used >= {"ix_tickets_matter_key", "ix_tickets_category_accepted_at", "pk_tickets"}
    assert not [row[0] for row in plan if "Seq Scan" in row[0]]


async def test_a_name_that_is_only_said_in_a_later_call_is_not_told_to_the_department_either(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**{**NOISE, "caller": {"phone": "13800138000"}})
    again = {**NOISE, "text": f"{NOISE['text']},我是欧阳锋云", "caller": {"phone": "13800138000"}}
    again["caller"]["name"] = "欧阳锋云"
    for _ in range(2):
        assert (await ask(hotline, **again)).json()["id"] == ticket["id"]
    own = await hotline.client("department", ticket["department"])
    read = (f"tickets/{ticket['id']}/timeline", f"departments/{ticket['department']}/feed")
    for path in read:
        answer = await own.get(f"/v1/{path}")
        assert "我是[姓名]" in answer.text
        assert "欧阳锋云" not in answer.text
    (kept,) = await hotline.rows("SELECT former_callers FROM tickets")
    assert [each["name"] for each in kept.former_callers] == ["欧阳锋云"]


async def test_a_call_that_is_attached_uses_up_no_number(hotline: InProcess) -> None:
    async def coming() -> list[int]:
        block = hotline.resources.part(NumberBlock)
        async with hotline.resources.database.statement() as connection:
            numbers = await block.draw(connection, 3)
        block.put_back(numbers)
        return numbers

    await ask(hotline, **WAGES)
    before = await coming()
    assert (await ask(hotline, **WAGES)).status_code == 200
    assert await coming() == before
