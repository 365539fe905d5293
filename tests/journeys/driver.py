"""Drives a running service as its users do, over HTTP, in the field's words; its clock can be moved."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from services.clock import RehearsalClock
from tests.sink import Received, Sink

PATIENCE = 120.0
MOST_WAITED = 10
LOOK_EVERY = 0.05
HAIKOU = ZoneInfo("Asia/Shanghai")

Answer = dict[str, Any]
Due = dict[tuple[str | None, str], str]
"""When clocks are due, by department and stage."""

T = TypeVar("T")


@dataclass
class Hotline:
    """
    A service under way: where its faces are, keys by role, its clock.

    `faces` maps intake, router and escalation to addresses; embedded, the three are one.
    `secrets` are those of the departments' endpoints.
    """

    faces: dict[str, str]
    make_key: Callable[[str], str]
    clock: RehearsalClock
    sink: Sink
    keys: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=PATIENCE))

    def at(self, moment: datetime) -> None:
        """Make it this moment everywhere."""
        self.clock.set(moment)

    def stops_at(self, moment: datetime) -> None:
        """Make it this moment everywhere, and let it stay so: to the minute, however long a step takes."""
        self.clock.set(moment, speed=0)

    async def call(self, **call: Any) -> Answer:
        """
        A citizen calls; return the ticket once it has its department (or a triage place) and date.

        One request brings them, unless the machine is too busy for ten seconds: then it is sent again.
        """
        headers = {"prefer": f"wait={MOST_WAITED}", "idempotency-key": str(uuid4())}

        async def ask() -> Answer:
            asked_at = asyncio.get_running_loop().time()
            ticket = await self._post("intake", "/v1/tickets", _call(call), "agent", headers)
            assert _settled(ticket) or asyncio.get_running_loop().time() >= asked_at + MOST_WAITED, ticket
            return ticket

        return await self.until(ask, _settled)

    async def insists(self, **call: Any) -> Answer:
        """Hand in a call with a number of the hotline's own, again and again until it is answered."""

        async def hand_in() -> Answer | None:
            try:
                return await self._post("intake", "/v1/tickets", _call(call), "agent")
            except httpx.TransportError:
                return None

        return await self.until(hand_in, lambda answer: answer is not None) or {}

    async def subscribes(self, department: str) -> None:
        """The department's system registers its endpoint, unless it has."""
        if department not in self.secrets:
            body = {"department": department, "url": self.sink.url}
            answer = await self._post("router", "/v1/webhooks/endpoints", body, "admin")
            self.secrets[department] = answer["secret"]

    async def unsubscribes(self, department: str) -> None:
        """Whatever else the department registered is let go."""
        for each in await self.get("router", "/v1/webhooks/endpoints", "admin"):
            if each["department"] == department and each["url"] != self.sink.url:
                address = f"{self.faces['router']}/v1/webhooks/endpoints/{each['id']}"
                await self.client.delete(address, headers=self._headers("admin"))

    async def told(self, ticket: Answer, type_: str) -> list[Received]:
        """What departments' systems were sent about a ticket, once there is any of this type."""

        def sent(received: list[Received]) -> list[Received]:
            about = [each for each in received if each.data["data"]["ticket"] == ticket["id"]]
            return [each for each in about if each.data["type"] == type_]

        return sent(await self.sink.wait(lambda received: bool(sent(received)), PATIENCE))

    async def takes_step(self, ticket: Answer, step: str, note: str | None = None) -> Answer:
        """The ticket's department takes a step."""
        body = {"note": note} if note else {}
        path = f"/v1/tickets/{ticket['id']}/{step}"
        return await self._post("router", path, body, str(ticket["department"]))

    async def returns(self, ticket: Answer, **grounds: Any) -> Answer:
        """The ticket's department returns it, on these grounds."""
        path = f"/v1/tickets/{ticket['id']}/return"
        return await self._post("router", path, grounds, str(ticket["department"]))

    async def adjudicates(self, ticket: Answer, **decision: Any) -> Answer:
        """A supervisor of the hotline decides a dispute."""
        return await self._post("router", f"/v1/tickets/{ticket['id']}/adjudicate", decision, "supervisor")

    async def refused(self, ticket: Answer, step: str, who: str, **body: Any) -> tuple[int, str]:
        """Somebody tries what is refused; return with which status and code."""
        address = f"{self.faces['router']}/v1/tickets/{ticket['id']}/{step}"
        answer = await self.client.post(address, json=body, headers=self._headers(who))
        return answer.status_code, answer.json()["code"]

    async def decides(self, ticket: Answer, step: str, **body: Any) -> Answer:
        """The hotline decides about a ticket: assign, grant or refuse a return, close."""
        return await self._post("router", f"/v1/tickets/{ticket['id']}/{step}", body, "agent")

    async def drafts(self, kind: str, version: str, source: str, content: Any) -> None:
        """A clerk drafts a calendar, limits or a ladder."""
        address = f"/v1/policies/{kind}/drafts"
        await self._post("escalation", address, {"version": version, "source": source}, "admin")
        answer = await self.client.put(
            f"{self.faces['escalation']}{address}/{version}",
            json={"content": content},
            headers=self._headers("admin"),
        )
        assert answer.status_code == 200, answer.text

    async def publishes(self, kind: str, version: str, preview: str) -> Answer:
        """A second person publishes what was previewed."""
        address = f"/v1/policies/{kind}/drafts/{version}/publish"
        return await self._post("escalation", address, {"preview": preview}, "supervisor")

    async def ticket(self, ticket: Answer) -> Answer:
        return await self.get("intake", f"/v1/tickets/{ticket['id']}", "agent")  # type: ignore[no-any-return]

    async def steps(self, ticket: Answer) -> list[str]:
        """The steps of its life so far, without cards."""
        history = await self.get("intake", f"/v1/tickets/{ticket['id']}/history", "agent")
        return [each["step"] for each in history if each["step"] != "escalate"]

    async def deadlines(self, ticket: Answer) -> list[Answer]:
        """Every clock the ticket has or had."""
        return await self.get("escalation", f"/v1/tickets/{ticket['id']}/deadlines", "agent")  # type: ignore[no-any-return]

    async def runs(self, ticket: Answer, clock: str, due: Due) -> None:
        """Return once exactly these clocks run: by department and stage, when they are due."""

        async def look() -> Due:
            return {
                (each["department"], each["stage"]): rendered(each["due_at"])
                for each in await self.deadlines(ticket)
                if each["clock"] == clock and each["settled_at"] is None
            }

        await self.until(look, lambda seen: seen == due)

    async def clock_of(self, ticket: Answer, clock: str, stage: str) -> Answer:
        """The running clock of a stage, once it runs."""

        async def look() -> list[Answer]:
            return [
                each
                for each in await self.deadlines(ticket)
                if (each["clock"], each["stage"]) == (clock, stage) and each["settled_at"] is None
            ]

        (found,) = await self.until(look, bool)
        return found

    async def stopped(self, ticket: Answer, stage: str) -> None:
        """Return once supervision has learnt that a stage is over."""

        async def look() -> list[Answer]:
            return [each for each in await self.deadlines(ticket) if each["stage"] == stage]

        await self.until(look, lambda found: all(each["settled_at"] for each in found))

    async def cards(self, ticket: Answer) -> list[Answer]:
        """The rungs climbed for a ticket, oldest first."""
        path = f"/v1/supervision/escalations?ticket={ticket['id']}"
        found = await self.get("escalation", path, "supervisor")
        return list(reversed(found["items"]))

    async def overdue(self, **where: str) -> list[Answer]:
        """What is overdue, longest first, page by page."""
        items: list[Answer] = []
        cursor: str | None = None
        while True:
            query = httpx.QueryParams({**where, "limit": "20", **({"cursor": cursor} if cursor else {})})
            page = await self.get("escalation", f"/v1/supervision/overdue?{query}", "supervisor")
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items

    async def until(self, look: Callable[[], Awaitable[T]], enough: Callable[[T], bool]) -> T:
        """Look again and again until it is enough; fail with what was seen last."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while not enough(seen := await look()):
            assert asyncio.get_running_loop().time() < end, f"It never came to that; last seen: {seen}"
            await asyncio.sleep(LOOK_EVERY)
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

    def key_of(self, who: str) -> str:
        """The key of a role or a department, made when it is first wanted."""
        if who not in self.keys:
            self.keys[who] = self.make_key(who)
        return self.keys[who]

    def _headers(self, who: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key_of(who)}"}


def rendered(moment: str) -> str:
    """A moment of an answer as a clerk in Haikou reads it."""
    return f"{datetime.fromisoformat(moment).astimezone(HAIKOU):%Y-%m-%d %H:%M}"


def _call(call: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "complaint", "title": "测试", "text": "测试来电", **call}


def _settled(ticket: Answer) -> bool:
    return ticket["status"] != "registered" and ticket["due_at"] is not None
