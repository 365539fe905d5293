"""Several people at one desk: each has a key of their own."""

from dataclasses import dataclass
from typing import Any

import httpx

from services.security import CallerRole, KeyStore
from tests.inprocess import Answer, InProcess


@dataclass
class Person:
    """Somebody at the desk."""

    client: httpx.AsyncClient

    async def get(self, path: str, **params: Any) -> Answer:
        answer = await self.client.get(f"/v1{path}", params=params)
        return {"http": answer.status_code, **answer.json()}

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        answer = await self.client.post(f"/v1{path}", json=body or {}, headers=headers)
        return {"http": answer.status_code, **(answer.json() if answer.content else {})}

    async def put(self, path: str, body: Any) -> Any:
        return (await self.client.put(f"/v1{path}", json=body)).json()

    async def queue(self, **params: Any) -> list[str]:
        """The tickets they see waiting, in order."""
        return [each["id"] for each in (await self.get("/triage", **params))["items"]]

    async def assign(self, ticket: Answer, department: str, **headers: str) -> Answer:
        body = {"department": department, "note": "职责所在"}
        return await self.post(f"/tickets/{ticket['id']}/assign", body, **headers)

    async def claim(self, ticket: Answer, **wanted: Any) -> Answer:
        return await self.post(f"/triage/{ticket['id']}/claim", wanted)

    async def release(self, ticket: Answer) -> int:
        return (await self.client.delete(f"/v1/triage/{ticket['id']}/claim")).status_code


async def person(hotline: InProcess, name: str, role: str = "agent") -> Person:
    """Somebody new at the desk."""
    async with hotline.resources.database.transaction() as connection:
        _, key = await KeyStore(connection, "").add(name, CallerRole(role), None, hotline.clock.now())
    transport = httpx.ASGITransport(hotline.app, raise_app_exceptions=False)
    bearer = {"authorization": f"Bearer {key}"}
    return Person(httpx.AsyncClient(transport=transport, base_url="http://test", headers=bearer))
