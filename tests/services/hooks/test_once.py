"""However often a message comes, and by however many ways at once, each command takes effect once."""

import asyncio
import json
from datetime import timedelta

from services.purge import purge_once
from tests.inprocess import Answer, InProcess
from tests.services.hooks.systems import DEPARTMENT, NOISE, System, commands, inbox


async def steps(hotline: InProcess, ticket: Answer) -> list[str]:
    answer = await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")
    return [each["step"] for each in answer.json()]


async def test_the_same_message_again_gets_the_same_answer_byte_for_byte(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    first = await system.order("sign", ticket, "msg_1")
    await hotline.step(ticket, "contact")
    again = await system.order("sign", ticket, "msg_1")
    assert (again.status_code, again.content) == (200, first.content)
    assert (await steps(hotline, ticket)).count("sign") == 1
    assert len(await inbox(hotline)) == len(await commands(hotline)) == 1


async def test_what_was_refused_stays_refused_under_its_id_and_is_taken_under_another(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    first = await system.order("contact", ticket, "msg_1")
    assert (first.status_code, first.json()["code"]) == (409, "illegal_transition")
    await system.order("sign", ticket)
    again = await system.order("contact", ticket, "msg_1")
    assert (again.status_code, again.content) == (409, first.content)
    assert (await system.order("contact", ticket, "msg_2")).status_code == 200


async def test_another_body_under_the_same_id_is_refused_and_the_first_stays(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    await system.order("sign", ticket, "msg_1", data={"note": "一"})
    for other in ({"data": {"note": "二"}}, {"data": {"note": "一"}, "version": 2}):
        answer = await system.order("sign", ticket, "msg_1", **other)
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_mismatch")
    (kept,) = await inbox(hotline)
    assert json.loads(kept.body)["data"] == {"note": "一"}


async def test_one_id_of_two_departments_is_two(hotline: InProcess, system: System) -> None:
    ticket = await hotline.call(**NOISE)
    async with System.opened(hotline, "water-group") as other:
        assert (await other.order("sign", ticket, "msg_1")).status_code == 404
    assert (await system.order("sign", ticket, "msg_1")).status_code == 200


async def test_copies_that_come_at_the_same_moment_take_effect_once(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    answers = await asyncio.gather(*(system.order("sign", ticket, "msg_1") for _ in range(8)))
    assert {each.status_code for each in answers} == {200}
    assert len({each.content for each in answers}) == 1
    assert (await steps(hotline, ticket)).count("sign") == 1


async def test_of_different_bodies_under_one_id_at_the_same_moment_one_is_taken(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    answers = await asyncio.gather(
        *(system.order("sign", ticket, "msg_1", data={"note": f"第{at}个"}) for at in range(6))
    )
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409, 409, 409]


async def test_of_the_same_step_under_different_ids_at_the_same_moment_one_is_taken(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    answers = await asyncio.gather(*(system.order("sign", ticket) for _ in range(6)))
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409, 409, 409]
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"illegal_transition"}
    assert (await steps(hotline, ticket)).count("sign") == 1


async def test_a_message_whose_answer_was_lost_with_its_process_goes_on_where_it_was(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    said = {
        "commands": [
            {"id": f"cmd_{each}", "command": each, "ticket": ticket["id"]} for each in ("sign", "contact")
        ]
    }
    first = await system.say(said, "msg_1")
    await hotline.rows("UPDATE hook_messages SET status = NULL, answer = NULL RETURNING id")
    await hotline.rows("DELETE FROM hook_commands WHERE id = 'cmd_contact' RETURNING id")
    await hotline.rows("UPDATE tickets SET status = 'signed' RETURNING id")
    again = await system.say(said, "msg_1")
    assert [each["outcome"] for each in again.json()["results"]] == ["applied", "applied"]
    assert again.json()["results"][0] == first.json()["results"][0]
    assert (await steps(hotline, ticket)).count("sign") == 1
    assert (await system.say(said, "msg_1")).content == again.content


async def test_what_came_is_cleared_away_when_its_time_is_over(hotline: InProcess, system: System) -> None:
    ticket = await hotline.call(**NOISE)
    await system.order("sign", ticket)
    hotline.clock.time += timedelta(days=179)
    await purge_once(hotline.resources)
    assert len(await inbox(hotline)) == len(await commands(hotline)) == 1
    hotline.clock.time += timedelta(days=2)
    await purge_once(hotline.resources)
    assert await inbox(hotline) == await commands(hotline) == []
    client = await hotline.client("department", DEPARTMENT)
    assert len((await client.get(f"/v1/hooks/{DEPARTMENT}/secrets")).json()) == 1
