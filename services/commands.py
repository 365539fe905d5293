"""A command over HTTP: one transaction, taken once per Idempotency-Key, answered with the new state."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Schema
from schemas.errors import HotlineError, Invalid
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.idempotency import Answer, Once, claim, keep, once

IdempotencyKey = Annotated[
    str | None, Header(description="The same key and body get the same answer; another body, 409.")
]


async def once_of(
    request: Request, principal: PrincipalDep, idempotency_key: IdempotencyKey = None
) -> Once | None:
    """Return what makes this request the same as another."""
    body = await request.body()
    return once(str(principal.id), idempotency_key, request.method, request.url.path, body)


OnceDep = Annotated[Once | None, Depends(once_of)]


def version_of(if_match: Annotated[str | None, Header()] = None) -> int | None:
    """Return the version `If-Match` names; `*` and no header name none."""
    if if_match is None or if_match.strip() == "*":
        return None
    tag = if_match.strip().strip('"')
    if not tag.isdecimal() or len(tag) > 9:
        raise Invalid('If-Match holds a version in quotes, like "3".', pointer="header:if-match")
    return int(tag)


VersionDep = Annotated[int | None, Depends(version_of)]


class Commands:
    """Runs a command's work once and remembers its answer."""

    def __init__(self, resources: ResourcesDep, request: OnceDep) -> None:
        self._resources = resources
        self._request = request

    async def run(
        self,
        work: Callable[[AsyncConnection], Awaitable[tuple[Schema, dict[str, str]]]],
        status: int = 200,
    ) -> Response:
        """Return the work's answer, or the one it had when this key was first used."""
        async with self._resources.database.transaction() as connection:
            kept = await self._kept(connection)
            if kept is not None:
                return respond(kept)
            body, headers = await work(connection)
            answer = Answer(status, headers, body.model_dump_json().encode())
            if self._request is not None:
                await keep(connection, self._request, answer)
        return respond(answer)

    async def _kept(self, connection: AsyncConnection) -> Answer | None:
        if self._request is None:
            return None
        known = await claim(connection, [self._request], self._resources.clock.now())
        found = known.get((self._request.caller, self._request.key))
        if isinstance(found, HotlineError):
            raise found
        return found


CommandsDep = Annotated[Commands, Depends()]


def respond(answer: Answer) -> Response:
    """Return an answer over HTTP, byte for byte as it was given."""
    return Response(answer.body, answer.status, answer.headers, "application/json")
