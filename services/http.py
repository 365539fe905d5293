"""The HTTP face of every process: the app, problem answers, request ids, health."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any
from uuid import uuid4

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.errors import FieldProblem, HotlineError, Invalid, Misconfigured, Problem, TooLarge
from services.access import PUBLIC, ROUTES
from services.authorization import authorize
from services.resources import Resources

PROBLEM = "application/problem+json"
REQUEST_ID = "x-request-id"

Check = Callable[[Resources], Awaitable[None]]
"""Raises `Misconfigured` or `Unavailable` when the process must not serve."""

log = structlog.get_logger()


def resources_of(request: Request) -> Resources:
    """Return what this process holds open."""
    return request.app.state.resources  # type: ignore[no-any-return]


ResourcesDep = Annotated[Resources, Depends(resources_of)]


def create_app(faces: Sequence[APIRouter], resources: Resources, checks: Sequence[Check] = ()) -> FastAPI:
    """Build the app; raises `Misconfigured` when a route does not say who may call it."""
    app = FastAPIOffline(
        redoc_url=None,
        title="12345 hotline",
        summary="Registers calls, routes tickets, supervises deadlines.",
        version="0.1.0",
        dependencies=[Depends(authorize)],
        responses={"default": {"model": Problem, "content": {PROBLEM: {}}, "description": "A problem"}},
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.resources = resources
    for face in [*faces, _health(checks)]:
        app.include_router(face)
    _refuse_undeclared(app)
    for kind, answer in _ANSWERS:
        app.add_exception_handler(kind, answer)
    app.add_middleware(BodyLimit, most=resources.settings.max_body_bytes)
    app.add_middleware(RequestId)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def problem(error: HotlineError, **more: Any) -> Response:
    """Return the RFC 9457 answer to an error raised on purpose."""
    facts = {key: value for key, value in error.facts.items() if value is not None}
    body = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": str(error),
        **facts,
        **more,
    }
    headers = {"www-authenticate": "Bearer"} if error.status == 401 else {}
    if error.retry:
        headers["retry-after"] = "1"
    return _json_answer(body, error.status, headers)


def _json_answer(body: dict[str, Any], status: int, headers: dict[str, str]) -> Response:
    content = structlog.processors.JSONRenderer(ensure_ascii=False)(None, "", body)
    return Response(content, status, headers, PROBLEM)


async def _refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, HotlineError)
    if error.status >= 500:
        log.error("request_failed", code=error.code, exc_info=error)
    return problem(error)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [
        FieldProblem(pointer=pointer(each["loc"]), code=each["type"], detail=each["msg"])
        for each in error.errors()
    ]
    refusal = Invalid(f"{faults[0].pointer or 'body'}: {faults[0].detail}", pointer=faults[0].pointer)
    return problem(refusal, errors=[each.model_dump() for each in faults])


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


async def _unforeseen(_: Request, error: Exception) -> Response:
    """Answer without the error's text: it may hold a caller's data."""
    log.error("request_failed", code="internal", exc_info=error)
    return problem(HotlineError("The service failed; the request id says where to look."))


_ANSWERS: list[tuple[type[Exception], Any]] = [
    (HotlineError, _refusal),
    (RequestValidationError, _invalid),
    (HTTPException, _other),
    (Exception, _unforeseen),
]


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
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        told = dict(scope["headers"]).get(b"content-length", b"0")
        size = int(told) if told.isdigit() and int(told) > self._most else 0

        async def counted() -> Message:
            nonlocal size
            message: Message = {"type": "http.request"} if size > self._most else await receive()
            size += len(message.get("body", b""))
            if size > self._most:
                raise HTTPException(TooLarge.status)
            return message

        await self._app(scope, counted, send)
        return None


class RequestId:
    """Gives each request an id, in its logs and on its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bind the id, pass the request on, and put the id on the answer."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        given = dict(scope["headers"]).get(REQUEST_ID.encode(), b"").decode("latin-1")
        request_id = given if given.isalnum() and len(given) <= 64 else uuid4().hex

        async def tagged(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((REQUEST_ID.encode(), request_id.encode()))
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, tagged)
        return None


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

    return routes


def _refuse_undeclared(app: FastAPI) -> None:
    undeclared = [
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
        if (method, route.path) not in ROUTES
    ]
    if undeclared:
        raise Misconfigured(f"services/access.py does not say who may call {', '.join(undeclared)}.")


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, summary=app.summary, version=app.version, routes=app.routes)
        schemes = schema.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["key"] = {"type": "http", "scheme": "bearer"}
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                roles = ROUTES[method.upper(), path]
                operation["x-roles"] = sorted(roles)
                operation["security"] = [] if roles == PUBLIC else [{"key": []}]
        app.openapi_schema = schema
    return app.openapi_schema
