"""An address nobody could have been given is refused, and never fails the service."""

import base64
import json
import re

import pytest

from tests.inprocess import InProcess

FIRST_DAY = "0001-01-01T00:00:00+14:00"
LAST_DAY = "9999-12-31T23:59:59-12:00"
NOW = "2026-11-23T01:00:00+00:00"
NOBODY = "00000000-0000-0000-0000-000000000000"


def cursor(*place: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/v1/supervision/overdue?stage=%00", "query:stage"),
        ("/v1/supervision/overdue?department=a%00", "query:department"),
        ("/v1/supervision/due-soon?stage=%00", "query:stage"),
        ("/v1/supervision/escalations?ticket=%00", "query:ticket"),
        ("/v1/supervision/escalations?department=%00", "query:department"),
        ("/v1/tickets/%00", "path:ticket_id"),
        ("/v1/tickets/HK%00/history", "path:ticket_id"),
        ("/v1/tickets/%00/deadlines", "path:ticket_id"),
        ("/v1/triage?a%00=1", "query:a\x00"),
    ],
)
async def test_an_address_with_nul_is_refused_by_name(hotline: InProcess, path: str, pointer: str) -> None:
    answer = await (await hotline.client("supervisor")).get(path)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["pointer"]) == (422, "invalid", pointer)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_step_of_a_ticket_whose_number_holds_nul_is_refused(hotline: InProcess) -> None:
    for step in ("assign", "grant-return", "close"):
        body = {"note": "试", "department": "water-group"} if step == "assign" else {}
        answer = await (await hotline.client()).post(f"/v1/tickets/%00/{step}", json=body)
        assert (answer.status_code, answer.json()["pointer"]) == (422, "path:ticket_id")


@pytest.mark.parametrize("path", ["/v1/supervision/overdue", "/v1/supervision/escalations", "/v1/triage"])
@pytest.mark.parametrize(
    "place",
    [(FIRST_DAY, NOBODY), (LAST_DAY, NOBODY), (NOW, "\x00"), (NOW, "\ud800"), ("2026-11-23", NOBODY)],
    ids=["before time", "after time", "nul", "lone surrogate", "no zone"],
)
async def test_a_cursor_that_names_no_place_is_refused(
    hotline: InProcess, path: str, place: tuple[str, str]
) -> None:
    answer = await (await hotline.client("supervisor")).get(path, params={"cursor": cursor(*place)})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


async def test_a_moment_no_database_knows_is_refused_wherever_one_may_be_asked_about(
    hotline: InProcess,
) -> None:
    asked = [
        (re.sub(r"{[^}]+}", "water-group", path), each["name"])
        for path, steps in hotline.app.openapi()["paths"].items()
        for each in steps.get("get", {}).get("parameters", [])
        if each["in"] == "query" and "date-time" in json.dumps(each["schema"])
    ]
    client = await hotline.client("admin")
    assert ("/v1/supervision/returns", "since") in asked
    for path, name in asked:
        for moment in (FIRST_DAY, LAST_DAY):
            answer = await client.get(path, params={name: moment})
            assert (answer.status_code, answer.json()["pointer"]) == (422, f"query:{name}"), path
