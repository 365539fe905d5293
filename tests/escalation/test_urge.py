"""A supervisor urges whoever handles a ticket: by name, counted, on record, and by webhook."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.escalation.test_notices import DEPARTMENT, NOISE, notices, staff
from tests.inprocess import Answer, InProcess
from tests.services.webhooks.test_delivery import delivering, subscribe
from tests.sink import Sink, opened_sink


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with opened_sink() as opened:
        yield opened


async def urge(
    hotline: InProcess, ticket: Answer, note: str = "请尽快办理", key: str | None = None
) -> Answer:
    client = await hotline.client("supervisor")
    path = f"/v1/supervision/tickets/{ticket['id']}/urge"
    headers = {"idempotency-key": key} if key else {}
    answer = await client.post(path, json={"note": note}, headers=headers)
    await hotline.drain()
    return {"http": answer.status_code, **answer.json()}


async def test_the_operator_is_told_and_each_urging_is_counted(hotline: InProcess, sink: Sink) -> None:
    await staff(hotline)
    await subscribe(hotline, sink.url, "ticket.urged")
    ticket = await hotline.call(**NOISE)
    before = await hotline.deadlines(ticket["id"])
    async with delivering(hotline):
        first, second = await urge(hotline, ticket), await urge(hotline, ticket, "再催")
        received = [each.data["data"] for each in await sink.wait(lambda found: len(found) == 2)]
    assert [first["says"], second["says"]] == ["第1次催办:请尽快办理", "第2次催办:再催"]
    assert (first["addressee"]["name"], first["addressee"]["post"]) == ("甲", "A岗")
    assert [(each["by"], each["count"]) for each in received] == [("supervisor", 1), ("supervisor", 2)]
    history = await hotline.rows(
        "SELECT actor, note FROM ticket_history WHERE step = 'urge' ORDER BY version"
    )
    assert [tuple(each) for each in history] == [
        ("supervisor:supervisor", "第1次催办:请尽快办理"),
        ("supervisor:supervisor", "第2次催办:再催"),
    ]
    assert (await hotline.ticket(ticket["id"]))["urged"] == 0  # that counts the caller's
    assert await hotline.deadlines(ticket["id"]) == before


async def test_what_somebody_is_told_names_no_caller(hotline: InProcess) -> None:
    await staff(hotline)
    caller = {"name": "欧阳锋云", "phone": "13800138000", "withheld": True}
    ticket = await hotline.call(**NOISE, caller=caller)
    assert (await urge(hotline, ticket, "欧阳锋云又来电"))["says"] == "第1次催办:[姓名]又来电"
    (read,) = await notices(hotline, "department", DEPARTMENT, kind="urge")
    assert read["says"] == "第1次催办:[姓名]又来电"
    history = await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")
    assert history.json()[-1]["note"] == "第1次催办:欧阳锋云又来电"


async def test_the_deputy_is_urged_where_nobody_has_signed_in_time(hotline: InProcess) -> None:
    await staff(hotline)
    ticket = await hotline.call(**NOISE)
    await hotline.later(timedelta(minutes=31))
    assert (await urge(hotline, ticket))["addressee"]["name"] == "乙"
    await hotline.step(ticket, "sign")
    assert (await urge(hotline, ticket))["addressee"]["name"] == "甲"


async def test_the_same_key_urges_once(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    first, again = [await urge(hotline, ticket, key="once") for _ in range(2)]
    assert first == again
    assert len(await hotline.rows("SELECT id FROM supervision_notices WHERE kind = 'urge'")) == 1


async def test_before_it_is_assigned_the_desk_is_urged(hotline: InProcess) -> None:
    ticket = await hotline.register(category="020100")
    told = await urge(hotline, ticket)
    assert (told["addressee"]["post"], told["department"]) == ("派单班长", None)


async def test_what_has_ended_is_not_urged_and_a_department_urges_nobody(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    department = await hotline.client("department", DEPARTMENT)
    path = f"/v1/supervision/tickets/{ticket['id']}/urge"
    assert (await department.post(path, json={"note": "催"})).status_code == 403
    for step, note in (("sign", None), ("contact", None), ("resolve", "已处理")):
        await hotline.step(ticket, step, note)
    refused = await urge(hotline, ticket)
    assert (refused["http"], refused["code"]) == (409, "illegal_transition")
    client = await hotline.client("supervisor")
    assert (await client.post("/v1/supervision/tickets/HK1/urge", json={"note": "催"})).status_code == 404
