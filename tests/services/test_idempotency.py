"""The same request again gets the same answer, whatever happened in between."""

import asyncio
from typing import Any

import httpx

from services.idempotency import LONGEST_KEY
from tests.inprocess import Answer, InProcess

CALL = {"kind": "complaint", "title": "路灯不亮", "text": "国兴大道路灯不亮三天"}
NOISE = {"category": "020100", "division": "460106002000"}


async def tickets(hotline: InProcess) -> int:
    return int((await hotline.rows("SELECT count(*) AS n FROM tickets"))[0].n)


async def post(
    hotline: InProcess, body: dict[str, Any], key: str | None, who: str = "agent", path: str = "/v1/tickets"
) -> httpx.Response:
    client = await hotline.client(who)
    return await client.post(path, json=body, headers={"idempotency-key": key} if key else {})


def same(answers: list[httpx.Response]) -> bool:
    """The same, byte for byte, and for the headers that say something about the ticket."""
    seen = {(a.status_code, a.content, a.headers.get("location"), a.headers.get("etag")) for a in answers}
    return len(seen) == 1


async def test_a_call_sent_again_is_the_same_ticket_answered_as_it_was(hotline: InProcess) -> None:
    first = await post(hotline, CALL | NOISE, "call-1")
    await hotline.drain()  # it is assigned meanwhile: a fresh answer would say so
    again = await post(hotline, CALL | NOISE, "call-1")
    assert first.status_code == 201
    assert same([first, again])
    assert await tickets(hotline) == 1


async def test_the_key_with_another_body_is_a_conflict_and_changes_nothing(hotline: InProcess) -> None:
    await post(hotline, CALL, "call-1")
    answer = await post(hotline, {**CALL, "title": "另一件事"}, "call-1")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "idempotency_mismatch")
    assert answer.headers["content-type"] == "application/problem+json"
    assert await tickets(hotline) == 1


