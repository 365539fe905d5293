"""A sub-centre keeps the calls of its line whatever they are about (设分中心); the table has the others."""

import json
from datetime import date
from typing import Any

from sqlalchemy import update

from router.tables import departments
from tests.inprocess import Answer, InProcess
from tests.intake.payloads import EXAMPLES
from tests.router.test_assign import a_row, published, triage

TAX = next(each for each in EXAMPLES if each.hotline == "12366")
PAPER = "海府办函〔2026〕1号"
LINE = {"name": "纳税缴费服务热线", "owner": "税务局", "source": PAPER}
LIGHTS = {"category": "010500", "division": "460106002000"}
WORKS = "municipal-works-longhua"


async def taken(hotline: InProcess, number: int = 1) -> Answer:
    """Send a call as the tax line sends it, and let it be routed."""
    raw = TAX.raw.replace(b"SW2026112300011", b"SW-%d" % number)
    raw = raw.replace(b"13500000000", b"1350000000%d" % number)
    client = await hotline.client()
    answer = await client.post("/v1/calls/12366", content=raw, headers={"content-type": TAX.content_type})
    assert answer.status_code == 201, answer.text
    await hotline.drain()
    return await hotline.ticket(answer.json()["id"])


async def put(hotline: InProcess, **change: Any) -> None:
    client = await hotline.client("admin")
    answer = await client.put("/v1/hotlines/12366", json={**LINE, **change})
    assert answer.status_code == 200, answer.text


async def ended(hotline: InProcess, department: str) -> None:
    async with hotline.resources.database.transaction() as connection:
        gone = update(departments).where(departments.c.code == department)
        await connection.execute(gone.values(valid_to=date(2026, 11, 22)))


async def test_a_call_of_the_tax_line_goes_to_the_tax_office_whatever_the_table_says(
    hotline: InProcess,
) -> None:
    await published(hotline, "T-2", a_row("12", "water-group"))
    ticket = await taken(hotline)
    assert (ticket["category"], ticket["status"], ticket["department"]) == ("120200", "assigned", "taxation")
    assert ticket["department_because"].startswith("12366设分中心")
    assert "由国家税务总局海口市税务局办理" in ticket["department_because"]
    (kept,) = await hotline.rows("SELECT decision, assigned_by FROM assignments")
    assert (kept.decision, kept.assigned_by) == ({"because": ticket["department_because"]}, "router")
    query = "SELECT body FROM outbox JOIN ticket_history USING (event_id) WHERE step = 'assign'"
    (told,) = await hotline.rows(query)
    assert json.loads(bytes(told.body))["rule"] is None


async def test_once_the_city_merges_the_line_its_next_ticket_is_routed_by_the_table(
    hotline: InProcess,
) -> None:
    await published(hotline, "T-2", a_row("12", "water-group"))
    before = await taken(hotline, 1)
    await put(hotline, mode="parallel")
    after = await taken(hotline, 2)
    await put(hotline, mode="subcentre", department="customs")
    moved = await taken(hotline, 3)
    assert [each["department"] for each in (before, after, moved)] == ["taxation", "water-group", "customs"]
    assert "T-2第12-water-group条" in after["department_because"]
    assert (await hotline.ticket(before["id"]))["department"] == "taxation"


async def test_every_road_leads_to_the_sub_centre(hotline: InProcess) -> None:
    client = await hotline.client()
    call = {"hotline": "12313", "title": "假烟", "text": "店里卖假烟", **LIGHTS}
    one = await hotline.call(**call)
    line = '{"hotline": "12305", "title": "邮件", "text": "邮件丢失", "category": "010500"}\n'
    batch = await client.post("/v1/tickets:batch", content=line.encode())
    await hotline.drain()
    matters = [{"title": "通关", "text": "报关单退回"}, {"title": "退税", "text": "关税多收"}]
    several = {"hotline": "12360", "matters": matters}
    many = await client.post("/v1/calls", json=several)
    await hotline.drain()
    two = await hotline.ticket(batch.json()["ticket"])
    three = await hotline.ticket(many.json()["tickets"][0]["id"])
    assert [each["department"] for each in (one, two, three)] == ["tobacco", "postal", "customs"]


async def test_the_preview_says_the_same(hotline: InProcess) -> None:
    call = {"hotline": "12366", "title": "路灯", "text": "税务局门前路灯不亮", **LIGHTS}
    seen = (await (await hotline.client()).post("/v1/preview", json=call)).json()["department"]
    ticket = await hotline.call(**call)
    assert (seen["department"], seen["name"]) == ("taxation", ticket["department_name"])
    assert seen["because"] == ticket["department_because"]


async def test_what_the_sub_centre_returns_is_routed_by_the_table(hotline: InProcess) -> None:
    ticket = await hotline.call(hotline="12366", title="路灯", text="路灯不亮", **LIGHTS)
    await hotline.step(ticket, "return", "不是涉税事项")
    answer = await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/grant-return", json={})
    assert answer.status_code == 200, answer.text
    await hotline.drain()
    assert (await hotline.ticket(ticket["id"]))["department"] == WORKS


async def test_a_sub_centre_whose_department_is_gone_leaves_its_calls_to_a_person(hotline: InProcess) -> None:
    await ended(hotline, "taxation")
    ticket = await hotline.call(hotline="12366", title="路灯", text="路灯不亮", **LIGHTS)
    (parked,) = await triage(hotline)
    assert (parked["id"], parked["reason"]) == (ticket["id"], "no_department")
    assert (parked["because"], WORKS in parked["candidates"]) == (ticket["department_because"], True)
    assert "taxation" in parked["because"]


async def test_a_correction_takes_nothing_from_the_sub_centre(hotline: InProcess) -> None:
    ticket = await taken(hotline)
    client = await hotline.client()
    wanted = {**LIGHTS, "because": "更正"}
    assert (await client.post(f"/v1/tickets/{ticket['id']}/correct", json=wanted)).status_code == 200
    await hotline.drain()
    now = await hotline.ticket(ticket["id"])
    assert (now["category"], now["department"]) == ("010500", "taxation")


async def test_a_call_a_sub_centre_keeps_and_one_of_the_city_are_never_joined(hotline: InProcess) -> None:
    matter = {**LIGHTS, "kind": "complaint", "title": "路灯不亮", "text": "滨海大道88号路灯不亮很久了"}
    at = {"address": "滨海大道88号", "longitude": 110.31, "latitude": 20.03}
    phones = ("13800138001", "13800138002", "13800138003", "13800138004")
    lines = ("12345", "12366", "12345", "12366")
    tickets = [
        await hotline.call(hotline=line, **matter, **at, caller={"phone": phone})
        for line, phone in zip(lines, phones, strict=True)
    ]
    assert [each["parent"] for each in tickets] == [None, None, tickets[0]["id"], None]
