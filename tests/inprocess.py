"""The service inside the test's process: its app, its bus and its timer, worked by hand."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from escalation.climb import climb_due
from escalation.watch import look
from services.bus.local import LocalBus
from services.clock import wait_for
from services.database import Database
from services.http import create_app
from services.resources import Resources, driver_dsn
from services.role import backing
from services.roles import Role, introduce, keep_running
from services.security import CallerRole, KeyStore
from services.settings import Settings, WebhookSettings
from services.wakeups import Wakeups
from tests.engines import put_engine_back, take_engine

Answer = dict[str, Any]

UNUSED: dict[tuple[int, ...], list[FastAPI]] = defaultdict(list)
"""Apps by their faces and longest body: FastAPI takes a second to resolve the routes of a new one."""


class StoppedClock:
    """A clock that moves when the test says so."""

    def __init__(self, start: datetime) -> None:
        self.time = start
        self.moved = timedelta()
        """So far is what it shows ahead of real time, as in a rehearsal."""

    def now(self) -> datetime:
        return self.time

    def real(self) -> datetime:
        return self.time - self.moved

    async def sleep_until(self, moment: datetime | None, woken: asyncio.Event, most: float) -> None:
        await wait_for(woken, min(most, 0.05))


class InProcess:
    """Speaks HTTP to the app without a network, and works the loops step by step."""

    def __init__(self, resources: Resources, clock: StoppedClock, roles: Sequence[Role]) -> None:
        self.resources = resources
        self.clock = clock
        every = [*roles, backing]
        introduce(every, resources)
        faces = [face for role in every for face in role.faces]
        self._unused = UNUSED[*map(id, faces), resources.settings.max_body_bytes]
        self.app = self._unused.pop() if self._unused else create_app(faces, resources)
        self.app.state.resources = resources
        self.bus = LocalBus(resources, [each for role in every for each in role.consumers])
        self._clients: dict[tuple[str, str | None], httpx.AsyncClient] = {}

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, url: str, roles: Sequence[Role], start: datetime, **settings: Any
    ) -> AsyncIterator["InProcess"]:
        clock = StoppedClock(start)
        wakeups = Wakeups(driver_dsn(url))
        database = Database(take_engine(url), wakeups)
        allowed = WebhookSettings(allow_hosts="127.0.0.1,localhost")
        chosen = Settings(database_url=url, webhooks=allowed, **settings)
        service = cls(Resources(chosen, clock, database, wakeups), clock, roles)
        loops = [
            asyncio.ensure_future(keep_running(loop.__name__, loop, service.resources))
            for loop in roles[0].loops
        ]
        try:
            yield service
        finally:
            for loop in loops:
                loop.cancel()
                with suppress(asyncio.CancelledError):
                    await loop
            for client in service._clients.values():
                await client.aclose()
            await database.close()
            put_engine_back(database.engine)
            service.put_back()

    def put_back(self) -> None:
        """Leave the app to who comes next, without what this service was made of."""
        del self.app.state.resources
        self._unused.append(self.app)

    async def client(self, role: str = "agent", department: str | None = None) -> httpx.AsyncClient:
        """A client whose key has this role."""
        if (role, department) not in self._clients:
            async with self.resources.database.transaction() as connection:
                store = KeyStore(connection, "")
                _, key = await store.add(role, CallerRole(role), department, self.clock.now())
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            self._clients[role, department] = httpx.AsyncClient(
                transport=transport, base_url="http://test", headers={"authorization": f"Bearer {key}"}
            )
        return self._clients[role, department]

    async def register(self, **call: Any) -> Answer:
        """Register a call, by default a complaint, and return its ticket."""
        body = {"kind": "complaint", "title": "测试", "text": "测试来电", **call}
        answer = await (await self.client()).post("/v1/tickets", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def drain(self) -> None:
        """Let every consumer handle everything."""
        while await self.bus.drain_once():
            pass

    async def call(self, **call: Any) -> Answer:
        """Register a call, let it be routed and clocked, and return its ticket."""
        ticket = await self.register(**call)
        await self.drain()
        return await self.ticket(ticket["id"])

    async def ticket(self, ticket_id: str) -> Answer:
        answer = await (await self.client()).get(f"/v1/tickets/{ticket_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def step(self, ticket: Answer, name: str, note: str | None = None) -> Answer:
        """Let the ticket's department take a step, and everybody learn of it."""
        client = await self.client("department", ticket["department"])
        said = {"note": note} if note else {}
        if name == "return":
            said["reason"] = "wrong_place"
        answer = await client.post(f"/v1/tickets/{ticket['id']}/{name}", json=said)
        assert answer.status_code == 200, answer.text
        await self.drain()
        return answer.json()  # type: ignore[no-any-return]

    async def advance(self, to: datetime) -> None:
        """Move the time and let everything that fell due by then happen."""
        self.clock.time = to
        await self.resources.database.run(lambda connection: look(connection, self.resources))
        while True:
            async with self.resources.database.transaction() as connection:
                if not await climb_due(connection, self.resources, 500):
                    break
        await self.drain()

    async def later(self, by: timedelta) -> None:
        await self.advance(self.clock.time + by)

    async def rows(self, query: str, **values: Any) -> list[Any]:
        """Rows of the database, to see what is really there."""
        async with self.resources.database.transaction() as connection:
            return list((await connection.execute(text(query), values)).all())

    async def deadlines(self, ticket_id: str) -> dict[tuple[str, str], Answer]:
        """A ticket's clocks by (clock, stage)."""
        answer = await (await self.client()).get(f"/v1/tickets/{ticket_id}/deadlines")
        return {(each["clock"], each["stage"]): each for each in answer.json()}

    async def cards(self, ticket_id: str) -> list[Answer]:
        """The rungs climbed for a ticket, oldest first."""
        client = await self.client("supervisor")
        answer = await client.get("/v1/supervision/escalations", params={"ticket": ticket_id})
        return list(reversed(answer.json()["items"]))
