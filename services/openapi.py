"""The API's description in OpenAPI, with who may call each route and an example of each body."""

from collections.abc import Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from services.access import PUBLIC, ROUTES, SIGNED
from services.examples import EXAMPLES

TITLE = "12345 hotline"
SUMMARY = "Registers calls, routes tickets, supervises deadlines."
VERSION = "0.1.0"
DESCRIPTION = (
    "For agents, departments and supervisors of a city's 12345 hotline. Every error is a problem (RFC 9457) "
    "with a stable `code`; every POST takes an `Idempotency-Key`, every change of a ticket an `If-Match`; "
    "unknown fields and query parameters are refused."
)


def openapi(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """Return the description of these routes, each of which `services/access.py` must know."""
    schema = get_openapi(
        title=TITLE, summary=SUMMARY, description=DESCRIPTION, version=VERSION, routes=routes
    )
    components = schema.setdefault("components", {})
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer"},
        "signature": {"type": "apiKey", "in": "header", "name": "webhook-signature"},
    }
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            _complete(operation, (method.upper(), path), components)
    return schema


def _complete(operation: dict[str, Any], route: tuple[str, str], components: dict[str, Any]) -> None:
    roles = ROUTES[route]
    operation["x-roles"] = sorted(roles)
    scheme = "signature" if route in SIGNED else "key"
    operation["security"] = [] if roles == PUBLIC and scheme == "key" else [{scheme: []}]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        _hoist(content, components)
        if route in EXAMPLES:
            content["example"] = EXAMPLES[route]


def _hoist(content: dict[str, Any], components: dict[str, Any]) -> None:
    """Put the schemas a hand-written body brings along where its references look for them."""
    for name, each in content.get("schema", {}).pop("$defs", {}).items():
        components.setdefault("schemas", {}).setdefault(name, each)
