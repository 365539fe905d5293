"""The HTTP face of every process: the app, problem answers, request ids, health."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from secrets import token_hex
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.errors import (
    HotlineError,
    Invalid,
    Misconfigured,
    TooLarge,
    UnsupportedMedia,
)
from schemas.problem import FieldProblem, Problem, what_is_wrong
from services.access import ROUTES
from services.addresses import check_address, parameters_of
from services.authorization import authorize
from services.metrics import CONTENT_TYPE, Metrics
from services.openapi import SUMMARY, TITLE, VERSION, openapi
from services.resources import Resources

PROBLEM = "application/problem+json"
REQUEST_ID = "x-request-id"
GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

STREAMED = frozenset({"/v1/tickets:batch"})
"""Routes that read their body piece by piece and limit the pieces themselves."""

LARGER = {"/v1/jurisdictions:import": 20_000_000, "/v1/deadlines/calculate": 10_000_000}
"""Routes that take more than a call weighs: a table of tens of thousands of rows, a thousand calendars."""

RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {"model": Problem, "content": {PROBLEM: {}}, "description": "A problem"}
}

Check = Callable[[Resources], Awaitable[None]]
"""Raises `Misconfigured` or `Unavailable` when the process must not serve."""

log = structlog.get_logger()


def resources_of(request: Request) -> Resources:
    """Return what this process holds open."""
    return request.app.state.resources  # type: ignore[no-any-return]


async def _resources(request: Request) -> Resources:  # FastAPI runs plain functions in a thread
    return resources_of(request)


class Descriptions:
    """What is added to the API's description once every route and command is known."""

    def __init__(self, _: Resources) -> None:
        self.each: list[Callable[[dict[str, Any]], None]] = []


ResourcesDep = Annotated[Resources, Depends(_resources)]


