"""The service as the demo's people call it, each with a key of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Api:
    """A client and its keys, by role or department."""

    client: httpx.AsyncClient
    keys: dict[str, str]

    async def get(self, path: str, who: str) -> Any:
        """Return an answer's content; raises `httpx.HTTPError` when there is none."""
        answer = await self.client.get(path, headers=self._as(who))
        answer.raise_for_status()
        return answer.json()

    async def post(self, path: str, body: Mapping[str, Any], who: str) -> httpx.Response:
        """Return the answer, whatever it is."""
        return await self.client.post(path, json=dict(body), headers=self._as(who))

    async def delete(self, path: str, who: str) -> None:
        """Delete what is there."""
        await self.client.delete(path, headers=self._as(who))

    def _as(self, who: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys[who]}"}
