"""Every route says who may call it, and is kept to it."""

import pytest

from services.access import PUBLIC, ROUTES, SIGNED
from services.security import CallerRole
from tests.inprocess import InProcess

DOCS = {("GET", "/"), ("GET", "/docs"), ("GET", "/docs/oauth2-redirect")}
OWN_DEPARTMENT = "traffic-police"


async def test_openapi_and_the_table_of_routes_name_the_same_routes(hotline: InProcess) -> None:
    paths = hotline.app.openapi()["paths"]
    served = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert served | DOCS == set(ROUTES)


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
