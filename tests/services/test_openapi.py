"""The API's description shows an example of every body, and each example is one that is taken."""

import re
from typing import Any

from jsonschema import Draft202012Validator

from services.examples import EXAMPLES
from tests.inprocess import InProcess

JSON = "application/json"
MANY_FORMS = {"/v1/calls/{hotline}", "/v1/calls/{hotline}/status"}
"""Each hotline has a form of its own, so there is no one example."""

OF_A_TICKET = "/v1/tickets/{ticket_id}/"


def bodies(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The JSON bodies of the API, by method and path."""
    return {
        (method.upper(), path): operation["requestBody"]["content"][JSON]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if JSON in operation.get("requestBody", {}).get("content", {}) and path not in MANY_FORMS
    }


def examples(body: dict[str, Any], document: dict[str, Any]) -> list[Any]:
    """What a body is shown to look like."""
    shown = [body["example"]] if "example" in body else []
    schema = body["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    shown += [each["value"] for each in body.get("examples", {}).values()]
    return [*shown, *schema.get("examples", [])]


async def test_every_body_has_an_example_that_its_schema_takes(hotline: InProcess) -> None:
    document = hotline.app.openapi()
    found = bodies(document)
    assert len(found) > 50
    assert sorted(EXAMPLES.keys() - found.keys()) == []
    shown = {route: examples(body, document) for route, body in found.items()}
    assert [route for route, some in shown.items() if not some] == []  # services/examples.py has none
    for route, body in found.items():
        schema = {**body["schema"], "components": document["components"]}
        for each in shown[route]:
            assert [fault.message for fault in Draft202012Validator(schema).iter_errors(each)] == [], route


async def test_a_day_no_calendar_knows_is_refused_wherever_one_is_named(hotline: InProcess) -> None:
    """The day before the first of all would fail the service."""
    document = hotline.app.openapi()
    client, asked = await hotline.client("admin"), 0
    for (method, path), body in bodies(document).items():
        name = body["schema"].get("$ref", "").rpartition("/")[2]
        fields = document["components"]["schemas"].get(name, {}).get("properties", {})
        for field in (each for each, schema in fields.items() if "'format': 'date'" in str(schema)):
            for day in ("0001-01-01", "9999-12-31"):
                said = {**examples(body, document)[0], field: day}
                answer = await client.request(method, re.sub("{[^}]+}", "ladder", path), json=said)
                pointers = [each["pointer"] for each in answer.json().get("errors", ())]
                assert (answer.status_code, f"/{field}" in pointers) == (422, True), (path, answer.text)
                asked += 1
    assert asked >= 10


async def test_every_example_of_a_command_is_read_to_its_end(hotline: InProcess) -> None:
    """Only the ticket it names is not there: 404, and not 422."""
    department = await hotline.client("department", "ecology-environment-longhua")
    supervisor = await hotline.client("supervisor")
    found = bodies(hotline.app.openapi())
    commands = {
        path: body["example"]
        for (_, path), body in found.items()
        if path.startswith(OF_A_TICKET) and "example" in body
    }
    assert len(commands) > 25
    for path, said in commands.items():
        address = path.format(ticket_id="HK1")
        answers = [await client.post(address, json=said) for client in (department, supervisor)]
        assert {each.status_code for each in answers} <= {403, 404}, (path, [each.text for each in answers])
        assert 404 in {each.status_code for each in answers}, path
