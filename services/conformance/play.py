"""Play the cases against an endpoint, over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import httpx

from schemas.errors import Unavailable
from services.conformance.domain.case import (
    HUNG_UP,
    NO_ANSWER,
    NOTHING,
    Answer,
    Case,
    Finding,
    Held,
    Post,
    judge,
)


@dataclass(frozen=True)
class Endpoint:
    """
    A vendor's endpoint: where it takes webhooks, and where, if anywhere, it says what it holds.

    An answer counts that comes within `limit` seconds.
    """

    url: str
    status_url: str | None
    limit: float

    async def play(self, cases: Sequence[Case]) -> AsyncIterator[Finding]:
        """Yield what came of each case; raises `Unavailable` when nobody listens there."""
        async with httpx.AsyncClient(timeout=self.limit, trust_env=False) as client:
            for case in cases:
                if case.together:
                    answers = await asyncio.gather(*(self._post(client, each) for each in case.posts))
                else:
                    answers = [await self._post(client, each) for each in case.posts]
                yield judge(case, answers, await self._held(client, case.ticket))

    async def _post(self, client: httpx.AsyncClient, post: Post) -> Answer:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(self.limit):
                answer = await client.post(self.url, content=post.body, headers=post.headers)
        except httpx.ConnectError as fault:
            raise Unavailable(f"Nobody listens at {self.url}: {fault}") from fault
        except (TimeoutError, httpx.TimeoutException):
            return Answer(None, NO_ANSWER, clock() - began)
        except httpx.TransportError:
            return Answer(None, HUNG_UP, clock() - began)
        return Answer(answer.status_code, None, clock() - began)

    async def _held(self, client: httpx.AsyncClient, ticket: str) -> Held | None:
        if self.status_url is None:
            return None
        try:
            answer = await client.get(self.status_url, params={"ticket": ticket})
            if answer.status_code == httpx.codes.NOT_FOUND:
                return NOTHING
            told = answer.raise_for_status().json()
            return Held(told["version"], told["taken"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as fault:
            raise Unavailable(f"{self.status_url} does not say what it holds: {fault!r}") from fault
