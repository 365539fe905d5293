"""Play the day: calls at their time, people who act on them, a table that shows how it stands."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from rich.console import Console
from rich.live import Live

from services.clock import RehearsalClock
from services.demo.api import Api
from services.demo.board import LATEST, Tally, board
from services.demo.day import DemoCall, calls
from services.demo.keys import HEADQUARTERS, lent_keys
from services.demo.people import People, opened_system
from services.resources import Resources
from services.security import CallerRole

AT_ONCE = 16
SHOW_EVERY = 1.0
REST_SECONDS = 60.0
SATURDAY = 5


@dataclass
class Play:
    """A chosen day: from when, how long, how fast, how busy."""

    begins: time
    hours: float
    speed: float
    scale: float
    seed: int
    tally: Tally = field(default_factory=Tally)

    async def run(self, url: str, resources: Resources, console: Console) -> dict[str, Any]:
        """Play against the service at `url`; return what was done and its closing summary."""
        async with AsyncExitStack() as stack:
            limits = httpx.Limits(max_connections=2 * AT_ONCE)
            client = httpx.AsyncClient(base_url=url, timeout=30, limits=limits)
            await stack.enter_async_context(client)
            api = Api(client, await stack.enter_async_context(lent_keys(resources, HEADQUARTERS)))
            departments = await api.get("/v1/departments", "agent")
            codes = [each["code"] for each in departments]
            holders = [(CallerRole.DEPARTMENT, code) for code in codes]
            api.keys.update(await stack.enter_async_context(lent_keys(resources, holders)))
            people = People(api, self._sleep, self.tally.steps, self.seed)
            await stack.enter_async_context(opened_system(people, api, codes))
            places = [each for each in await api.get("/v1/divisions", "agent") if each["level"] == "township"]
            zone = ZoneInfo(resources.settings.time_zone)
            stage = Stage(self, api, {each["code"]: each["name"] for each in departments}, zone)
            live = stack.enter_context(Live(console=console, auto_refresh=False))
            start = self._start(resources, zone, console)
            try:
                people.begin(people.mind_the_desk(_governments(departments)))
                planned = calls(start, self.hours, self.scale, places, self.seed)
                await stage.show_while(self._send(planned, start, api), live)
            finally:
                await people.leave()
                if isinstance(resources.clock, RehearsalClock):
                    resources.clock.set(resources.clock.now())
            summary = await stage.at_rest(live)
        tally = self.tally
        return {"sent": tally.sent, "refused": tally.refused, "steps": dict(tally.steps), **summary}

    def _start(self, resources: Resources, zone: ZoneInfo, console: Console) -> datetime:
        """Begin at the next such hour of a weekday, where the time may be moved; else now."""
        clock = resources.clock
        now = clock.now().astimezone(zone)
        if not isinstance(clock, RehearsalClock):
            console.print("The service keeps real time: cards fall due in real hours. See `up --rehearsal`.")
            return now
        start = datetime.combine(now.date(), self.begins, zone)
        while start < now or start.weekday() >= SATURDAY:
            start += timedelta(days=1)
        clock.set(start, self.speed)
        return start

    async def _sleep(self, length: timedelta) -> None:
        await asyncio.sleep(length.total_seconds() / self.speed)

    async def _send(self, planned: Iterator[DemoCall], start: datetime, api: Api) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        gate = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as lanes:
            for call in planned:
                due = began + (call.at - start).total_seconds() / self.speed
                await asyncio.sleep(max(due - loop.time(), 0))
                await gate.acquire()
                self.tally.behind = loop.time() - due
                lanes.create_task(self._post(call, api, gate))
        left = timedelta(hours=self.hours).total_seconds() / self.speed - (loop.time() - began)
        await asyncio.sleep(max(left, 0))

    async def _post(self, call: DemoCall, api: Api, gate: asyncio.Semaphore) -> None:
        try:
            answer = await api.post("/v1/tickets", call.body, "agent")
            self.tally.sent += answer.is_success
            self.tally.refused += not answer.is_success
        except httpx.TransportError:
            self.tally.refused += 1
        finally:
            gate.release()


@dataclass(frozen=True)
class Stage:
    """What is looked at while a play goes on; `names` are the departments' by code."""

    play: Play
    api: Api
    names: dict[str, str]
    zone: ZoneInfo

    async def show_while(self, work: Any, live: Live) -> None:
        """Show how it stands, every second, until the work is done."""
        sending = asyncio.ensure_future(work)
        try:
            while not sending.done():
                await self._show(live)
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(sending), SHOW_EVERY)
        finally:
            sending.cancel()

    async def at_rest(self, live: Live) -> dict[str, Any]:
        """Return the summary once everything sent is dispatched and nothing moves any more."""
        before: dict[str, Any] = {}
        end = asyncio.get_running_loop().time() + REST_SECONDS
        while True:
            now = await self._show(live)
            still = all(now[each] == before.get(each) for each in ("tickets", "escalations"))
            if (still and "registered" not in now["tickets"]) or asyncio.get_running_loop().time() > end:
                return now
            before = now
            await asyncio.sleep(SHOW_EVERY)

    async def _show(self, live: Live) -> dict[str, Any]:
        summary: dict[str, Any] = await self.api.get("/v1/supervision/summary", "supervisor")
        cards = await self.api.get(f"/v1/supervision/escalations?limit={LATEST}", "supervisor")
        live.update(board(summary, cards["items"], self.play.tally, self.names, self.zone), refresh=True)
        return summary


def _governments(departments: list[dict[str, Any]]) -> dict[str, str]:
    """Return the districts' governments by the division's first six digits."""
    return {
        each["division"][:6]: each["code"] for each in departments if each["code"].startswith("government-")
    }
