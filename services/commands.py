"""A command over HTTP: one transaction, taken once per Idempotency-Key, answered with the new state."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Schema
from schemas.errors import HotlineError, Invalid
from schemas.members import refuse_twice, unmarked
from services.acting import act_as
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.idempotency import Answer, Once, claim, keep, once
from services.security import Principal

S = TypeVar("S", bound=Schema)

KEY = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
"""The header as OpenAPI is told of it by routes that read their request by themselves."""

IdempotencyKey = Annotated[
    str | None, Header(description="The same key and body get the same answer; another body, 409.")
]


def once_of(request: Request, principal: Principal, body: bytes) -> Once | None:
    """Return what makes this request the same as another."""
    key = request.headers.get("idempotency-key")
    return once(str(principal.id), key, request.method, request.scope["path"], body)


async def _once(
    request: Request, principal: PrincipalDep, idempotency_key: IdempotencyKey = None
) -> Once | None:
    body = await request.body()
    # A route that reads its body by itself also keeps what it refuses.
    if request.scope["route"].body_field is not None and "json" in request.headers.get("content-type", ""):
        refuse_twice(body)
    return once_of(request, principal, body)


def read_body(model: type[S], body: bytes) -> S:
    """Return a request's JSON body; raises what FastAPI raises for one that does not fit, or `Invalid`."""
    refuse_twice(body)
    try:
        return model.model_validate_json(unmarked(body))
    except ValidationError as faults:
        errors = [{**fault, "loc": ("body", *fault["loc"])} for fault in faults.errors(include_url=False)]
        raise RequestValidationError(errors) from faults


def documented(model: type[Schema], *parameters: dict[str, Any]) -> dict[str, Any]:
    """
    Return what OpenAPI is told of a route that reads its request by itself.

    For the one route where the time FastAPI takes to read it counts.
    """
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"parameters": [KEY, *parameters], "requestBody": body}


OnceDep = Annotated[Once | None, Depends(_once)]


async def version_of(if_match: Annotated[str | None, Header()] = None) -> int | None:
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

    def __init__(self, resources: ResourcesDep, principal: PrincipalDep, request: OnceDep) -> None:
        self._resources = resources
        self._principal = principal
        self._request = request

    async def run(
        self,
        work: Callable[[AsyncConnection], Awaitable[tuple[Schema, dict[str, str]]]],
        status: int | Callable[[], int] = 200,
    ) -> Response:
        """Return what `answer` does, over HTTP."""
        return respond(await self.answer(work, status))

    async def answer(
        self,
        work: Callable[[AsyncConnection], Awaitable[tuple[Schema, dict[str, str]]]],
        status: int | Callable[[], int] = 200,
    ) -> Answer:
        """
        Return the work's answer, or the one it had when this key was first used.

        Work that loses a race is done again, on another connection's transaction.
        A `status` only the work can tell is asked for after it.
        """

        async def once(connection: AsyncConnection) -> Answer:
            kept = await self._kept(connection)
            if kept is not None:
                return kept
            act_as(connection, self._principal)
            body, headers = await work(connection)
            code = status() if callable(status) else status
            answer = Answer(code, headers, body.model_dump_json().encode())
            if self._request is not None:
                await keep(connection, self._request, answer)
            return answer

        return await self._resources.database.run(once)

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
