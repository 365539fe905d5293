"""What a vendor may rely on, against real receivers that misbehave in every way we know (W1 to W7)."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from aiohttp import ClientSession, TCPConnector
from standardwebhooks import Webhook, WebhookVerificationError

import services.webhooks.guard
from schemas.events import data_class
from services.webhooks.announce import TYPES
from services.webhooks.domain.schedule import RETRY_AFTER
from services.webhooks.guard import Guard
from tests.inprocess import InProcess
from tests.services.webhooks.test_delivery import (
    DEPARTMENT,
    NOISE,
    OTHER,
    deliveries,
    delivering,
    noted,
    subscribe,
    until,
    verify,
)
from tests.sink import Sink, opened_sink

DELIVERIES, REPLAYS, ENDPOINTS = (f"/v1/webhooks/{each}" for each in ("deliveries", "replays", "endpoints"))
REBOUND, NOWHERE = "rebound.example.cn", "nowhere.example.cn"


async def log_of(hotline: InProcess, delivery: int) -> dict[str, Any]:
    client = await hotline.client("department", DEPARTMENT)
    answer = await client.get(f"{DELIVERIES}/{delivery}")
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def asks(client: httpx.AsyncClient, path: str, body: dict[str, Any], status: int) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def all_taken(hotline: InProcess, but: int = 0) -> None:
    """Wait until every delivery, or all but so many, is noted: only then may the time move past a lease."""

    def noted_of(rows: list[Any]) -> bool:
        return sum(each.delivered_at is None for each in rows) == but

    await until(lambda: deliveries(hotline), noted_of)


async def test_w1_every_attempt_of_every_kind_verifies_with_the_independent_library(
    hotline: InProcess, sink: Sink
) -> None:
    endpoint = await subscribe(hotline, sink.url)
    client = await hotline.client("department", DEPARTMENT)
    here = f"{ENDPOINTS}/{endpoint['id']}"
    sink.status = 500
    async with delivering(hotline):
        await hotline.call(**NOISE)
        row = await noted(hotline, attempts=1)
        sink.status = 200
        hotline.clock.time = row.next_attempt_at
        await noted(hotline, attempts=2)
        new = (await asks(client, f"{here}/rotate", {}, 200))["secret"]
        await asks(client, REPLAYS, {"ids": [row.id]}, 202)
        await asks(client, f"{here}/test", {}, 202)
        samples = len(TYPES)
        await sink.wait(lambda all_: len(all_) == 3 + samples)
        await all_taken(hotline)
        hotline.clock.time += timedelta(hours=24)
        await asks(client, REPLAYS, {"ids": [row.id]}, 202)
        await sink.wait(lambda all_: len(all_) == 4 + samples)
    old = endpoint["secret"]
    verify(old, sink.received[: 3 + samples])
    payloads = verify(new, sink.received[2:])
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(sink.received[-1].body, sink.received[-1].headers)
    examples = [each for each in payloads if each["data"].get("test")]
    assert sorted(each["type"] for each in examples) == sorted(TYPES)
    for each in examples:
        data_class(each["type"]).model_validate(each["data"])


@asynccontextmanager
async def hanging_up() -> AsyncIterator[str]:
    """A receiver that resets every connection once it has read something."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    finally:
        server.close()
        await server.wait_closed()


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names are answered with, one address after the other; a name with none does not exist."""
    known: dict[str, list[str]] = {}
    loop = asyncio.get_running_loop()
    really = loop.getaddrinfo

    async def answer(host: Any, port: Any, **asked: Any) -> Any:
        if host not in known:
            return await really(host, port, **asked)
        if not known[host]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (known[host].pop(0), port))]

    monkeypatch.setattr(loop, "getaddrinfo", answer)
    return known


async def test_w5_whatever_the_receiver_does_the_command_is_answered_and_the_attempt_says_what_it_was(
    hotline: InProcess, sink: Sink, other_sink: Sink, names: dict[str, list[str]]
) -> None:
    names[REBOUND], names[NOWHERE] = ["169.254.169.254"] * 2, []
    sink.awake.clear()
    other_sink.status, other_sink.headers = 302, {"location": "http://169.254.169.254/latest/meta-data"}
    async with opened_sink() as wordy, hanging_up() as resetting:
        wordy.says = bytes(10_000_000)
        expected = {
            f"http://127.0.0.1:{closed_port()}/hook": (None, "refused"),
            resetting: (None, "reset"),
            sink.url: (None, "timeout"),
            wordy.url: (200, "too_long"),
            wordy.url.replace("http:", "https:"): (None, "tls"),
            other_sink.url: (302, "redirect"),
            f"https://{REBOUND}/hook": (None, "forbidden_address"),
            f"https://{NOWHERE}/hook": (None, "dns"),
        }
        for url in expected:
            await subscribe(hotline, url)
        async with delivering(hotline, timeout_seconds=5):
            ticket = await hotline.call(**NOISE)
            await sink.wait(lambda all_: len(all_) == 1)  # it is being posted to, and does not answer
            signed = await hotline.step(ticket, "sign")
            rows = await until(
                lambda: deliveries(hotline),
                lambda all_: all(each.last_status or each.last_fault for each in all_),
            )
    assert signed["status"] == "signed"
    logs = [await log_of(hotline, row.id) for row in rows]
    assert {each["url"]: (each["log"][0]["status"], each["log"][0]["fault"]) for each in logs} == expected
    assert {each["url"] for each in logs if each["state"] == "delivered"} == {wordy.url}
    assert all(each["log"][0]["took_ms"] >= 0 for each in logs)


async def test_w5_a_name_that_changes_its_answer_is_asked_once_and_the_connection_goes_where_was_checked(
    sink: Sink, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(sink.url.rpartition(":")[2].partition("/")[0])
    names[REBOUND] = ["127.0.0.1", "127.0.0.2"]
    monkeypatch.setattr(services.webhooks.guard, "is_public", lambda address: address == "127.0.0.1")
    connector = TCPConnector(resolver=Guard(frozenset()))
    async with (
        ClientSession(connector=connector) as client,
        client.post(f"http://{REBOUND}:{port}/hook", data=b"{}") as answer,
    ):
        assert answer.status == 200
    assert names[REBOUND] == ["127.0.0.2"]
    assert len(sink.received) == 1


async def test_w6_a_receiver_that_asks_for_time_gets_nothing_at_all_before(
    hotline: InProcess, sink: Sink, other_sink: Sink
) -> None:
    await subscribe(hotline, sink.url)
    sink.status, sink.headers = 503, {"retry-after": "3600"}
    async with delivering(hotline):
        await hotline.call(**NOISE)
        await noted(hotline, attempts=1)
        sink.status = 200
        await subscribe(hotline, other_sink.url)
        await hotline.call(**NOISE)
        await all_taken(hotline, but=2)
        hotline.clock.time += timedelta(seconds=3599)
        await hotline.call(**NOISE)
        await other_sink.wait(lambda all_: len(all_) == 2)
        assert len(sink.received) == 1
        hotline.clock.time += timedelta(seconds=1)
        await sink.wait(lambda all_: len(all_) == 4)


async def test_w6_410_ends_the_endpoint_and_its_owner_is_told(
    hotline: InProcess, sink: Sink, other_sink: Sink
) -> None:
    ended = await subscribe(hotline, sink.url)
    told = await subscribe(hotline, other_sink.url, "webhook.endpoint_disabled")
    sink.status = 410
    async with delivering(hotline):
        await hotline.call(**NOISE)
        await until(lambda: deliveries(hotline), lambda rows: rows[0].dead_at is not None)
        await hotline.drain()
        await other_sink.wait(lambda all_: len(all_) == 1)
    (payload,) = verify(told["secret"], other_sink.received)
    assert payload["data"]["endpoint_id"] == ended["id"]
    assert (payload["data"]["because"], payload["data"]["given_up"]) == ("410 Gone", 1)
    figures = (await (await hotline.client("admin")).get("/metrics")).text
    assert "hotline_webhook_dead_letters 1" in figures
    assert "hotline_webhook_departments_unreached 0" in figures


async def test_w6_what_was_given_up_is_listed_and_replayed_by_range(hotline: InProcess, sink: Sink) -> None:
    await subscribe(hotline, sink.url)
    client = await hotline.client("department", DEPARTMENT)
    sink.status = 500
    for _ in range(2):
        await hotline.call(**NOISE)
    tried = "UPDATE webhook_deliveries SET attempts = :attempts RETURNING id"
    await hotline.rows(tried, attempts=len(RETRY_AFTER))
    async with delivering(hotline):
        dead = await until(lambda: deliveries(hotline), lambda rows: all(each.dead_at for each in rows))
        listed = (await client.get(DELIVERIES, params={"state": "dead"})).json()["items"]
        sink.status = 200
        sink.received.clear()
        start, end = hotline.clock.now(), hotline.clock.now() + timedelta(seconds=1)
        asked = {"since_at": start.isoformat(), "until_at": end.isoformat(), "state": "dead"}
        assert (await asks(client, REPLAYS, asked, 202))["queued"] == 2
        received = await sink.wait(lambda all_: len(all_) == 2)
    assert [each["id"] for each in listed] == [each.id for each in reversed(dead)]
    assert {each.headers["webhook-id"] for each in received} == {str(each.event_id) for each in dead}


async def test_w7_a_replay_is_a_delivery_of_its_own_and_leaves_the_original_and_its_log_untouched(
    hotline: InProcess, sink: Sink
) -> None:
    await subscribe(hotline, sink.url)
    client = await hotline.client("department", DEPARTMENT)
    sink.says = "收到".encode()
    async with delivering(hotline):
        ticket = await hotline.call(**NOISE)
        original = await noted(hotline, attempts=1)
        before = await log_of(hotline, original.id)
        first = (await asks(client, REPLAYS, {"ids": [original.id]}, 202))["first"]
        await sink.wait(lambda all_: len(all_) == 2)
        await until(lambda: deliveries(hotline), lambda rows: all(each.delivered_at for each in rows))
        again = (await asks(client, REPLAYS, {"ids": [first]}, 202))["first"]
        by_ticket = await asks(client, REPLAYS, {"ticket": ticket["id"]}, 202)
        await sink.wait(lambda all_: len(all_) == 4)
        await until(lambda: deliveries(hotline), lambda rows: all(each.delivered_at for each in rows))
    assert await log_of(hotline, original.id) == before
    assert (before["log"][0]["answer"], len(before["log"])) == ("收到", 1)
    assert before["log"][0]["headers"]["webhook-id"] == before["event_id"]
    assert by_ticket["queued"] == 1  # each event once, however often it was replayed
    for each in (first, again, by_ticket["first"]):
        replayed = await log_of(hotline, each)
        assert (replayed["kind"], replayed["origin"], len(replayed["log"])) == ("replay", original.id, 1)
    assert len({(each.headers["webhook-id"], each.body) for each in sink.received}) == 1


async def test_w7_a_replay_for_an_endpoint_that_has_ended_says_so_and_goes_to_another(
    hotline: InProcess, sink: Sink, other_sink: Sink
) -> None:
    ended = await subscribe(hotline, sink.url)
    strange = await subscribe(hotline, other_sink.url, department=OTHER)
    client = await hotline.client("department", DEPARTMENT)
    await hotline.call(**NOISE)
    (row,) = await deliveries(hotline)
    assert (await asks(client, REPLAYS, {"ids": [row.id]}, 409))["code"] == "delivery_waits"
    assert (await client.delete(f"{ENDPOINTS}/{ended['id']}")).status_code == 204
    problem = await asks(client, REPLAYS, {"ids": [row.id]}, 409)
    assert (problem["code"], problem["disabled_because"]) == ("endpoint_ended", "ended by its owner")
    other = await subscribe(hotline, other_sink.url)
    await asks(client, REPLAYS, {"ids": [row.id], "to": strange["id"]}, 404)
    await asks(client, REPLAYS, {"ids": [row.id + 1]}, 404)
    admin = await hotline.client("admin")
    await asks(admin, REPLAYS, {"ids": [row.id], "to": strange["id"]}, 422)
    async with delivering(hotline):
        await asks(client, REPLAYS, {"ids": [row.id], "to": other["id"]}, 202)
        received = await other_sink.wait(lambda all_: len(all_) == 1)
    verify(other["secret"], received)
    assert received[0].headers["webhook-id"] == str(row.event_id)


async def test_w7_what_two_endpoints_were_sent_is_replayed_to_another_once(
    hotline: InProcess, sink: Sink
) -> None:
    first, second, other = [await subscribe(hotline, sink.url) for _ in range(3)]
    client = await hotline.client("department", DEPARTMENT)
    async with delivering(hotline):
        tickets = [(await hotline.call(**NOISE))["id"] for _ in range(2)]
        await all_taken(hotline)
    rows = [each for each in await deliveries(hotline) if str(each.endpoint_id) != other["id"]]
    assert len(rows) == 4
    again = await asks(client, REPLAYS, {"ids": [each.id for each in rows], "to": other["id"]}, 202)
    assert again["queued"] == 2
    replayed = [each for each in await deliveries(hotline) if each.kind == "replay"]
    assert [each.ticket_id for each in replayed] == tickets
    assert {str(each.endpoint_id) for each in replayed} == {other["id"]}
    assert (await asks(client, REPLAYS, {"ids": [each.id for each in rows]}, 202))["queued"] == 4
    assert {first["id"], second["id"]} <= {str(each.endpoint_id) for each in await deliveries(hotline)}
