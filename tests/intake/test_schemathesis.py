"""What OpenAPI says of the intake routes is what they do, for requests that keep to it and that do not."""

import json
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.clock import SystemClock
from services.database import Database, make_engine
from services.http import create_app
from services.resources import Resources
from services.settings import Settings
from services.wakeups import Wakeups
from tests.conftest import ROLES
from tests.inprocess import InProcess

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NOWHERE = "postgresql+asyncpg://nobody@nowhere/none"


def described() -> Any:
    """The API as it describes itself; nothing is connected to read it."""
    resources = Resources(Settings(), SystemClock(), Database(make_engine(NOWHERE), Wakeups()), Wakeups())
    app = create_app([face for role in ROLES for face in role.faces], resources)
    return schemathesis.openapi.from_dict(app.openapi())


@schemathesis.serializer("application/x-ndjson", "application/ndjson", "text/csv", "application/csv")
def lines(_: Any, value: Any) -> bytes:
    """Lines of what was made up: right or not, it is to be answered."""
    rows = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(row, default=str) for row in rows).encode()


API = described()
TAGS = {"intake", "hotlines"}
OPERATIONS = [
    (method.upper(), path)
    for path, operations in API.raw_schema["paths"].items()
    for method, operation in operations.items()
    if TAGS & set(operation.get("tags", ()))
]


async def send(client: httpx.AsyncClient, case: Any) -> httpx.Response:
    asked = requests.Request(**case.as_transport_kwargs(base_url="http://test")).prepare()
    headers = {name: str(value) for name, value in asked.headers.items()}
    headers["authorization"] = client.headers["authorization"]
    assert asked.body is None or isinstance(asked.body, bytes | str)
    return await client.request(str(asked.method), str(asked.url), headers=headers, content=asked.body or b"")


@pytest.fixture
async def known(hotline: InProcess) -> dict[str, str]:
    """Path parameters that lead somewhere."""
    ticket = await hotline.register(hotline="12366", source_number="A-1")
    return {"ticket_id": ticket["id"], "hotline": "12366", "number": "12366"}


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda each: str(each))
@settings(
    max_examples=20,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
async def test_a_route_keeps_to_what_openapi_says_of_it(
    hotline: InProcess, known: dict[str, str], method: str, path: str, data: st.DataObject
) -> None:
    mode = data.draw(st.sampled_from(schemathesis.GenerationMode))
    case = data.draw(API[path][method].as_strategy(generation_mode=mode))
    if case.path_parameters and data.draw(st.booleans()):
        case.path_parameters = {name: known.get(name, value) for name, value in case.path_parameters.items()}
    answer = await send(await hotline.client("admin"), case)
    case.validate_response(answer, checks=CHECKS)
