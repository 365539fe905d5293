"""Whatever a department can do at a route its system can do by hook, and it is the same."""

from typing import Any

import jsonschema

from services.access import DEPARTMENT as BY_DEPARTMENT
from services.access import ROUTES
from services.hooks.openapi import ADDRESS
from services.ticket_commands import PATH, TicketCommands
from tests.inprocess import Answer, InProcess
from tests.services.hooks.systems import DEPARTMENT, NOISE, System

HELPER = "urban-management"
READS = {"reveal"}
"""Shows the caller's number and is kept nowhere: at its route only."""
BEFORE_SIGNING = {"sign"}
HELPS = {"co_sign", "co_contact", "co_feedback", "co_answer"}
NEEDS_MORE = {"whistle", "resume", "renew_suspension", "co_contact", "co_feedback", "co_answer"}
"""Refused as the tickets below stand, at the route and by hook alike."""


async def outcome(hotline: InProcess, ticket: Answer) -> dict[str, Any]:
    """How a ticket stands, and what its history says was done last."""
    now = await hotline.ticket(ticket["id"])
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    last = {name: history[-1][name] for name in ("step", "status", "actor", "note", "version")}
    return {"status": now["status"], "version": now["version"], "last": last}


async def prepared(hotline: InProcess, name: str) -> list[Answer]:
    """Two tickets as far as a command needs them."""
    tickets = [await hotline.call(**NOISE) for _ in range(2)]
    for ticket in tickets:
        if name not in BEFORE_SIGNING:
            await hotline.step(ticket, "sign")
        if name in HELPS:
            lead = await hotline.client("department", DEPARTMENT)
            asked = {"department": HELPER, "due_at": "2026-11-24T09:00:00+08:00", "reason": "请协助"}
            answer = await lead.post(f"/v1/tickets/{ticket['id']}/co-handling", json=asked)
            assert answer.status_code == 201, answer.text
    return tickets


async def test_every_command_does_by_hook_what_it_does_at_its_route(
    hotline: InProcess, system: System
) -> None:
    known = hotline.resources.part(TicketCommands).by_name
    refused = set()
    async with System.opened(hotline, HELPER) as helping:
        for name, command in known.items():
            sender = helping if name in HELPS else system
            client = await hotline.client("department", sender.department)
            at_route, by_hook = await prepared(hotline, name)
            path = PATH.format(ticket_id=at_route["id"]) + command.path
            there = await client.post(path, json=dict(command.example))
            here = await sender.order(name, by_hook, data=dict(command.example))
            assert there.json().get("code") == here.json().get("code"), name
            assert (there.status_code >= 400) == (here.status_code >= 400), (name, here.text)
            assert await outcome(hotline, at_route) == await outcome(hotline, by_hook), name
            if here.status_code >= 400:
                refused.add(name)
    assert refused <= NEEDS_MORE, "an example that can be said is taken"


async def test_what_a_command_refuses_of_its_data_is_pointed_to_where_the_message_has_it(
    hotline: InProcess, system: System
) -> None:
    ticket, _ = await prepared(hotline, "open_procedure")
    known = hotline.resources.part(TicketCommands).by_name["open_procedure"]
    refused = await system.order("open_procedure", ticket, data={**known.example, "procedure": "NONE"})
    assert (refused.status_code, refused.json()["pointer"]) == (422, "/data/procedure")


def test_every_route_of_departments_about_one_ticket_is_a_command(hotline: InProcess) -> None:
    paths = {each.path for each in hotline.resources.part(TicketCommands).by_name.values()}
    own = {
        path.removeprefix(PATH)
        for (method, path), roles in ROUTES.items()
        if method == "POST" and path.startswith(PATH) and BY_DEPARTMENT in roles
    }
    assert own - READS == paths


async def test_what_may_come_next_is_said_by_the_names_of_commands(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    known = hotline.resources.part(TicketCommands).by_name
    for name in ("sign", "contact"):
        actions = (await system.order(name, ticket)).json()["state"]["actions"]
        assert actions
        assert set(actions) <= set(known)


async def test_a_helper_leads_nothing_and_a_stranger_sees_nothing(hotline: InProcess, system: System) -> None:
    (ticket, _) = await prepared(hotline, "co_sign")
    async with System.opened(hotline, HELPER) as helping, System.opened(hotline, "water-group") as stranger:
        lead = await helping.order("resolve", ticket, data={"note": "已办结"})
        assert (lead.status_code, lead.json()["code"]) == (409, "not_the_lead")
        assert lead.json()["state"]["actions"] == ["co_sign"]
        real = await stranger.order("sign", ticket, occurred_at="2026-11-23T08:00:00+08:00")
        made_up = await stranger.order("sign", {"id": "HK2026112399999999"})
    strip = [
        each.text.replace(ticket["id"], "N").replace("HK2026112399999999", "N") for each in (real, made_up)
    ]
    assert strip[0].replace(real.json()["id"], "M") == strip[1].replace(made_up.json()["id"], "M")
    assert (real.status_code, real.json()["code"], real.json()["state"]) == (404, "ticket_not_found", None)


async def test_who_did_it_and_at_which_post_stands_in_the_history(hotline: InProcess, system: System) -> None:
    ticket = await hotline.call(**NOISE)
    for command, by in (("sign", {"name": "王小明", "post": "A岗"}), ("contact", {"name": "李华"})):
        assert (await system.order(command, ticket, by=by)).status_code == 200
    kept = await hotline.rows("SELECT by FROM hook_commands ORDER BY id")
    assert [row.by for row in kept] == [{"name": "王小明", "post": "A岗"}, {"name": "李华", "post": None}]
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert [(each["unit"], each["person"], each["post"]) for each in history[-2:]] == [
        (DEPARTMENT, "王小明", "A岗"),
        (DEPARTMENT, "李华", None),
    ]


def test_every_command_is_described_with_an_example_that_its_description_allows(hotline: InProcess) -> None:
    api = hotline.app.openapi()
    content = api["paths"][ADDRESS]["post"]["requestBody"]["content"]["application/json"]
    schema = {"components": api["components"], **content["schema"]}
    checker = jsonschema.Draft202012Validator(schema)
    assert set(content["examples"]) == {*hotline.resources.part(TicketCommands).by_name, "batch"}
    for name, example in content["examples"].items():
        assert list(checker.iter_errors(example["value"])) == [], name
    (sign, contact) = (dict(content["examples"][each]["value"]) for each in ("sign", "return"))
    assert not checker.is_valid({**sign, "data": contact["data"]})
    assert not checker.is_valid({**sign, "command": "eat"})
    assert not checker.is_valid({**sign, "wish": 1})
    assert api["paths"][ADDRESS]["post"]["security"] == [{"signature": []}]


async def test_what_the_route_notes_of_a_refusal_the_hook_notes_too(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.rows("UPDATE assignments SET binding = 'adjudicated' RETURNING id")
    answer = await system.order("return", ticket, data={"reason": "wrong_place", "note": "不在辖区"})
    assert (answer.status_code, answer.json()["code"]) == (409, "adjudication_binds")
    last = (await outcome(hotline, ticket))["last"]
    assert (last["step"], last["note"]) == ("note", "裁定后仍要求退单,不予受理退单")
    assert answer.json()["state"]["version"] == last["version"]
