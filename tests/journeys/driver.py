"""Drives a running service as its users do, over HTTP, in the field's words; its clock can be moved."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from services.clock import RehearsalClock
from tests.sink import Sink

PATIENCE = 30.0
LOOK_EVERY = 0.05

Answer = dict[str, Any]


@dataclass
class Hotline:
    """
    A service under way: where its faces are, keys by role, its clock.

    `faces` maps intake, router and escalation to addresses; embedded, the three are one.
    """

    faces: dict[str, str]
    keys: dict[str, str]
    make_key: Callable[[str], str]
    clock: RehearsalClock
    sink: Sink
    client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=30))

    async def at(self, moment: datetime) -> None:
        """Make it this moment everywhere."""
        self.clock.set(moment)

    async def call(self, **call: Any) -> Answer:
        """A citizen calls; return the ticket once it has its department (or a triage place) and date."""
        body = {"kind": "complaint", "title": "测试", "text": "测试来电", **call}
        return await self._post("intake", "/v1/tickets", body, "agent", {"prefer": "wait=10"})

    async def subscribes(self, department: str) -> str:
        """The department's system registers its endpoint; return the secret it was shown."""
        body = {"department": department, "url": self.sink.url}
        answer = await self._post("router", "/v1/webhooks/endpoints", body, "admin")
        return str(answer["secret"])

    async def takes_step(self, ticket: Answer, step: str, note: str | None = None) -> Answer:
        """The ticket's department takes a step."""
        body = {"note": note} if note else {}
        path = f"/v1/tickets/{ticket['id']}/{step}"
        return await self._post("router", path, body, str(ticket["department"]))

    async def decides(self, ticket: Answer, step: str, **body: Any) -> Answer:
        """The hotline decides about a ticket: assign, grant or refuse a return, close."""
        return await self._post("router", f"/v1/tickets/{ticket['id']}/{step}", body, "agent")

    async def ticket(self, ticket: Answer) -> Answer:
        return await self.get("intake", f"/v1/tickets/{ticket['id']}", "agent")  # type: ignore[no-any-return]

    async def deadlines(self, ticket: Answer) -> dict[tuple[str, str], Answer]:
        """The ticket's clocks by (clock, stage)."""
        found = await self.get("escalation", f"/v1/tickets/{ticket['id']}/deadlines", "agent")
        return {(each["clock"], each["stage"]): each for each in found}

    async def cards(self, ticket: Answer) -> list[Answer]:
        """The rungs climbed for a ticket, oldest first."""
        found = await self.get(
            "escalation", f"/v1/supervision/escalations?ticket={ticket['id']}", "supervisor"
        )
        return list(reversed(found["items"]))

    async def overdue(self, **where: str) -> list[Answer]:
        """What is overdue, longest first, page by page."""
        items: list[Answer] = []
        cursor: str | None = None
        while True:
            query = httpx.QueryParams({**where, "limit": "2", **({"cursor": cursor} if cursor else {})})
            page = await self.get("escalation", f"/v1/supervision/overdue?{query}", "supervisor")
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items

    async def until(self, look: Callable[[], Any], enough: Callable[[Any], bool]) -> Any:
        """Look again and again until it is enough; fail with what was seen last."""
        seen: Any = None
        try:
            async with asyncio.timeout(PATIENCE):
                while not enough(seen := await look()):
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError:
            raise AssertionError(f"It never came to that; last seen: {seen}") from None
        return seen

    async def get(self, face: str, path: str, who: str) -> Any:
        answer = await self.client.get(self.faces[face] + path, headers=self._headers(who))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def _post(
        self, face: str, path: str, body: Any, who: str, headers: dict[str, str] | None = None
    ) -> Answer:
        all_headers = {**self._headers(who), **(headers or {})}
        answer = await self.client.post(self.faces[face] + path, json=body, headers=all_headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()  # type: ignore[no-any-return]

    def _headers(self, who: str) -> dict[str, str]:
        if who not in self.keys:
            self.keys[who] = self.make_key(who)
        return {"authorization": f"Bearer {self.keys[who]}"}


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)
