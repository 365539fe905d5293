"""The contracts are such as other people's tools read: AsyncAPI's own parser, an OpenAPI linter."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.inprocess import InProcess
from tests.node.tools import lint

CONTRACTS = Path(__file__).parents[2] / "docs" / "contracts"
ASYNCAPI = CONTRACTS / "asyncapi.json"

pytestmark = pytest.mark.node


@pytest.fixture
async def openapi(hotline: InProcess, tmp_path: Path) -> Path:
    """The API's description as it is served."""
    answer = await (await hotline.client()).get("/openapi.json")
    path = tmp_path / "openapi.json"
    path.write_bytes(answer.content)
    return path


def test_the_linters_find_nothing(openapi: Path) -> None:
    assert lint(ASYNCAPI, openapi) == (0, "0 faults in 2 documents")


def test_the_linters_find_what_is_wrong(openapi: Path, tmp_path: Path) -> None:
    def wrong(right: Path, **changed: Any) -> Path:
        document = json.loads(right.read_text("utf-8"))
        path = tmp_path / right.name
        path.write_text(json.dumps({**document, **changed}), "utf-8")
        return path

    for folder in ("events", "webhooks"):
        (tmp_path / folder).symlink_to(CONTRACTS / folder)
    tell = {"tell": {"action": "shout", "channel": {"$ref": "#/channels/tickets"}}}
    code, said = lint(wrong(ASYNCAPI, operations=tell), wrong(openapi, paths=[]))
    assert code == 1
    assert '/operations/tell/action: "action" property must be equal to one of the allowed values' in said
    assert "oas3-schema: /paths" in said
