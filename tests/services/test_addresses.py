"""An address nobody could have been given is refused, and never fails the service."""

import base64
import json
import re
from typing import Any

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


def addresses(document: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Method and path of every route of the API, leading nowhere, and the parameters it says it has."""
    return [
        (method.upper(), re.sub(r"{[^}]+}", "12345", path), asked)
        for path, operations in document["paths"].items()
        if path.startswith("/v1/")
        for method, operation in operations.items()
        for asked in [[each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]]
    ]


async def test_a_parameter_a_route_does_not_have_is_refused_by_every_route_and_those_it_has_are_named(
    hotline: InProcess,
) -> None:
    """Else a list with a misspelt filter is taken for the answer."""
    clients = [await hotline.client("admin"), await hotline.client("department", "traffic-police")]
    clients.append(await hotline.client())
    found = addresses(hotline.app.openapi())
    assert len([asked for _, _, asked in found if asked]) > 30
    for method, path, asked in found:
        query = {**dict.fromkeys(asked, ""), "dpartment": "x"}
        answers = [await each.request(method, path, params=query, json={}) for each in clients]
        (answer, *_) = [each for each in answers if each.status_code != 403]
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, "unknown_parameter"), path
        assert (problem["pointer"], sorted(problem["known"])) == ("query:dpartment", sorted(asked)), path
        assert all(each in problem["detail"] for each in asked), path


async def test_what_is_asked_once_too_often_registers_nothing(hotline: InProcess) -> None:
    call = {"kind": "help", "title": "灯", "text": "路灯不亮"}
    for query in ("dry_run=true", "dry_run", "&x=1"):
        answer = await (await hotline.client()).post(f"/v1/tickets?{query}", json=call)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_parameter")
    assert await hotline.rows("SELECT 1 FROM tickets") == []
    assert (await (await hotline.client()).post("/v1/tickets?&", json=call)).status_code == 201


async def test_of_two_values_for_one_parameter_neither_counts(hotline: InProcess) -> None:
    client = await hotline.client("supervisor")
    answer = await client.get("/v1/supervision/overdue?department=water-group&department=traffic-police")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert (answer.json()["pointer"], answer.json()["detail"]) == (
        "query:department",
        "The parameter department is given twice.",
    )
    assert (await client.get("/v1/tickets?status=signed&status=assigned")).status_code == 200
    explained = "/v1/jurisdictions/explain?category=020100&attribute=a=1&attribute=b=2"
    assert (await client.get(explained)).status_code == 200


async def test_who_has_no_key_learns_no_parameters(hotline: InProcess) -> None:
    answer = await (await hotline.client()).get("/v1/tickets?x=1", headers={"authorization": ""})
    assert answer.json()["code"] == "bad_api_key"


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"])
async def test_pages_and_probes_take_whatever_is_added_to_their_address(
    hotline: InProcess, path: str
) -> None:
    answer = await (await hotline.client("supervisor")).get(f"{path}?t=1", follow_redirects=True)
    assert answer.status_code == 200


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