async def test_the_key_on_another_path_is_a_conflict(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    other = await hotline.call(**NOISE)
    client = await hotline.client("department", ticket["department"])
    taken = [
        await client.post(f"/v1/tickets/{each['id']}/sign", json={}, headers={"idempotency-key": "sign"})
        for each in (ticket, other)
    ]
    assert [each.status_code for each in taken] == [200, 409]


async def test_two_callers_may_use_the_same_key(hotline: InProcess) -> None:
    answers = [await post(hotline, CALL, "call-1", who) for who in ("agent", "supervisor")]
    assert answers[0].json()["id"] != answers[1].json()["id"]


async def test_without_a_key_every_call_is_a_ticket(hotline: InProcess) -> None:
    answers = [await post(hotline, CALL, None) for _ in range(2)]
    assert answers[0].json()["id"] != answers[1].json()["id"]


async def test_many_at_once_with_one_key_make_one_ticket(hotline: InProcess) -> None:
    await hotline.client()
    answers = await asyncio.gather(*(post(hotline, CALL, "call-1") for _ in range(20)))
    assert same(answers)
    assert await tickets(hotline) == 1


async def test_many_at_once_with_one_key_and_different_bodies_make_one_ticket(hotline: InProcess) -> None:
    await hotline.client()
    bodies = [{**CALL, "title": f"第{number}件"} for number in range(10)]
    answers = await asyncio.gather(*(post(hotline, body, "call-1") for body in bodies))
    assert sorted(each.status_code for each in answers) == [201] + [409] * 9
    assert await tickets(hotline) == 1


async def test_batches_of_keyed_calls_in_any_order_never_wait_for_each_other(hotline: InProcess) -> None:
    await hotline.client()
    keys = [f"call-{number}" for number in range(30)]
    answers = await asyncio.gather(*(post(hotline, CALL, key) for key in [*keys, *reversed(keys), *keys]))
    assert {each.status_code for each in answers} == {201}
    assert await tickets(hotline) == 30


async def test_a_call_that_was_refused_may_be_sent_again_mended(hotline: InProcess) -> None:
    refused = await post(hotline, {**CALL, "category": "990000"}, "call-1")
    mended = await post(hotline, CALL, "call-1")
    assert (refused.status_code, mended.status_code) == (422, 201)


async def test_a_key_is_any_text_of_a_header(hotline: InProcess) -> None:
    client = await hotline.client()
    keys = [b"x" * LONGEST_KEY, "钥匙".encode(), b"a b/c=\xff", b"'; DROP"]
    for count, key in enumerate(keys, 1):
        sent = [client.post("/v1/tickets", json=CALL, headers={b"idempotency-key": key}) for _ in "12"]
        answers = await asyncio.gather(*sent)
        assert answers[0].status_code == 201, key
        assert same(answers), key
        assert await tickets(hotline) == count


async def test_a_key_too_short_or_too_long_is_refused(hotline: InProcess) -> None:
    client = await hotline.client()
    for key in ("", "x" * (LONGEST_KEY + 1)):
        answer = await client.post("/v1/tickets", json=CALL, headers={"idempotency-key": key})
        assert (answer.status_code, answer.json()["pointer"]) == (422, "header:idempotency-key")
    assert await tickets(hotline) == 0


async def signed(hotline: InProcess, ticket: Answer, **headers: str) -> httpx.Response:
    client = await hotline.client("department", ticket["department"])
    return await client.post(f"/v1/tickets/{ticket['id']}/sign", json={}, headers=headers)


async def steps(hotline: InProcess, ticket: Answer) -> list[str]:
    client = await hotline.client()
    history = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()
    return [each["step"] for each in history]


async def test_a_command_sent_again_is_taken_once_and_answered_as_it_was(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    key = {"idempotency-key": "sign-1"}
    first = await signed(hotline, ticket, **key)
    await hotline.step(ticket, "contact")
    again = await signed(hotline, ticket, **key)
    assert first.status_code == 200
    assert same([first, again])
    assert (await steps(hotline, ticket)).count("sign") == 1
    assert (await signed(hotline, ticket)).json()["code"] == "illegal_transition"


async def test_many_commands_at_once_with_one_key_are_taken_once(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.client("department", ticket["department"])
    key = {"idempotency-key": "sign-1"}
    answers = await asyncio.gather(*(signed(hotline, ticket, **key) for _ in range(10)))
    assert same(list(answers))
    assert (await steps(hotline, ticket)).count("sign") == 1


async def test_a_refused_command_leaves_its_key_free(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    key = {"idempotency-key": "sign-1"}
    stale = await signed(hotline, ticket, **key, **{"if-match": '"1"'})
    taken = await signed(hotline, ticket, **key)
    assert (stale.status_code, taken.status_code) == (412, 200)


async def test_a_command_for_another_version_than_the_present_is_refused_with_the_present_one(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    refused = await signed(hotline, ticket, **{"if-match": '"1"'})
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["version"]) == (412, "stale_version", 2)
    assert "sign" not in await steps(hotline, ticket)


async def test_a_command_for_the_present_version_or_for_any_is_taken(hotline: InProcess) -> None:
    for match in ('"2"', "2", "*", ' "2" ', None):
        ticket = await hotline.call(**NOISE)
        read = await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}")
        assert read.headers["etag"] == '"2"'
        taken = await signed(hotline, ticket, **({"if-match": match} if match else {}))
        assert taken.status_code == 200, match


async def test_a_version_that_cannot_be_read_is_refused(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    client = await hotline.client("department", ticket["department"])
    for match in (b'"two"', b'""', b"-2", b'"2", "3"', b'W/"2"', b"9" * 400, b'"\xb2"'):
        path = f"/v1/tickets/{ticket['id']}/sign"
        problem = (await client.post(path, json={}, headers={b"if-match": match})).json()
        assert (problem["status"], problem["pointer"]) == (422, "header:if-match"), match


async def test_of_two_commands_that_saw_the_same_version_one_is_taken(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    client = await hotline.client("department", ticket["department"])
    path = f"/v1/tickets/{ticket['id']}"
    both = await asyncio.gather(
        client.post(f"{path}/sign", json={}, headers={"if-match": '"2"'}),
        client.post(
            f"{path}/return",
            json={"note": "不属于我单位", "reason": "wrong_place"},
            headers={"if-match": '"2"'},
        ),
    )
    assert sorted(each.status_code for each in both) == [200, 412]
