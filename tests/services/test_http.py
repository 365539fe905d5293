"""Bad input gets a clear problem, and nothing is left half-written."""

import asyncio
import logging
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import structlog
import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse
from starlette.types import Message

from services.access import PUBLIC, ROUTES
from services.http import create_app
from tests.inprocess import InProcess

GOOD = {"kind": "complaint", "title": "路灯不亮", "text": "国兴大道路灯不亮三天"}


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"category": "990000"}, 422, "unknown_category", "/category"),
        ({"division": "110101000000"}, 422, "unknown_division", "/division"),
        ({"hotline": "12999"}, 422, "unknown_hotline", "/hotline"),
        ({"hotline": "110"}, 409, "not_accepted", "/hotline"),
        ({"text": "长" * 10_001}, 422, "invalid", "/text"),
        ({"title": 5}, 422, "invalid", "/title"),
        ({"text": None}, 422, "invalid", "/text"),
        ({"kind": "shout"}, 422, "invalid", "/kind"),
        ({"caller": {"phone": ["1"]}}, 422, "invalid", "/caller/phone"),
        ({"surprise": 1}, 422, "invalid", "/surprise"),
        ({"title": "a\x00b"}, 422, "invalid", "/title"),
    ],
    ids=lambda each: str(each)[:30],
)
async def test_a_bad_field_is_answered_with_its_pointer_and_stores_nothing(
    hotline: InProcess, change: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    client = await hotline.client()
    answer = await client.post("/v1/tickets", json={**GOOD, **change})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["pointer"]) == (status, code, pointer)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await _stored(hotline) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        (b'{"title": "\xff\xfe", "text": "x"}', {400, 422}),
        (b'{"title": ', {422}),
        (b"[]", {422}),
        (b"null", {422}),
        (b"", {422}),
        (b"[" * 100_000, {400, 422}),
        (b'{"title":"\\ud800","text":"x"}', {400, 422}),
        (b"a" * 10_000_000, {413}),
    ],
    ids=["invalid utf-8", "cut off", "a list", "null", "empty", "too deep", "lone surrogate", "10 MB"],
)
async def test_a_broken_body_is_a_problem_and_stores_nothing(
    hotline: InProcess, body: bytes, statuses: set[int]
) -> None:
    client = await hotline.client()
    for path in ("/v1/tickets", "/v1/calls/12345"):
        answer = await client.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code in statuses, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]
    assert (await _stored(hotline))[:3] == [0, 0, 0]


async def test_an_unknown_path_and_method_are_problems_too(hotline: InProcess) -> None:
    client = await hotline.client()
    missing = await client.get("/v1/nothing")
    wrong = await client.put("/v1/tickets")
    assert [missing.json()["code"], wrong.json()["code"]] == ["not_found", "method_not_allowed"]


async def test_the_api_docs_need_nothing_from_outside(hotline: InProcess) -> None:
    client = await hotline.client()
    page = await client.get("/docs")
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(assets) == 3
    for each in assets:
        assert (await client.get(each)).status_code == 200, each


@pytest.mark.parametrize(
    ("headers", "came"),
    [
        ({}, "none"),
        ({"content-type": "application/x-www-form-urlencoded"}, "application/x-www-form-urlencoded"),
    ],
    ids=["none", "a form"],
)
async def test_a_body_that_is_not_said_to_be_json_is_told_how_to_be_sent(
    hotline: InProcess, headers: dict[str, str], came: str
) -> None:
    client = await hotline.client("department", "traffic-police")
    answer = await client.post("/v1/tickets/HK1/resolve", content=b'{"note": "done"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media")
    assert answer.json()["detail"] == f"Send the body as `Content-Type: application/json`; it had {came}."


async def test_the_bare_address_leads_to_the_api_docs(hotline: InProcess) -> None:
    answer = await (await hotline.client()).get("/", headers={"authorization": ""}, follow_redirects=True)
    assert (answer.status_code, answer.url.path) == (200, "/docs")


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("1f9c1a60-4d0e-4b57-9a52-6d1f4f3b8a11", True),
        ("call_center_7", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        ("a b", False),
        ('a"}', False),
        ("é", False),
    ],
)
async def test_a_request_keeps_an_id_that_may_be_logged_and_gets_one_for_any_other(
    hotline: InProcess, given: str, is_kept: bool
) -> None:
    client = await hotline.client()
    answer = await client.get("/healthz", headers={b"x-request-id": given.encode("latin-1")})
    (kept,) = answer.headers.get_list("x-request-id")
    assert (kept == given) == is_kept
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", kept)


def _failing(hotline: InProcess) -> FastAPI:
    """An app with a route that fails before its answer begins, and one that fails after."""
    routes = APIRouter()

    @routes.get("/healthz")
    async def fails() -> None:
        raise RuntimeError("the caller's phone is 13900000000")

    @routes.get("/readyz")
    async def breaks_off() -> StreamingResponse:
        async def half() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("the other half")

        return StreamingResponse(half(), headers={"content-length": "8"})

    return create_app([routes], hotline.resources)


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    """The app behind the server it runs on, in a thread with a loop of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


async def test_what_nobody_foresaw_is_answered_with_its_id_and_logged_once_under_it(
    hotline: InProcess, caplog: pytest.LogCaptureFixture
) -> None:
    assert ROUTES["GET", "/healthz"] == PUBLIC
    id_processor = structlog.contextvars.merge_contextvars
    with (
        structlog.testing.capture_logs(processors=[id_processor]) as logged,
        caplog.at_level(logging.ERROR),
        _served(_failing(hotline)) as url,
    ):
        async with httpx.AsyncClient(base_url=url) as client:
            answer = await client.get("/healthz", headers={"x-request-id": "call-7"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers.get_list("x-request-id") == ["call-7"]
    assert "13900000000" not in answer.text
    assert [(each["event"], each["request_id"]) for each in logged] == [("request_failed", "call-7")]
    assert caplog.records == []


@pytest.mark.parametrize("path", ["/v1/tickets", "/v1/tickets:batch"])
async def test_a_client_that_hangs_up_is_no_failure_of_the_service(hotline: InProcess, path: str) -> None:
    client = await hotline.client()
    key = client.headers["authorization"].encode()
    lines = b'{"kind": "help"}\n' * 501
    coming: list[Message] = [{"type": "http.request", "body": lines, "more_body": True}]
    sent: list[Message] = []

    async def receive() -> Message:
        return coming.pop() if coming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "root_path": ""}
    with structlog.testing.capture_logs() as logged:
        await hotline.app({**scope, "headers": [(b"authorization", key)]}, receive, send)
    assert [(each["event"], each["log_level"]) for each in logged] == [("client_hung_up", "info")]
    assert all(each.get("more_body", True) for each in sent)  # nothing ends the answer


async def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(hotline: InProcess) -> None:
    with structlog.testing.capture_logs() as logged, _served(_failing(hotline)) as url:
        async with httpx.AsyncClient(base_url=url) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get("/readyz")
    assert [each["event"] for each in logged] == ["request_failed"]


async def _stored(hotline: InProcess) -> list[int]:
    tables = ("tickets", "ticket_history", "outbox", "source_calls WHERE ticket_id IS NOT NULL")
    return [(await hotline.rows(f"SELECT count(*) AS n FROM {table}"))[0].n for table in tables]
