"""Registering calls: once, safely, and in one answer."""

import asyncio
import json

from tests.inprocess import InProcess

CALL = {"kind": "complaint", "title": "路灯不亮", "text": "国兴大道路灯不亮三天", "category": "010500"}


async def test_a_ticket_its_history_and_its_event_are_stored_together(hotline: InProcess) -> None:
    ticket = await hotline.register(**CALL)
    history = await hotline.rows("SELECT * FROM ticket_history WHERE ticket_id = :id", id=ticket["id"])
    events = await hotline.rows("SELECT * FROM outbox WHERE key = :id", id=ticket["id"])
    calls = await hotline.rows("SELECT * FROM source_calls WHERE ticket_id = :id", id=ticket["id"])
    assert [row.step for row in history] == ["register"]
    assert [row.headers["ce_type"] for row in events] == ["ticket.registered"]
    assert json.loads(calls[0].raw)["title"] == CALL["title"]


async def test_events_carry_no_personal_data(hotline: InProcess) -> None:
    await hotline.call(**CALL, caller={"name": "符某某", "phone": "13876543210"})
    bodies = [row.body.decode() for row in await hotline.rows("SELECT body FROM outbox")]
    assert len(bodies) >= 2
    assert not [body for body in bodies if "13876543210" in body or "符某某" in body]


async def test_the_same_key_and_body_register_one_ticket_and_repeat_its_answer(hotline: InProcess) -> None:
    client = await hotline.client()
    headers = {"idempotency-key": "k-1"}
    first = await client.post("/v1/tickets", json=CALL, headers=headers)
    again = await client.post("/v1/tickets", json=CALL, headers=headers)
    other = await client.post("/v1/tickets", json={**CALL, "title": "别的"}, headers=headers)
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")


async def test_a_hundred_at_once_with_one_key_register_one_ticket(hotline: InProcess) -> None:
    client = await hotline.client()
    posts = [client.post("/v1/tickets", json=CALL, headers={"idempotency-key": "k-2"}) for _ in range(100)]
    answers = await asyncio.gather(*posts)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await hotline.rows("SELECT count(*) AS n FROM tickets"))[0].n == 1


async def test_many_at_once_are_all_registered_under_numbers_of_their_own(hotline: InProcess) -> None:
    tickets = await asyncio.gather(*(hotline.register(**CALL) for _ in range(150)))
    numbers = {ticket["id"] for ticket in tickets}
    assert len(numbers) == 150
    assert all(int(number[2:]) % 97 == 1 for number in numbers)


async def test_a_source_number_registered_before_leads_to_its_ticket(hotline: InProcess) -> None:
    first = await hotline.register(**CALL, source_number="A-1")
    client = await hotline.client()
    again = await client.post("/v1/tickets", json={**CALL, "source_number": "A-1"})
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    kept = await hotline.rows("SELECT count(*) AS n FROM source_calls WHERE ticket_id = :id", id=first["id"])
    assert kept[0].n == 2


async def test_12345s_own_form_becomes_a_call(hotline: InProcess) -> None:
    payload = {
        "call_no": "20261123000017",
        "type": "投诉",
        "title": "夜间施工",
        "content": "金贸街道某工地夜间施工",
        "category_code": "020100",
        "district": "龙华区",
        "street": "金贸街道办事处",
        "caller_name": "陈女士",
        "caller_phone": "0898-66778899",
        "caller_type": "个人",
    }
    client = await hotline.client()
    answer = await client.post("/v1/calls/12345", json=payload)
    ticket = answer.json()
    assert answer.status_code == 201, answer.text
    assert (ticket["kind"], ticket["division"]) == ("complaint", "460106003000")
    assert ticket["caller"]["phone"] == "+8689866778899"


async def test_12315s_nested_form_becomes_a_call_at_the_merchants_place(hotline: InProcess) -> None:
    payload = {
        "complaint": {
            "number": "1460000002026112300001",
            "nature": "1",
            "summary": "预付卡不退款",
            "description": "健身房关门,预付卡余额不退。",
            "goods_class": "YFK",
        },
        "merchant": {"name": "某健身房", "address": {"district": "美兰区", "street": "海甸街道"}},
        "consumer": {"name": "李先生", "mobile": "13800138000"},
    }
    client = await hotline.client()
    answer = await client.post("/v1/calls/12315", json=payload)
    ticket = answer.json()
    assert answer.status_code == 201, answer.text
    assert (ticket["hotline"], ticket["category"], ticket["division"]) == ("12315", "070300", "460108004000")


async def test_a_call_that_cannot_be_understood_is_refused_and_kept_as_it_came(hotline: InProcess) -> None:
    client = await hotline.client()
    answer = await client.post("/v1/calls/12345", json={"title": "没有内容"})
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/text")
    kept = await hotline.rows("SELECT raw, fault FROM source_calls WHERE ticket_id IS NULL")
    assert json.loads(kept[0].raw) == {"title": "没有内容"}
    assert "/text" in kept[0].fault


async def test_unknown_and_emergency_numbers_say_where_to_go(hotline: InProcess) -> None:
    client = await hotline.client()
    unknown = await client.post("/v1/calls/99999", json={})
    emergency = await client.post("/v1/calls/119", json={})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_hotline")
    assert (emergency.status_code, emergency.json()["redirect"]) == (409, "119")


async def test_a_department_reads_its_own_tickets_and_no_others(hotline: InProcess) -> None:
    ticket = await hotline.call(**{**CALL, "category": "030100"})
    owner = await hotline.client("department", ticket["department"])
    stranger = await hotline.client("department", "water-affairs")
    path = f"/v1/tickets/{ticket['id']}"
    assert (await owner.get(path)).status_code == 200
    for each in (path, f"{path}/history", f"{path}/deadlines"):
        answer = await stranger.get(each)
        assert (answer.status_code, answer.json()["code"]) == (404, "ticket_not_found")
    assert (await stranger.get("/v1/tickets")).json()["items"] == []
    step = await stranger.post(f"{path}/sign", json={})
    assert step.status_code == 404


async def test_a_withheld_caller_is_not_shown_to_the_department(hotline: InProcess) -> None:
    caller = {"name": "王女士", "phone": "13800138000", "withheld": True}
    ticket = await hotline.call(**{**CALL, "category": "030100"}, caller=caller)
    owner = await hotline.client("department", ticket["department"])
    shown = (await owner.get(f"/v1/tickets/{ticket['id']}")).json()["caller"]
    assert (shown["name"], shown["phone"], shown["withheld"]) == (None, None, True)


async def test_pages_by_cursor_show_every_ticket_once(hotline: InProcess) -> None:
    made = {(await hotline.register(**CALL))["id"] for _ in range(7)}
    client = await hotline.client()
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/v1/tickets", params=query)).json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == 7
    assert set(seen) == made
    forged = await client.get("/v1/tickets", params={"cursor": "bm9uc2Vuc2U="})
    assert (forged.status_code, forged.json()["code"]) == (422, "bad_cursor")
