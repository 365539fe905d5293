"""Simulated people: departments sign, contact, resolve; some return, some are late, some silent; a desk."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import httpx
from aiohttp import web

from services.demo.api import Api

Sleep = Callable[[timedelta], Awaitable[None]]
"""Waits for so much of the service's time."""

AT_ONCE = 16
LOOK_AT_DESK = timedelta(minutes=15)
GRANTED = 0.6


@dataclass(frozen=True)
class Manner:
    """How a department treats a ticket: minutes until it signs, hours until it resolves."""

    share: int
    sign: tuple[int, int] = (0, 0)
    resolve: tuple[int, int] = (2, 70)
    returns: bool = False
    silent: bool = False


MANNERS = (
    Manner(62, (2, 25)),
    Manner(15, (35, 300), (20, 100)),
    Manner(10, (10, 60), (130, 260)),
    Manner(8, (5, 30), returns=True),
    Manner(5, silent=True),
)


class People:
    """Everybody but the callers, each acting with a key of their own, in the service's time."""

    def __init__(self, api: Api, sleep: Sleep, done: Counter[str], seed: int) -> None:
        self._api = api
        self._sleep = sleep
        self._done = done
        self._random = Random(seed)  # noqa: S311  (a play, not a secret)
        self._busy: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._under_way: set[asyncio.Task[str | None]] = set()
        self._seen: set[str] = set()
        self._left = False

    async def take(self, request: web.Request) -> web.Response:
        """Take a webhook: an assigned ticket is begun, once however often it is told."""
        posted = json.loads(await request.read())
        event = request.headers["webhook-id"]
        if posted["type"] == "ticket.assigned" and event not in self._seen and not self._left:
            self._seen.add(event)
            self.begin(self._treat(posted["data"]))
        return web.Response(status=204)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let work go on beside everything else, until `leave` or until the service is gone."""

        async def go_on() -> None:
            with suppress(httpx.HTTPError):
                await work

        task = asyncio.create_task(go_on())
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def leave(self) -> None:
        """Finish the step that is being taken, and leave everything else where it is."""
        self._left = True
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, *self._under_way, return_exceptions=True)

    async def mind_the_desk(self, governments: Mapping[str, str]) -> None:
        """Assign what is parked: to a candidate, or to the government of the district, by code."""
        while True:
            await self._sleep(LOOK_AT_DESK)
            for parked in (await self._api.get("/v1/triage", "agent"))["items"]:
                near = governments.get((parked["division"] or "")[:6])
                chosen = self._random.choice(parked["candidates"] or [near or self._any(governments)])
                body = {"department": chosen, "note": "研判后派单"}
                await self._step(parked["id"], "assign", body, "agent")

    def _any(self, governments: Mapping[str, str]) -> str:
        return self._random.choice(sorted(governments.values()))

    async def _treat(self, assigned: Mapping[str, Any]) -> None:
        ticket, department = assigned["ticket"], assigned["department"]
        manner = self._random.choices(MANNERS, [each.share for each in MANNERS])[0]
        if manner.silent:
            return
        await self._minutes(manner.sign)
        if manner.returns and assigned["return_until_at"]:
            if await self._given_back(ticket, department):
                return
        else:
            await self._step(ticket, "sign", {}, department)
        await self._minutes((10, 120))
        await self._step(ticket, "contact", {"note": "已电话联系市民。"}, department)
        await self._minutes([60 * each for each in manner.resolve])
        await self._step(ticket, "resolve", {"note": "已到现场处理完毕,并告知市民。"}, department)
        await self._minutes((30, 240))
        await self._step(ticket, "close", {"note": "回访满意"}, "agent")

    async def _given_back(self, ticket: str, department: str) -> bool:
        """Return a ticket; say whether it is another assignment now, or could not even be returned."""
        grounds = {"note": "经核,该事项不在我单位辖区。", "reason": "wrong_place"}
        status = await self._step(ticket, "return", grounds, department)
        if status is None:
            return True
        await self._minutes((20, 200))
        if status == "disputed":
            decided = {"lead": department, "note": "依职责由你单位主办"}
            return bool(await self._step(ticket, "adjudicate", decided, "supervisor"))
        if self._random.random() < GRANTED:
            return bool(await self._step(ticket, "grant-return", {"note": "同意退单"}, "supervisor"))
        await self._step(ticket, "refuse-return", {"note": "属你单位职责"}, "supervisor")
        return False

    async def _minutes(self, bounds: Sequence[int]) -> None:
        await self._sleep(timedelta(minutes=self._random.uniform(*bounds)))

    async def _step(self, ticket: str, step: str, body: Mapping[str, str], who: str) -> str | None:
        """Take a step; return the ticket's status after it, or None when it was refused."""
        async with self._gate:
            task = asyncio.create_task(self._take(ticket, step, body, who))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            return await asyncio.shield(task)

    async def _take(self, ticket: str, step: str, body: Mapping[str, str], who: str) -> str | None:
        answer = await self._api.post(f"/v1/tickets/{ticket}/{step}", body, who)
        if not answer.is_success:
            self._done["refused"] += 1
            return None
        status = str(answer.json()["status"])
        self._done["dispute" if (step, status) == ("return", "disputed") else step] += 1
        if step == "adjudicate":
            self._done["assign"] += 1
        return status


@asynccontextmanager
async def opened_system(people: People, api: Api, departments: Sequence[str]) -> AsyncIterator[None]:
    """Open the departments' system on loopback, registered for their webhooks as long as it is open."""
    app = web.Application()
    app.router.add_post("/hook", people.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    endpoints: list[str] = []
    path = "/v1/webhooks/endpoints"
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        hook = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        bodies = [{"department": code, "url": hook} for code in departments]
        answers = await asyncio.gather(
            *(api.post("/v1/webhooks/endpoints", each, "admin") for each in bodies)
        )
        endpoints = [each.raise_for_status().json()["id"] for each in answers]
        yield
    finally:
        with suppress(httpx.TransportError):
            await asyncio.gather(*(api.delete(f"{path}/{each}", "admin") for each in endpoints))
        await runner.cleanup()
