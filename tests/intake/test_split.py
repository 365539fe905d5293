"""One ticket speaks of several matters: each of the others gets a ticket of its own, with the same caller."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.inprocess import Answer, InProcess
from tests.intake.test_attachments import PHOTO, RECORDING, attach, listed

LAMP = {"title": "路灯不亮", "text": "国兴大道路灯连续三晚不亮。", "category": "010500", "kind": "complaint"}
BOTH = {
    "title": "两件事",
    "text": "小区门口积水,另外路灯不亮。",
    "division": "460107001000",
    "caller": {"name": "王女士", "phone": "13800138001"},
}


async def split(hotline: InProcess, ticket: Answer, *matters: Any, **headers: str) -> Answer:
    body = {"because": "一次来电反映两件事", "matters": list(matters) or [LAMP]}
    client = await hotline.client()
    answer = await client.post(f"/v1/tickets/{ticket['id']}/split", json=body, headers=headers)
    await hotline.drain()
    return {"http": answer.status_code, **answer.json()}


async def test_a_matter_split_off_is_routed_on_its_own_and_promised_as_of_the_first_call(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(title="咨询", text="反映两件事", caller=BOTH["caller"])
    assert ticket["status"] == "triage"
    hotline.clock.time += timedelta(hours=1)
    made = await split(hotline, ticket, {**LAMP, "division": "460107001000"})
    assert made["http"] == 201
    first, new = made["tickets"]
    assert (first["id"], first["version"]) == (ticket["id"], ticket["version"] + 1)
    now = await hotline.ticket(new["id"])
    assert (now["status"], now["category"]) == ("assigned", "010500")
    assert now["accepted_at"] == ticket["accepted_at"]
    assert (now["caller"]["phone"], now["division"]) == (ticket["caller"]["phone"], "460107001000")
    links = (await (await hotline.client()).get(f"/v1/tickets/{new['id']}/links")).json()
    assert [(each["kind"], each["ticket"]) for each in links] == [("same_call", ticket["id"])]
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert history[-1]["note"] == f"拆分:一次来电反映两件事;分出{new['id']}"


async def test_who_splits_may_wait_for_the_department_and_date_of_each_part(hotline: InProcess) -> None:
    ticket = await hotline.call(title="咨询", text="反映两件事", caller=BOTH["caller"])
    lamp = {**LAMP, "division": "460107001000"}
    asked = asyncio.create_task(split(hotline, ticket, lamp, prefer="wait=5"))
    while not asked.done():
        await hotline.drain()
    first, new = (await asked)["tickets"]
    assert (first["id"], first["status"]) == (ticket["id"], "triage")
    assert (new["department"], new["due_at"]) == ("municipal-works-qiongshan", ticket["due_at"])


async def test_where_nothing_is_said_of_the_place_it_is_the_tickets(hotline: InProcess) -> None:
    ticket = await hotline.register(**BOTH)  # not yet dispatched
    made = await split(hotline, ticket)
    assert made["tickets"][1]["division"] == BOTH["division"]


async def test_every_part_shows_the_files_of_the_call_or_those_chosen_for_it(hotline: InProcess) -> None:
    ticket = await hotline.register(**BOTH, attachments=[RECORDING])
    await attach(hotline, ticket)
    photo = PHOTO["sha256"]
    puddle = {"title": "积水", "text": "门口积水", "attachments": [photo, photo]}
    made = await split(hotline, ticket, LAMP, puddle, {"title": "噪声", "text": "噪声大", "attachments": []})
    assert made["http"] == 201, made
    whole, lamp, hole, noise = [await listed(hotline, each) for each in made["tickets"]]
    assert lamp == whole != []
    assert [each["sha256"] for each in hole] == [photo]
    assert noise == []


async def test_a_file_the_ticket_does_not_have_is_pointed_to(hotline: InProcess) -> None:
    ticket = await hotline.register(**BOTH, attachments=[RECORDING])
    chosen = [RECORDING["sha256"], "c" * 64]
    refused = await split(hotline, ticket, {**LAMP, "attachments": chosen})
    assert (refused["http"], refused["pointer"]) == (422, "/matters/0/attachments/1")
    assert len(await hotline.rows("SELECT id FROM tickets")) == 1


async def test_a_matter_that_was_split_off_is_not_split_off_again(hotline: InProcess) -> None:
    ticket = await hotline.call(title="咨询", text="反映两件事", caller=BOTH["caller"])
    made = await split(hotline, ticket)
    again = await split(hotline, ticket, {**LAMP, "title": "积水", "text": "门口积水"}, LAMP)
    assert (again["http"], again["code"], again["pointer"]) == (409, "conflict", "/matters/1")
    assert made["tickets"][1]["id"] in again["detail"]
    assert len(await hotline.rows("SELECT id FROM tickets")) == 2
    other = await split(hotline, ticket, {**LAMP, "title": "积水", "text": "门口积水"})
    assert other["http"] == 201


async def test_the_same_key_splits_once(hotline: InProcess) -> None:
    ticket = await hotline.call()
    answers = [await split(hotline, ticket, **{"idempotency-key": "k"}) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(await hotline.rows("SELECT id FROM tickets")) == 2
    stale = await split(hotline, ticket, **{"if-match": f'"{ticket["version"]}"'})
    assert stale["code"] == "stale_version"


async def test_a_ticket_a_department_has_is_not_split(hotline: InProcess) -> None:
    ticket = await hotline.call(category="020100", division="460106002000")
    refused = await split(hotline, ticket)
    assert (refused["http"], refused["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("matter", "code", "pointer"),
    [
        ({"title": "x", "text": "y", "category": "999999"}, "unknown_category", "/category"),
        ({"title": "", "text": "y"}, "invalid", "/matters/0/title"),
    ],
)
async def test_a_matter_that_cannot_be_registered_leaves_everything_as_it_was(
    hotline: InProcess, matter: dict[str, str], code: str, pointer: str
) -> None:
    ticket = await hotline.call()
    refused = await split(hotline, ticket, matter)
    assert (refused["http"], refused["code"], refused["pointer"]) == (422, code, pointer)
    assert len(await hotline.rows("SELECT id FROM tickets")) == 1


async def test_an_accusation_split_off_goes_into_the_confidential_lane_and_is_linked_to_nothing(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(caller=BOTH["caller"])
    accusation = {"title": "反映问题", "text": "某科长收受贿赂。", "category": "140400", "kind": "report"}
    made = await split(hotline, ticket, accusation)
    assert made["http"] == 201
    (row,) = await hotline.rows("SELECT id, caller FROM tickets WHERE confidential")
    assert row.caller["withheld"] is True
    assert await hotline.rows("SELECT * FROM ticket_links") == []
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert row.id not in history[-1]["note"]


async def test_what_agents_read_of_the_open_matters_of_one_call_says_nothing_of_an_accusation(
    hotline: InProcess,
) -> None:
    accusation = {"title": "反映问题", "text": "某科长收受贿赂。", "category": "140400", "kind": "report"}
    ticket = await hotline.call(caller=BOTH["caller"])
    await split(hotline, ticket, accusation, LAMP)
    client = await hotline.client()
    await client.post("/v1/calls", json={"caller": BOTH["caller"], "matters": [accusation, LAMP]})
    kept = await hotline.rows(
        "SELECT t.confidential, convert_from(c.raw, 'UTF8') AS raw "
        "FROM source_calls c JOIN tickets t ON t.id = c.ticket_id WHERE c.raw LIKE '%matters%'"
    )
    assert sorted(
        (each.confidential, LAMP["text"] in each.raw, accusation["text"] in each.raw) for each in kept
    ) == [
        (False, True, False),
        (False, True, False),
        (True, True, True),
        (True, True, True),
    ]
