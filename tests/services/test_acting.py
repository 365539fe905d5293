"""A history names the unit, the person and the post behind each step, where they are known."""

from typing import Any

import pytest

from services.acting import unit_of
from services.ticket_commands import TicketCommands
from tests.inprocess import Answer, InProcess
from tests.router.desk import person

NOISE = {"category": "020100", "division": "460106002000"}
CLERK = {"name": "工号0231", "post": "投诉科科员"}


async def last(hotline: InProcess, ticket: Answer) -> tuple[Any, ...]:
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    return tuple(history[-1][name] for name in ("unit", "person", "post"))


async def test_whom_a_command_names_is_kept_and_not_taken_for_the_next_one(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    owner = await hotline.client("department", ticket["department"])
    assert (await owner.post(f"/v1/tickets/{ticket['id']}/sign", json={"by": CLERK})).status_code == 200
    assert await last(hotline, ticket) == (ticket["department"], "工号0231", "投诉科科员")
    assert (await owner.post(f"/v1/tickets/{ticket['id']}/contact", json={})).status_code == 200
    assert await last(hotline, ticket) == (ticket["department"], None, None)


BY_DEPARTMENTS = (
    "contact",
    "feedback",
    "return",
    "ask_extension",
    "ask_suspension",
    "open_procedure",
    "ask_supplement",
    "co_assign",
    "resolve",
)


async def test_every_command_of_a_department_may_say_whose_it_is(hotline: InProcess) -> None:
    known = hotline.resources.part(TicketCommands).by_name
    for name in BY_DEPARTMENTS:
        ticket = await hotline.call(**NOISE)
        await hotline.step(ticket, "sign")
        owner = await hotline.client("department", ticket["department"])
        said = {**known[name].example, "by": CLERK}
        answer = await owner.post(f"/v1/tickets/{ticket['id']}/{known[name].path}", json=said)
        assert answer.status_code < 300, (name, answer.text)
        assert await last(hotline, ticket) == (ticket["department"], "工号0231", "投诉科科员"), name
    assert [name for name, each in known.items() if "by" not in each.says.model_fields] == []


async def test_a_key_of_one_person_names_them_in_all_they_do(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    agent = await person(hotline, "seat-3")
    await hotline.rows(
        "UPDATE api_keys SET person = '周某', post = '话务员' WHERE name = 'seat-3' RETURNING id"
    )
    assert (await agent.post(f"/tickets/{ticket['id']}/urge"))["http"] == 200
    assert await last(hotline, ticket) == ("12345", "周某", "话务员")
    timeline = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/timeline")).json()
    assert timeline[-1]["facts"]["person"] == "周某"


async def test_who_resolves_is_in_the_history_and_in_the_resolution(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    owner = await hotline.client("department", ticket["department"])
    said = {"note": "已办结", "by": CLERK}
    assert (await owner.post(f"/v1/tickets/{ticket['id']}/resolve", json=said)).status_code == 200
    assert await last(hotline, ticket) == (ticket["department"], "工号0231", "投诉科科员")


@pytest.mark.parametrize(
    ("actor", "unit"),
    [
        ("department:water-group", "water-group"),
        ("agent:first", "12345"),
        ("router", None),
        ("import:x", None),
    ],
)
def test_a_unit_is_a_department_or_the_hotline(actor: str, unit: str | None) -> None:
    assert unit_of(actor) == unit