def create_app(faces: Sequence[APIRouter], resources: Resources, checks: Sequence[Check] = ()) -> FastAPI:
    """Build the app; raises `Misconfigured` when a route does not say who may call it."""
    app = FastAPIOffline(
        redoc_url=None,
        title=TITLE,
        summary=SUMMARY,
        version=VERSION,
        dependencies=[Depends(_let_in)],
        responses=RESPONSES,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.resources = resources
    for face in [*faces, _health(checks), _front_page()]:
        app.include_router(face)
    app.state.parameters = {each: parameters_of(route) for each, route in _declared(app).items()}
    for kind, answer in _ANSWERS:
        app.add_exception_handler(kind, answer)
    app.add_middleware(Straight, routes=[each for face in faces for each in face.routes])
    app.add_middleware(BodyLimit, most=resources.settings.max_body_bytes)
    app.add_middleware(RequestId)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        app.openapi_schema = openapi(app.routes)
        for describe in app.state.resources.part(Descriptions).each:
            describe(app.openapi_schema)
    return app.openapi_schema


class ReadsItself(APIRoute):
    """
    A route whose function takes its request and returns its response, and nothing else.

    FastAPI knows it for its description only: on the way through its routers and
    dependencies a request would spend more time than in all the rest of the app.
    """


class Straight:
    """The way of a request to a route that `ReadsItself`; every other one goes through the framework."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        known = [each for each in routes if isinstance(each, ReadsItself)]
        self._routes = {(method, each.path): each for each in known for method in each.methods or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask whether the request may pass, and answer it, also when what it asks for is refused."""
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            return await self._app(scope, receive, send)
        request = Request(scope, receive, send)
        scope["route"] = route
        try:
            await _let_in(request)
            response = await route.endpoint(request)
        except _FORESEEN as fault:
            answer = next(answer for kind, answer in _ANSWERS if isinstance(fault, kind))
            response = await answer(request, fault)
        return await response(scope, receive, send)  # type: ignore[no-any-return]


async def _let_in(request: Request) -> None:
    """Let a request pass that may: one dependency, as resolving each costs every request."""
    await authorize(request)
    if request.scope["query_string"] or "\x00" in request.scope["path"]:
        route = request.method, request.scope["route"].path
        check_address(request, request.app.state.parameters[route])


def problem(error: HotlineError, **more: Any) -> Response:
    """Return the RFC 9457 answer to an error raised on purpose."""
    headers = {"www-authenticate": error.challenge} if error.challenge else {}
    if error.retry:
        headers["retry-after"] = "1"
    return _json_answer(problem_body(error) | more, error.status, headers)


def problem_body(error: HotlineError) -> dict[str, Any]:
    """Return what an answer says of an error raised on purpose."""
    facts = {key: value for key, value in error.facts.items() if value is not None}
    return {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": str(error),
        **facts,
    }


def _json_answer(body: dict[str, Any], status: int, headers: dict[str, str]) -> Response:
    content = structlog.processors.JSONRenderer(ensure_ascii=False)(None, "", body)
    return Response(content, status, headers, PROBLEM)


async def _refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, HotlineError)
    if error.status >= 500:
        log.error("request_failed", code=error.code, exc_info=error)
    return problem(error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if _is_unread(request, error):
        came = request.headers.get("content-type", "none")
        return problem(UnsupportedMedia(f"Send the body as `Content-Type: application/json`; it had {came}."))
    faults = [
        FieldProblem(pointer=pointer(each["loc"]), code=each["type"], detail=what_is_wrong(each))
        for each in error.errors()
    ]
    refusal = Invalid(f"{faults[0].pointer or 'body'}: {faults[0].detail}", pointer=faults[0].pointer)
    return problem(refusal, errors=[each.model_dump() for each in faults])


def _is_unread(request: Request, error: RequestValidationError) -> bool:
    """Say whether the body was taken for bytes, because nothing said that it is JSON."""
    return isinstance(error.body, bytes) and error.errors()[0]["loc"] == ("body",)


async def _other(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == TooLarge.status:
        return problem(TooLarge("The body is larger than this service takes."))
    codes = {400: "bad_body", 404: "not_found", 405: "method_not_allowed"}
    body = {
        "type": "about:blank",
        "title": str(error.detail),
        "status": error.status_code,
        "code": codes.get(error.status_code, "http_error"),
        "detail": str(error.detail),
    }
    return _json_answer(body, error.status_code, dict(error.headers or {}))


_ANSWERS: list[tuple[type[Exception], Any]] = [
    (HotlineError, _refusal),
    (RequestValidationError, _invalid),
    (HTTPException, _other),
]
_FORESEEN = tuple(kind for kind, _ in _ANSWERS)


def pointer(location: Sequence[int | str]) -> str:
    """Return an RFC 6901 pointer into the body; for other places, `place:name`."""
    place, *path = location or ("body",)
    if place != "body":
        return f"{place}:{'.'.join(map(str, path))}"
    if len(path) == 1 and isinstance(path[0], int):  # the offset of a JSON fault, not a member
        return ""
    return "".join("/" + str(each).replace("~", "~0").replace("/", "~1") for each in path)


class BodyLimit:
    """Stops reading a body that is too large; the app's own limit would answer in plain text."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a receive that counts."""
        if scope["type"] != "http" or scope["path"] in STREAMED:
            return await self._app(scope, receive, send)
        most = max(self._most, LARGER.get(scope["path"], 0))
        told = dict(scope["headers"]).get(b"content-length", b"0")
        size = int(told) if told.isdigit() and int(told) > most else 0

        async def counted() -> Message:
            nonlocal size
            message: Message = {"type": "http.request"} if size > most else await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise HTTPException(TooLarge.status)
            return message

        await self._app(scope, counted, send)
        return None


class Streamed(Response):
    """
    Sends an answer while its request is still read.

    What is answered waits in memory until the client takes it: a client that sends
    all it has before it reads must not keep us from reading on, or both would wait for ever.
    """

    def __init__(self, parts: AsyncIterator[bytes], media_type: str) -> None:
        super().__init__(media_type=media_type)
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the parts as they come; a part that fails leaves the answer without its end."""
        ready: asyncio.Queue[bytes | None] = asyncio.Queue()

        async def gather() -> None:
            async for each in self._parts:
                ready.put_nowait(each)
            ready.put_nowait(None)

        headers = [each for each in self.raw_headers if each[0] != b"content-length"]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        async with asyncio.TaskGroup() as group:
            group.create_task(gather())
            while (part := await ready.get()) is not None:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class RequestId:
    """
    Gives each request an id, in its logs and on its answer; answers what nobody foresaw.

    The framework's own last resort stands outside of this, where no id is known,
    and hands the fault on to the server, which logs it again.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bind the id, pass the request on, and put the id on the answer, whatever happens."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        given = dict(scope["headers"]).get(REQUEST_ID.encode(), b"").decode("latin-1")
        request_id = given if GIVEN_ID.fullmatch(given) else token_hex(16)
        begun = False

        async def tagged(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"].append((REQUEST_ID.encode(), request_id.encode()))
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, tagged)
            except Exception as fault:
                if _is_hung_up(fault):
                    log.info("client_hung_up")
                    return None
                log.exception("request_failed", code="internal")
                if not begun:  # else the server sees that the answer has no end, and hangs up
                    await _unforeseen()(scope, receive, tagged)
        return None


def _is_hung_up(fault: Exception) -> bool:
    """Say whether only the client ended its request, half sent: nobody waits for an answer."""
    if isinstance(fault, ExceptionGroup):
        return all(map(_is_hung_up, fault.exceptions))
    return isinstance(fault, ClientDisconnect)


def _unforeseen() -> Response:
    """Return an answer without the error's text: it may hold a caller's data."""
    return problem(HotlineError("The service failed; the request id says where to look."))


def _health(checks: Sequence[Check]) -> APIRouter:
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    async def alive() -> dict[str, str]:
        """Answer as long as the process runs."""
        return {"status": "alive"}

    @routes.get("/readyz")
    async def ready(resources: ResourcesDep) -> dict[str, str]:
        """Answer 200 when this process can do its work; a problem says what is missing."""
        for check in checks:
            await check(resources)
        return {"status": "ready"}

    @routes.get("/metrics", response_class=Response)
    async def metrics(resources: ResourcesDep) -> Response:
        """Show the figures of this process, in the text form of Prometheus."""
        return Response(await resources.part(Metrics).shown(), media_type=CONTENT_TYPE)

    return routes


def _front_page() -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def front_page() -> RedirectResponse:
        """Lead somebody who opens the bare address to the API docs."""
        return RedirectResponse("/docs")

    return routes


def _declared(app: FastAPI) -> dict[tuple[str, str], APIRoute]:
    """Return every route by method and path; raises `Misconfigured` for one nobody is named for."""
    routes = {
        (method, each.original_route.path): each.original_route
        for each in iter_route_contexts(app.routes)
        if isinstance(each.original_route, APIRoute)
        for method in each.original_route.methods or ()
    }
    if undeclared := [f"{method} {path}" for method, path in routes if (method, path) not in ROUTES]:
        raise Misconfigured(f"services/access.py does not say who may call {', '.join(undeclared)}.")
    return routes
