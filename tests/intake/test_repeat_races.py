"""One caller's matter is one ticket, whichever endpoints and processes its calls come by at once."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from intake.domain.normalize import normalize
from intake.entry import Arrival
from intake.register import register
from intake.repeats import hold_callers
from intake.store import Reference
from schemas.ticket import Call
from tests.conftest import MONDAY, ROLES
from tests.inprocess import InProcess

WAGES: dict[str, Any] = {
    "kind": "complaint",
    "title": "拖欠工资",
    "text": "某建筑公司拖欠我和工友去年十月到十二月的工资共四万二千元,多次讨要老板都不接电话",
    "category": "060100",
    "division": "460108000000",
    "caller": {"name": "符先生", "phone": "13800138000"},
}
LAMP: dict[str, Any] = {
    "title": "路灯不亮",
    "text": "和平南路与海府路之间的人行道上连续三晚没有一盏路灯亮着,老人小孩走路都要打手电筒",
    "category": "010500",
    "kind": "complaint",
}
WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"


@pytest.fixture
async def both(hotline: InProcess, database_url: str, tmp_path: Path) -> AsyncIterator[list[InProcess]]:
    """Two processes that take calls into one database."""
    async with InProcess.opened(database_url, ROLES, MONDAY) as other:
        yield [hotline, other]


async def single(process: InProcess, **call: Any) -> httpx.Response:
    return await (await process.client()).post("/v1/tickets", json={**WAGES, **call})


async def several(process: InProcess) -> httpx.Response:
    wages = {name: value for name, value in WAGES.items() if name != "caller"}
    said = {"caller": WAGES["caller"], "matters": [wages, LAMP]}
    return await (await process.client()).post("/v1/calls", json=said)


async def lines(process: InProcess, *calls: dict[str, Any]) -> httpx.Response:
    content = "\n".join(json.dumps(each, ensure_ascii=False) for each in calls).encode()
    headers = {"content-type": "application/x-ndjson"}
    return await (await process.client()).post("/v1/tickets:batch", content=content, headers=headers)


async def texts(hotline: InProcess) -> list[str]:
    return sorted(row.text for row in await hotline.rows("SELECT text FROM tickets"))


async def test_calls_of_several_matters_at_once_make_one_ticket_of_each(hotline: InProcess) -> None:
    answers = await asyncio.gather(*(several(hotline) for _ in range(8)))
    assert {each.status_code for each in answers} == {201}
    assert await texts(hotline) == sorted([WAGES["text"], LAMP["text"]])


async def test_batches_at_once_make_one_ticket_of_each_matter(hotline: InProcess) -> None:
    lamp = {**LAMP, "caller": WAGES["caller"]}
    answers = await asyncio.gather(*(lines(hotline, WAGES, lamp, WAGES) for _ in range(6)))
    assert {each.status_code for each in answers} == {200}
    assert await texts(hotline) == sorted([WAGES["text"], LAMP["text"]])


async def test_every_endpoint_of_two_processes_at_once_makes_one_ticket(both: list[InProcess]) -> None:
    work = [way(process) for process in both for way in (single, several, single) for _ in range(3)]
    work += [lines(process, WAGES) for process in both for _ in range(3)]
    answers = await asyncio.gather(*work)
    assert {each.status_code for each in answers} <= {200, 201}
    assert await texts(both[0]) == sorted([WAGES["text"], LAMP["text"]])


async def test_one_caller_told_by_an_id_number_here_and_a_phone_there_has_one_ticket(
    both: list[InProcess],
) -> None:
    number = "460100199001011230"
    known = {"name": "符先生", "id_number": number}
    callers = [known, {**known, "phone": "13800138000"}]
    work = [single(process, caller=caller) for process in both for caller in callers for _ in range(3)]
    assert {each.status_code for each in await asyncio.gather(*work)} <= {200, 201}
    assert await texts(both[0]) == [WAGES["text"]]


async def test_a_call_looked_up_before_another_was_registered_is_looked_up_again(hotline: InProcess) -> None:
    resources = hotline.resources
    catalogue = await resources.part(Reference).catalogue()
    call = normalize(Call.model_validate(WAGES), catalogue, MONDAY)
    async with resources.database.transaction() as connection:
        await hold_callers(connection, [call.call])
        asked = asyncio.ensure_future(single(hotline))
        while not await hotline.rows(WAITING):
            await asyncio.sleep(0.01)
        (first,) = await register(connection, [Arrival(call, b"{}", "application/json", "test")], resources)
    answer = await asked
    assert (answer.status_code, answer.json()["id"]) == (200, first.ticket["id"])
    assert await texts(hotline) == [WAGES["text"]]


async def test_batches_that_meet_in_opposite_orders_and_single_calls_all_succeed(
    both: list[InProcess],
) -> None:
    calls = [
        {
            **WAGES,
            "source_number": f"S{number:03}",
            "caller": {"name": "符先生", "phone": f"1380013{number:04}"},
        }
        for number in range(60)
    ]
    orders = [calls, calls[::-1], calls[30:] + calls[:30], calls[::2] + calls[1::2]]
    work: list[Any] = [lines(process, *order) for process in both for order in orders]
    work += [
        single(process, source_number=each["source_number"], caller=each["caller"])
        for process in both
        for each in calls[::5]
    ]
    answers = await asyncio.gather(*work)
    assert {each.status_code for each in answers} <= {200, 201}
    batches = [json.loads(line) for each in answers[:8] for line in each.text.splitlines()]
    assert {each["status"] for each in batches} <= {200, 201}
    assert len(await texts(both[0])) == 60


async def test_batches_that_urge_the_same_tickets_in_opposite_orders_all_count(both: list[InProcess]) -> None:
    calls = [{**WAGES, "caller": {"name": "符先生", "phone": f"1380013{number:04}"}} for number in range(20)]
    await lines(both[0], *calls)
    orders = [calls, calls[::-1], calls[10:] + calls[:10]]
    answers = await asyncio.gather(*(lines(process, *order) for process in both for order in orders))
    assert {each.status_code for each in answers} == {200}
    urged = [row.urged for row in await both[0].rows("SELECT urged FROM tickets")]
    assert urged == [6] * 20
