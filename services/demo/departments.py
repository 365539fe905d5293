"""Simulated departments: they sign, contact and resolve; some return, some are late, some silent."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import httpx
from aiohttp import web

Sleep = Callable[[timedelta], Awaitable[None]]
"""Waits for so much of the service's time."""


@dataclass(frozen=True)
class Manner:
    """How a department treats a ticket; times in minutes and hours of the service's clock."""

    name: str
    share: int
    sign: tuple[int, int]
    resolve: tuple[int, int] | None
    returns: bool = False


MANNERS = (
    Manner("prompt", 62, (2, 25), (2, 70)),
    Manner("slow to sign", 15, (35, 300), (20, 100)),
    Manner("late", 10, (10, 60), (130, 260)),
    Manner("returns", 8, (5, 30), None, returns=True),
    Manner("silent", 5, (0, 0), None),
)


class Departments:
    """All departments of the city in one small system, each acting with its own key."""

    def __init__(
        self, client: httpx.AsyncClient, keys: dict[str, str], supervisor: str, sleep: Sleep, seed: int
    ) -> None:
        self._client = client
        self._keys = keys
        self._supervisor = supervisor
        self._sleep = sleep
        self._random = Random(seed)  # noqa: S311  (a play, not a secret)
        self._busy: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(16)
        self.done: Counter[str] = Counter()

    async def take(self, request: web.Request) -> web.Response:
        """Take a webhook: an assigned ticket is begun, everything else only counted."""
        posted = json.loads(await request.read())
        self.done[f"webhook {posted['type']}"] += 1
        if posted["type"] == "ticket.assigned":
            task = asyncio.create_task(self._treat(posted["data"]))
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
        return web.Response(status=204)

    async def _treat(self, data: dict[str, Any]) -> None:
        manner = self._random.choices(MANNERS, [each.share for each in MANNERS])[0]
        self.done[f"manner {manner.name}"] += 1
        if manner.resolve is None and not manner.returns:
            return
        await self._sleep(timedelta(minutes=self._random.uniform(*manner.sign)))
        if manner.returns:
            if await self._step(data, "return", "经核,该事项不属于我单位职责。"):
                await self._sleep(timedelta(minutes=self._random.uniform(20, 200)))
                granted = self._random.random() < 0.6
                step, note = ("grant-return", "同意退单") if granted else ("refuse-return", "属你单位职责")
                await self._step(data, step, note, by=self._supervisor)
            return
        await self._step(data, "sign", None)
        await self._sleep(timedelta(minutes=self._random.uniform(10, 120)))
        await self._step(data, "contact", "已电话联系市民。")
        await self._sleep(timedelta(hours=self._random.uniform(*(manner.resolve or (1, 1)))))
        await self._step(data, "resolve", "已到现场处理完毕,并告知市民。")

    async def _step(self, data: dict[str, Any], step: str, note: str | None, by: str | None = None) -> bool:
        key = by or self._keys[data["department"]]
        async with self._gate:
            answer = await self._client.post(
                f"/v1/tickets/{data['ticket']}/{step}",
                json={"note": note} if note else {},
                headers={"authorization": f"Bearer {key}"},
            )
        self.done[step if answer.is_success else f"{step} refused"] += 1
        return answer.is_success

    async def close(self) -> None:
        """Leave everything where it is."""
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)


async def open_system(departments: Departments) -> tuple[web.AppRunner, str]:
    """Open the departments' system on loopback; return it and the address of its webhook."""
    app = web.Application()
    app.router.add_post("/hook", departments.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
