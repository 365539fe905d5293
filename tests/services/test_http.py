"""Bad input gets a clear problem, and nothing is left half-written."""

import re
from typing import Any

import pytest

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


async def _stored(hotline: InProcess) -> list[int]:
    tables = ("tickets", "ticket_history", "outbox", "source_calls WHERE ticket_id IS NOT NULL")
    return [(await hotline.rows(f"SELECT count(*) AS n FROM {table}"))[0].n for table in tables]
