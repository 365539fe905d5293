"""Every route says who may call it, and is kept to it."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from fastapi import APIRouter

from schemas.errors import Misconfigured
from schemas.guards import Who
from schemas.lifecycle import INSTEAD, TABLE, Status, Step
from services.access import PUBLIC, ROUTES, SIGNED, STEP_ROUTES, standing, steps_for
from services.http import create_app
from services.security import CallerRole, Principal
from tests.inprocess import InProcess

DOCS = {("GET", "/"), ("GET", "/docs"), ("GET", "/docs/oauth2-redirect")}
OWN_DEPARTMENT = "traffic-police"
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


async def test_openapi_and_the_table_of_routes_name_the_same_routes(hotline: InProcess) -> None:
    paths = hotline.app.openapi()["paths"]
    served = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert served | DOCS == set(ROUTES)


async def test_a_service_with_a_route_nobody_is_named_for_does_not_start(hotline: InProcess) -> None:
    routes = APIRouter(prefix="/v1")
    routes.add_api_route("/hidden", lambda: None, methods=["DELETE"])
    with pytest.raises(Misconfigured, match=r"who may call DELETE /v1/hidden\."):
        create_app([routes], hotline.resources)


async def test_every_route_but_health_refuses_a_caller_without_a_key(hotline: InProcess) -> None:
    client = await hotline.client()
    for method, path in ROUTES:
        answer = await client.request(method, path.format_map(_Any()), headers={"authorization": ""})
        if (method, path) in SIGNED:
            assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature"), path
        elif ROUTES[method, path] == PUBLIC:
            assert answer.status_code == (307 if path == "/" else 200)
        else:
            assert (answer.status_code, answer.json()["code"]) == (401, "bad_api_key"), path
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("role", CallerRole)
async def test_a_role_that_is_not_named_for_a_route_is_forbidden(
    hotline: InProcess, role: CallerRole
) -> None:
    client = await hotline.client(role, OWN_DEPARTMENT if role is CallerRole.DEPARTMENT else None)
    for (method, path), roles in ROUTES.items():
        answer = await client.request(method, path.format_map(_Any()), json={})
        if (method, path) in SIGNED:
            assert answer.json()["code"] == "bad_signature", "a key lets nobody in where messages are signed"
        elif roles == PUBLIC or role in roles:
            assert answer.status_code not in (401, 403), path
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path


async def test_a_revoked_key_and_an_invented_one_are_refused(hotline: InProcess) -> None:
    client = await hotline.client()
    answer = await client.get("/v1/tickets", headers={"authorization": "Bearer hk_invented"})
    assert answer.status_code == 401


async def test_keys_are_stored_only_as_their_hash(hotline: InProcess) -> None:
    client = await hotline.client()
    key = client.headers["authorization"].removeprefix("Bearer ")
    rows = await hotline.rows("SELECT row_to_json(api_keys)::text AS all FROM api_keys")
    assert len(rows) == 1
    assert key not in rows[0].all


class _Any(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "00000000-0000-0000-0000-000000000000" if name == "endpoint_id" else "12345"


def test_a_step_by_hand_has_a_route_and_one_of_the_service_has_none() -> None:
    by_hand = {rule.step for rule in TABLE if rule.who != {Who.SERVICE}}
    assert set(STEP_ROUTES) == by_hand - {Step.REGISTER, *INSTEAD}


@pytest.mark.parametrize(
    ("department", "who"), [(OWN_DEPARTMENT, Who.LEAD), ("water-group", Who.CO_HANDLER), ("police", None)]
)
def test_a_department_is_offered_the_steps_of_its_part_in_a_ticket(department: str, who: Who | None) -> None:
    ticket = {"status": "signed", "department": OWN_DEPARTMENT, "co_departments": ["water-group"]}
    principal = Principal(uuid4(), "test", CallerRole.DEPARTMENT, department)
    assert standing(ticket, principal) is who
    theirs = [rule.step for rule in TABLE if Status.SIGNED in rule.moves and who in rule.who]
    offered = [step for step in theirs if step not in INSTEAD]
    assert steps_for({**ticket, "return_until_at": MONDAY}, principal) == offered
    assert steps_for(ticket, principal) == [each for each in offered if each is not Step.RETURN]
