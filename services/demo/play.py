"""Play the day: calls at their time, departments that act, a table that shows how it stands."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from rich.console import Console
from rich.live import Live

from services.clock import RehearsalClock
from services.demo.board import board
from services.demo.day import DemoCall, calls
from services.demo.departments import Departments, open_system
from services.resources import Resources
from services.security import CallerRole, KeyStore

AT_ONCE = 16
SHOW_EVERY = 1.0
NAME = "demo"


@dataclass
class Play:
    """A chosen day: how long, how fast, how busy; counts what it sent."""

    hours: float
    speed: float
    scale: float
    seed: int
    sent: int = 0
    refused: int = 0
    _lanes: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, url: str, resources: Resources, console: Console) -> dict[str, Any]:
        """Play against the service at `url`; return its closing summary."""
        clock = resources.clock
        if isinstance(clock, RehearsalClock):
            clock.set(clock.now(), self.speed)
        else:
            console.print("The service keeps real time: cards fall due in real hours. See `up --rehearsal`.")
        keys = await _keys(resources)
        zone = ZoneInfo(resources.settings.time_zone)
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            departments = Departments(client, keys, keys["supervisor"], self._sleep, self.seed)
            runner, hook = await open_system(departments)
            try:
                await _subscribe(client, keys, hook)
                places = await _places(client, keys["agent"])
                start = clock.now().astimezone(zone)
                planned = calls(start, self.hours, self.scale, places, self.seed)
                with Live(console=console, refresh_per_second=2) as live:
                    sending = asyncio.create_task(self._send(planned, start, client, keys["agent"]))
                    await self._show(sending, client, keys["supervisor"], departments, live, zone)
                return await _summary(client, keys["supervisor"])
            finally:
                if isinstance(clock, RehearsalClock):
                    clock.set(clock.now(), 1.0)
                await departments.close()
                await runner.cleanup()

    async def _sleep(self, length: timedelta) -> None:
        await asyncio.sleep(length.total_seconds() / self.speed)

    async def _send(
        self, planned: Iterator[DemoCall], start: datetime, client: httpx.AsyncClient, key: str
    ) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for call in planned:
            due = began + (call.at - start).total_seconds() / self.speed
            await asyncio.sleep(max(due - loop.time(), 0))
            while len(self._lanes) >= AT_ONCE:
                await asyncio.wait(self._lanes, return_when=asyncio.FIRST_COMPLETED)
            lane = asyncio.create_task(self._post(call, client, key))
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)
        left = timedelta(hours=self.hours).total_seconds() / self.speed - (loop.time() - began)
        await asyncio.sleep(max(left, 0))
        await asyncio.gather(*self._lanes)

    async def _post(self, call: DemoCall, client: httpx.AsyncClient, key: str) -> None:
        answer = await client.post("/v1/tickets", json=call.body, headers={"authorization": f"Bearer {key}"})
        self.sent += answer.is_success
        self.refused += not answer.is_success

    async def _show(
        self,
        sending: "asyncio.Task[None]",
        client: httpx.AsyncClient,
        key: str,
        departments: Departments,
        live: Live,
        zone: ZoneInfo,
    ) -> None:
        while True:
            summary = await _summary(client, key)
            shown = datetime.fromisoformat(summary["at"]).astimezone(zone)
            live.update(board(shown, summary, self.sent, departments.done))
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(sending), SHOW_EVERY)
                return


async def _keys(resources: Resources) -> dict[str, str]:
    """Make this play's keys: one for each role, one for each department."""
    pepper = resources.settings.api_key_pepper.get_secret_value()
    now = resources.clock.now()
    keys: dict[str, str] = {}
    async with resources.database.transaction() as connection:
        store = KeyStore(connection, pepper)
        for role in (CallerRole.AGENT, CallerRole.SUPERVISOR, CallerRole.ADMIN):
            keys[str(role)] = (await store.add(NAME, role, None, now))[1]
        for code in (await connection.exec_driver_sql("SELECT code FROM departments")).scalars().all():
            keys[code] = (await store.add(NAME, CallerRole.DEPARTMENT, code, now))[1]
    return keys


async def _subscribe(client: httpx.AsyncClient, keys: dict[str, str], hook: str) -> None:
    for code in set(keys) - {str(role) for role in CallerRole}:
        body = {"department": code, "url": hook}
        answer = await client.post("/v1/webhooks/endpoints", json=body, headers=_as(keys["admin"]))
        answer.raise_for_status()


async def _places(client: httpx.AsyncClient, key: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/divisions", headers=_as(key))
    answer.raise_for_status()
    return [each for each in answer.json() if each["level"] == "township"]


async def _summary(client: httpx.AsyncClient, key: str) -> dict[str, Any]:
    answer = await client.get("/v1/supervision/summary", headers=_as(key))
    answer.raise_for_status()
    return answer.json()  # type: ignore[no-any-return]


def _as(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}
