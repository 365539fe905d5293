"""A department's system that sends commands; an independent library makes its signatures."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from typing import Any

import httpx
from standardwebhooks import Webhook

from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
DEPARTMENT = "ecology-environment-longhua"
OTHER = "water-group"


class System:
    """What it sends is signed with `secrets`, at real time; it has no key."""

    def __init__(self, hotline: InProcess, department: str, secret: str, client: httpx.AsyncClient) -> None:
        self.hotline = hotline
        self.department = department
        self.secrets = [secret]
        self.client = client
        self._ids = count(1)

    @classmethod
    @asynccontextmanager
    async def opened(cls, hotline: InProcess, department: str = DEPARTMENT) -> AsyncIterator["System"]:
        secret = await register(hotline, department)
        transport = httpx.ASGITransport(hotline.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield cls(hotline, department, secret["secret"], client)

    def signed(self, body: bytes, key: str | None = None, at: datetime | None = None) -> dict[str, str]:
        """The headers of a message, signed by every secret the system has."""
        moment = at or self.hotline.clock.real()
        message_id = key or f"msg_{self.department}_{next(self._ids)}"
        signatures = [Webhook(each).sign(message_id, moment, body.decode()) for each in self.secrets]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    async def post(self, body: bytes, headers: dict[str, str], to: str | None = None) -> httpx.Response:
        return await self.client.post(f"/v1/hooks/{to or self.department}", content=body, headers=headers)

    async def say(
        self, said: Any, key: str | None = None, at: datetime | None = None, to: str | None = None
    ) -> httpx.Response:
        """Send something as JSON."""
        body = json.dumps(said, ensure_ascii=False).encode()
        return await self.post(body, self.signed(body, key, at), to)

    async def order(
        self, command: str, ticket: Answer, key: str | None = None, **rest: Any
    ) -> httpx.Response:
        """Give one command."""
        return await self.say({"command": command, "ticket": ticket["id"], **rest}, key)


async def register(hotline: InProcess, department: str = DEPARTMENT, **asked: Any) -> Answer:
    client = await hotline.client("department", department)
    answer = await client.post(f"/v1/hooks/{department}/secrets", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def inbox(hotline: InProcess) -> list[Any]:
    return await hotline.rows("SELECT * FROM hook_messages ORDER BY received_at, id")


async def commands(hotline: InProcess) -> list[Any]:
    return await hotline.rows("SELECT * FROM hook_commands ORDER BY decided_at, id")
