"""Several commands in one message: each its own answer, in their order, none spoilt by another."""

import json
from collections.abc import Callable
from typing import Any

from schemas.acts import NoteRequest
from services.ticket_commands import TicketCommand, TicketCommands
from tests.inprocess import Answer, InProcess
from tests.services.hooks.systems import NOISE, OTHER, System, commands

Batch = dict[str, Any]


def order(command: str, ticket: Answer, key: str, **rest: Any) -> Batch:
    return {"id": key, "command": command, "ticket": ticket["id"], **rest}


async def test_each_command_has_an_answer_of_its_own_and_a_bad_one_spoils_none(
    hotline: InProcess, system: System
) -> None:
    one, two = await hotline.call(**NOISE), await hotline.call(**NOISE)
    said = [
        order("sign", one, "a"),
        order("resolve", one, "b"),  # without what was done
        order("eat", one, "c"),
        {"id": "d", "command": "sign", "ticket": "HK0"},
        "nonsense",
        {"command": "sign", "ticket": two["id"]},  # no id
        {**order("sign", two, "e"), "wish": 1},
        {"id": "a.b", "command": "sign", "ticket": two["id"]},
        order("contact", one, "f"),
        order("sign", two, "g"),
    ]
    answer = await system.say({"commands": said}, "msg_1")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    told = answer.json()["results"]
    assert [(each["id"], each["status"]) for each in told] == [
        ("a", 200),
        ("b", 422),
        ("c", 422),
        ("d", 404),
        ("msg_1.4", 422),
        ("msg_1.5", 422),
        ("e", 422),
        ("msg_1.7", 422),
        ("f", 200),
        ("g", 200),
    ]
    assert [each["problem"]["pointer"] for each in told if each["status"] == 422] == [
        "/data/note",
        "/command",
        "/id",
        "/id",
        "/wish",
        "/id",
    ]
    assert (await hotline.ticket(one["id"]))["status"] == "contacted"
    assert (await hotline.ticket(two["id"]))["status"] == "signed"
    assert len(await commands(hotline)) == len(said)


async def test_a_tickets_commands_are_taken_in_the_order_they_stand_in(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    told = [order("sign", ticket, "a"), order("contact", ticket, "b"), order("contact", ticket, "c")]
    told.append(order("resolve", ticket, "d", data={"note": "已停工"}))
    results = (await system.say({"commands": told})).json()["results"]
    assert [each["outcome"] for each in results] == ["applied", "applied", "refused", "applied"]
    assert [each["state"]["status"] for each in results] == ["signed", "contacted", "contacted", "resolved"]


async def test_a_command_is_known_by_its_id_in_whatever_message_it_comes(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    alone = await system.order("sign", ticket, "cmd_1", data={"note": "甲"})
    same = order("sign", ticket, "cmd_1", data={"note": "甲"})
    other = order("sign", ticket, "cmd_1", data={"note": "乙"})
    twice = (await system.say({"commands": [same, other, same]}, "msg_2")).json()["results"]
    assert twice[0] == twice[2] == alone.json()
    assert (twice[1]["status"], twice[1]["problem"]["code"]) == (409, "idempotency_mismatch")


async def test_a_batch_has_no_more_commands_than_the_operator_lets_it(
    hotline: InProcess, system: System
) -> None:
    most = hotline.resources.settings.hooks.max_commands
    ticket = await hotline.call(**NOISE)
    many = [order("sign", ticket, f"cmd_{at}") for at in range(most + 1)]
    answer = await system.say({"commands": many})
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/commands")
    assert await commands(hotline) == []
    assert (await hotline.ticket(ticket["id"]))["status"] == "assigned"


async def test_where_the_service_fails_the_tickets_others_wait_and_a_second_try_does_them(
    hotline: InProcess, system: System
) -> None:
    one, two = await hotline.call(**NOISE), await hotline.call(**NOISE)
    failing = True

    async def may_fail(ticket_id: str, _: Any, *rest: Any) -> Any:
        if failing:
            raise ZeroDivisionError
        return await sign.use_case(ticket_id, sign.says(), *rest)

    known = hotline.resources.part(TicketCommands).by_name
    sign = known["sign"]
    use_case: Callable[..., Any] = may_fail
    faulty = TicketCommand("faulty", "sign", NoteRequest, use_case, "Fails until it is mended.")
    hotline.resources.part(TicketCommands).add([faulty])
    said = {
        "commands": [
            order("faulty", one, "a", data={"note": "x"}),
            order("contact", one, "b"),
            order("sign", two, "c"),
        ]
    }
    first = (await system.say(said, "msg_1")).json()["results"]
    assert [(each["outcome"], each["status"]) for each in first] == [
        ("undecided", 503),
        ("undecided", 503),
        ("applied", 200),
    ]
    assert [each.id for each in await commands(hotline)] == ["c"]
    failing = False
    again = (await system.say(said, "msg_1")).json()["results"]
    assert [each["outcome"] for each in again] == ["applied"] * 3
    assert again[2] == first[2]
    alone = await system.say({"command": "faulty", "ticket": one["id"], "data": {"note": "x"}}, "a2")
    assert alone.status_code == 409


async def test_a_batch_touches_nobody_elses_ticket(hotline: InProcess, system: System) -> None:
    ticket = await hotline.call(**NOISE)
    async with System.opened(hotline, OTHER) as other:
        missing = {**ticket, "id": "HK2026112399999999"}
        said = {"commands": [order("sign", ticket, "a"), order("sign", missing, "b")]}
        told = (await other.say(said)).json()["results"]
    plain = [json.dumps(each).replace(ticket["id"], "N").replace(missing["id"], "N") for each in told]
    assert plain[0].replace('"a"', '"b"') == plain[1]
    assert (told[0]["status"], told[0]["problem"]["code"], told[0]["state"]) == (
        404,
        "ticket_not_found",
        None,
    )
