"""A thousand calls in flight: one key is one ticket, and a kill loses nothing that was answered."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import aiohttp

from tests.journeys.driver import Hotline
from tests.journeys.ways import Way

IN_FLIGHT = 1000
CALLS = 1500
BEFORE_THE_KILL = 300


def call(name: str, number: int) -> dict[str, Any]:
    return {
        "kind": "help",
        "title": f"{name}第{number}个来电",
        "text": f"{name}:国兴大道{number}号路灯不亮",
        "category": "010500",
        "caller": {"phone": f"139{number:08d}"},
    }


class Flood:
    """A client that keeps a thousand calls in flight, each under a key of its own."""

    def __init__(self, way: Way, name: str) -> None:
        self._way = way
        self._name = name
        self._key = way.make_key("agent")
        self.answered: dict[int, str] = {}

    async def send(self) -> None:
        """Send all; calls that find the service gone stay unanswered."""
        await self._send_these(range(CALLS))

    async def ask_once_more(self) -> int:
        """Send those that have no answer; return how many still have none."""
        await self._send_these([each for each in range(CALLS) if each not in self.answered])
        return CALLS - len(self.answered)

    async def _send_these(self, numbers: Iterable[int]) -> None:
        headers = {"authorization": f"Bearer {self._key}"}
        connections = aiohttp.TCPConnector(limit=IN_FLIGHT)
        async with aiohttp.ClientSession(headers=headers, connector=connections) as client:
            await asyncio.gather(*(self._send(client, each) for each in numbers))

    async def _send(self, client: aiohttp.ClientSession, number: int) -> None:
        url = self._way.faces["intake"] + "/v1/tickets"
        key = {"idempotency-key": f"{self._name}-{number}"}
        try:
            async with client.post(url, json=call(self._name, number), headers=key) as answer:
                assert answer.status == 201, await answer.text()
                self.answered[number] = (await answer.json())["id"]
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
            return

    async def killed_on_the_way(self) -> None:
        """Kill the process while most calls are under way."""
        while len(self.answered) < BEFORE_THE_KILL:
            await asyncio.sleep(0)
        self._way.kill("intake")


async def registered(way: Way, name: str) -> dict[str, list[str]]:
    """Tickets of the flood by the text of their call."""
    found: dict[str, list[str]] = {}
    for row in await way.rows("SELECT id, text FROM tickets WHERE title LIKE $1", f"{name}第%"):
        found.setdefault(row["text"], []).append(row["id"])
    return found


async def test_a_kill_with_a_thousand_in_flight_loses_no_answer_and_doubles_none(
    hotline: Hotline, way: Way
) -> None:
    # Given a thousand calls under way when the process dies
    name = f"kill{type(way).__name__}"
    flood = Flood(way, name)
    await asyncio.gather(flood.send(), flood.killed_on_the_way())
    before = dict(flood.answered)
    assert BEFORE_THE_KILL <= len(before) < CALLS

    # When it is back
    way.start("intake")

    # Then every call that was answered is there under the number it was told, and none is there twice
    kept = await registered(way, name)
    assert all(len(each) == 1 for each in kept.values())
    assert {number: kept[call(name, number)["text"]][0] for number in before} == before

    # And sent again, each gets the answer it had, or its first; whose connection closes asks once more
    await flood.send()
    await hotline.until(flood.ask_once_more, lambda unanswered: not unanswered)
    assert {number: flood.answered[number] for number in before} == before
    assert len(flood.answered) == CALLS
    kept = await registered(way, name)
    assert sorted(each for ids in kept.values() for each in ids) == sorted(flood.answered.values())

    # And each has its one first entry and its one event
    wanted = list(flood.answered.values())
    entries = "SELECT count(*) FROM ticket_history WHERE step = 'register' AND ticket_id = ANY($1)"
    events = "SELECT count(*) FROM outbox WHERE headers ->> 'ce_type' = 'ticket.registered' AND key = ANY($1)"
    calls = "SELECT count(*) FROM source_calls WHERE ticket_id = ANY($1)"
    for query in (entries, events, calls):
        assert (await way.rows(query, wanted))[0][0] == CALLS

    # And in the end none waits for its department
    waiting = "SELECT count(*) FROM tickets WHERE status = 'registered' AND id = ANY($1)"
    await hotline.until(lambda: way.rows(waiting, wanted), lambda rows: rows[0][0] == 0)


async def test_a_hundred_posts_under_one_key_register_one_ticket(hotline: Hotline, way: Way) -> None:
    headers = {"authorization": f"Bearer {way.make_key('agent')}", "idempotency-key": "hundred"}
    body = call("百发一中", 1)

    async def post(client: aiohttp.ClientSession) -> bytes:
        async with client.post(way.faces["intake"] + "/v1/tickets", json=body) as answer:
            assert answer.status == 201
            return await answer.read()

    async with aiohttp.ClientSession(headers=headers) as client:
        answers = await asyncio.gather(*(post(client) for _ in range(100)))
    assert len(set(answers)) == 1
    kept = await way.rows("SELECT id FROM tickets WHERE title = $1", body["title"])
    assert [row["id"] for row in kept] == [json.loads(answers[0])["id"]]
