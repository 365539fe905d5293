"""A batch of lines: each has its own outcome, and what is registered is registered once."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import httpx
from sqlalchemy import func, select

from intake.batch import AT_ONCE
from intake.tables import source_calls
from services.tables import outbox, ticket_history, tickets
from tests.inprocess import InProcess

LINES = {"content-type": "application/x-ndjson"}


def line(**more: Any) -> bytes:
    return json.dumps({"kind": "help", "title": "路灯不亮", "text": "国兴大道路灯不亮三天", **more}).encode()


async def send(hotline: InProcess, body: bytes) -> list[dict[str, Any]]:
    answer = await (await hotline.client()).post("/v1/tickets:batch", content=body, headers=LINES)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(each) for each in answer.text.splitlines()]


async def counts(hotline: InProcess) -> list[int]:
    async with hotline.resources.database.transaction() as connection:
        tables = (tickets, ticket_history, outbox, source_calls)
        found = [select(func.count()).select_from(each) for each in tables]
        return [(await connection.execute(each)).scalar_one() for each in found]


def statuses(results: Sequence[dict[str, Any]]) -> list[int]:
    return [each["status"] for each in results]


async def test_every_line_has_its_result_in_order_and_a_bad_one_stops_no_other(hotline: InProcess) -> None:
    body = b"\n".join(
        [
            line(source_number="甲-1"),
            b"{not json",
            b"",
            line(category="990000"),
            line(title=""),
            b"[1]",
            b"\xff\xfe",
            line(source_number="甲-2"),
        ]
    )
    results = await send(hotline, body)
    assert [each["line"] for each in results] == [1, 2, 4, 5, 6, 7, 8]
    assert statuses(results) == [201, 422, 422, 422, 422, 422, 201]
    refused = [(each.get("code"), each.get("pointer")) for each in results[1:6]]
    assert refused == [
        ("invalid", ""),
        ("unknown_category", "/category"),
        ("invalid", "/title"),
        ("invalid", ""),
        ("invalid", ""),
    ]
    assert await counts(hotline) == [2, 2, 2, 7]  # the refused ones are kept as they came
    shown = await (await hotline.client()).get(f"/v1/tickets/{results[-1]['ticket']}")
    assert shown.json()["source_number"] == "甲-2"


async def test_a_batch_sent_again_registers_nothing_again(hotline: InProcess) -> None:
    body = b"\n".join(line(source_number=f"乙-{each}") for each in range(5))
    first = await send(hotline, body)
    again = await send(hotline, body + b"\n" + line(source_number="乙-5"))
    assert statuses(first) == [201] * 5
    assert statuses(again) == [200] * 5 + [201]
    assert [each["ticket"] for each in again[:5]] == [each["ticket"] for each in first]
    assert (await counts(hotline))[0] == 6


async def test_a_line_twice_in_one_batch_is_one_ticket(hotline: InProcess) -> None:
    results = await send(hotline, b"\n".join([line(source_number="丙"), line(source_number="丙")]))
    assert statuses(results) == [201, 200]
    assert results[0]["ticket"] == results[1]["ticket"]
    assert await counts(hotline) == [1, 1, 1, 2]  # both calls are kept


async def test_more_lines_than_one_commit_takes_are_all_registered(hotline: InProcess) -> None:
    many = 2 * AT_ONCE + 7
    results = await send(hotline, b"\n".join(line(source_number=f"丁-{each}") for each in range(many)))
    assert statuses(results) == [201] * many
    assert len({each["ticket"] for each in results}) == many
    assert await counts(hotline) == [many] * 4


async def test_a_line_too_long_is_refused_alone(hotline: InProcess) -> None:
    longest = hotline.resources.settings.max_body_bytes
    body = b"\n".join(
        [line(source_number="戊"), b"x" * (2 * longest), line(source_number="己"), b"y" * (longest + 1)]
    )
    results = await send(hotline, body)
    assert [(each["line"], each["status"], each.get("code")) for each in results] == [
        (1, 201, None),
        (2, 413, "too_large"),
        (3, 201, None),
        (4, 413, "too_large"),
    ]


async def keyed(hotline: InProcess, body: bytes, key: str) -> httpx.Response:
    headers = {**LINES, "idempotency-key": key}
    return await (await hotline.client()).post("/v1/tickets:batch", content=body, headers=headers)


async def test_a_batch_sent_again_under_its_key_is_answered_as_it_was(hotline: InProcess) -> None:
    body = b"\n".join([*(line() for _ in range(AT_ONCE + 3)), b"{"])
    first, again = (
        await keyed(hotline, body, "k"),
        await keyed(hotline, body, "k"),
    )
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content
    assert (await counts(hotline))[0] == AT_ONCE + 3
    other = await keyed(hotline, line(), "k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")


async def test_a_batch_that_ends_otherwise_than_its_key_says_so_in_the_lines_that_differ(
    hotline: InProcess,
) -> None:
    begun = b"\n".join(line() for _ in range(AT_ONCE))
    await keyed(hotline, begun + b"\n" + line(), "k")
    results = (await keyed(hotline, begun + b"\n" + line(title="另一件"), "k")).text.splitlines()
    assert [json.loads(each)["status"] for each in results] == [201] * AT_ONCE + [409]
    assert (await counts(hotline))[0] == AT_ONCE + 1


async def test_who_handed_in_a_refused_line_is_kept_with_it(hotline: InProcess) -> None:
    await send(hotline, b"{")
    assert [each.actor for each in await hotline.rows("SELECT actor FROM source_calls")] == ["agent:agent"]


async def test_lines_are_answered_while_others_are_still_on_their_way(hotline: InProcess) -> None:
    key = (await hotline.client()).headers["authorization"]
    parts = iter([b"\n".join([line()] * AT_ONCE) + b"\n", line()])
    answered = asyncio.Event()
    came: list[bytes] = []

    async def receive() -> dict[str, Any]:
        part = next(parts)
        if came:  # the second part is sent only when the first has been answered
            await answered.wait()
        return {"type": "http.request", "body": part, "more_body": part.endswith(b"\n")}

    async def send_back(message: Any) -> None:
        came.append(message.get("body", b""))
        if len(came) == 2:
            answered.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/tickets:batch",
        "raw_path": b"/v1/tickets:batch",
        "query_string": b"",
        "headers": [(b"authorization", key.encode()), (b"content-type", b"application/x-ndjson")],
    }
    await hotline.app(scope, receive, send_back)
    assert answered.is_set()
    assert [each.count(b'"status": 201') for each in came] == [0, AT_ONCE, 1, 0]


async def test_a_batch_of_nothing_has_no_results(hotline: InProcess) -> None:
    assert await send(hotline, b"\n \n") == []


async def test_a_department_hands_in_no_batch(hotline: InProcess) -> None:
    client = await hotline.client("department", "water-affairs")
    answer = await client.post("/v1/tickets:batch", content=line(), headers=LINES)
    assert answer.status_code == 403
