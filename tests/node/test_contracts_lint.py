"""The contracts are such as other people's tools read: AsyncAPI's own parser, an OpenAPI linter."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.node.tools import lint

CONTRACTS = Path(__file__).parents[2] / "docs" / "contracts"

pytestmark = pytest.mark.node


def test_the_linters_find_nothing() -> None:
    committed = [CONTRACTS / f"{kind}.json" for kind in ("asyncapi", "openapi")]
    assert lint(*committed) == (0, "0 faults in 2 documents")


def test_the_linters_find_what_is_wrong(tmp_path: Path) -> None:
    def wrong(kind: str, **changed: Any) -> Path:
        document = json.loads((CONTRACTS / f"{kind}.json").read_text("utf-8"))
        path = tmp_path / f"{kind}.json"
        path.write_text(json.dumps({**document, **changed}), "utf-8")
        return path

    for folder in ("events", "webhooks"):
        (tmp_path / folder).symlink_to(CONTRACTS / folder)
    tell = {"tell": {"action": "shout", "channel": {"$ref": "#/channels/tickets"}}}
    code, said = lint(wrong("asyncapi", operations=tell), wrong("openapi", paths=[]))
    assert code == 1
    assert '/operations/tell/action: "action" property must be equal to one of the allowed values' in said
    assert "oas3-schema: /paths" in said
