"""How long a department waits for a ticket command whose events are posted to an endpoint that is dead."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from socket import socket
from typing import Any

import aiohttp

from bench.walk import CALLS, PlainEmbedded, percentiles

ENDPOINTS: dict[str, str | None] = {"xiuying": None, "longhua": "silent", "qiongshan": "refusing"}
"""What posts to a district's department come to: there is no endpoint, it never answers, nobody listens."""
STEPS = ("sign", "contact", "resolve")
SAID = {"note": "已联系来电人,现场已处理"}
ROUTED = 120.0


class Desk:
    """A running service as its clients see it."""

    def __init__(self, way: PlainEmbedded, http: aiohttp.ClientSession) -> None:
        self._way, self._http = way, http
        self._numbers = count()

    def key(self, who: str) -> dict[str, str]:
        """Make a key of a role or of a department; return the header that shows it."""
        return {"authorization": f"Bearer {self._way.make_key(who)}"}

    async def post(self, path: str, key: dict[str, str], body: Any) -> Any:
        """Say something that is taken; return the answer."""
        async with self._http.post(self._way.faces["intake"] + path, json=body, headers=key) as answer:
            said = await answer.json()
            assert answer.status in (200, 201), said
            return said

    async def register(self, place: int, agent: dict[str, str]) -> str:
        """Register a call of a district, by its place in the list; return its ticket."""
        phone = f"138{next(self._numbers):08d}"
        call = {**CALLS[place], "caller": {"name": "王女士", "phone": phone}}
        return str((await self.post("/v1/tickets", agent, call))["id"])

    async def are_assigned(self, tickets: int) -> None:
        """Wait until so many tickets have their clocks, so that commands have the machine to themselves."""
        query = "SELECT count(DISTINCT ticket_id) AS n FROM deadlines WHERE clock = 'department'"
        async with asyncio.timeout(ROUTED):
            while (await self._way.rows(query))[0]["n"] < tickets:
                await asyncio.sleep(0.2)

    async def timed(self, ticket: str, step: str, key: dict[str, str]) -> float:
        """Take a step; return how many milliseconds the answer took."""
        start = time.perf_counter()
        await self.post(f"/v1/tickets/{ticket}/{step}", key, SAID)
        return 1000 * (time.perf_counter() - start)


@contextmanager
def nobody() -> Iterator[str]:
    """Yield an address at which nobody listens, and nobody can meanwhile."""
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/nobody"


async def commands(folder: Path, silent: str, each: int) -> dict[str, dict[str, float]]:
    """
    Take steps of so many tickets for each kind of endpoint, all kinds in turn; return latencies by kind.

    One after the other over one connection, in one service that serves, routes, clocks and posts.
    """
    way = PlainEmbedded(folder)
    try:
        await way.open()
        async with aiohttp.ClientSession() as http:
            with nobody() as refusing:
                addresses = {"silent": silent, "refusing": refusing}
                return await _measured(Desk(way, http), addresses.__getitem__, each)
    finally:
        way.close()


async def _measured(desk: Desk, address: Callable[[str], str], each: int) -> dict[str, dict[str, float]]:
    admin, agent = desk.key("admin"), desk.key("agent")
    keys = {district: desk.key(f"ecology-environment-{district}") for district in ENDPOINTS}
    for district, kind in ENDPOINTS.items():
        if kind is not None:
            endpoint = {"department": f"ecology-environment-{district}", "url": address(kind)}
            await desk.post("/v1/webhooks/endpoints", admin, endpoint)
    tickets = {
        district: [await desk.register(place, agent) for _ in range(each)]
        for place, district in enumerate(ENDPOINTS)
    }
    await desk.are_assigned(each * len(tickets))
    took: dict[str, list[float]] = {district: [] for district in tickets}
    for number in range(each):
        for step in STEPS:
            for district in tickets:
                took[district].append(await desk.timed(tickets[district][number], step, keys[district]))
    return {ENDPOINTS[district] or "none": percentiles(values) for district, values in took.items()}
