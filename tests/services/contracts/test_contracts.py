"""The committed contracts are what the code says and does, and nothing released is broken."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from schemas.errors import Misconfigured
from services.composition import ROLES
from services.contracts import files
from services.contracts.api import api_of
from services.contracts.asyncapi import NEVER_IN_CONFIDENCE, asyncapi
from services.contracts.event_schemas import topic_schemas, webhook_schemas
from services.webhooks.announce import TYPES, body
from tests.inprocess import InProcess
from tests.schemas.test_events import DATA, event

COMMITTED = Path(__file__).parents[3] / "docs" / "contracts"
DEPARTMENT = "ecology-environment-longhua"
NOISE = {"category": "020100", "division": "460106002000"}


def faults(schema: dict[str, Any], document: Any) -> list[str]:
    checked = Draft202012Validator(schema, format_checker=FormatChecker())
    return [each.message for each in checked.iter_errors(document)]


@pytest.fixture(scope="module")
def today() -> dict[str, str]:
    return files.contracts()


def test_the_committed_contracts_are_what_the_code_says(today: dict[str, str]) -> None:
    """`hotline contracts write` writes them anew."""
    assert files.differing(today, COMMITTED) == []


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    return api_of(ROLES)


def test_what_was_released_is_kept_to(api: dict[str, Any]) -> None:
    """Only what harms no reader and no caller is added: see docs/contracts/README.md."""
    assert files.breaks_of_released(COMMITTED, api) == []


def test_a_route_a_parameter_and_a_field_that_are_taken_away_are_breaks_of_what_was_released(
    api: dict[str, Any],
) -> None:
    broken = deepcopy(api)
    del broken["routes"]["GET /v1/hotlines"]
    del broken["routes"]["GET /v1/supervision/overdue"]["parameters"]["query department"]
    del broken["schemas"]["Ticket"]["properties"]["department"]
    found = files.breaks_of_released(COMMITTED, broken)
    assert "GET /v1/hotlines: is gone" in found
    assert "GET /v1/supervision/overdue query department: is gone" in found
    assert len([each for each in found if each.endswith("/department: is gone")]) == 1


@pytest.mark.parametrize("type_", sorted(DATA))
def test_what_a_topic_carries_keeps_to_its_schema(type_: str) -> None:
    schema = topic_schemas()[type_]
    Draft202012Validator.check_schema(schema)
    told = event(type_).data.model_dump(mode="json")
    assert faults(schema, told) == []
    assert faults(schema, {**told, "added_later": True}) == []
    for name in schema.get("required", []):
        assert faults(schema, {key: each for key, each in told.items() if key != name}) != []


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_what_a_webhook_says_keeps_to_its_schema(type_: str) -> None:
    schema = webhook_schemas()[type_]
    Draft202012Validator.check_schema(schema)
    posted = json.loads(body(event(type_)))
    assert faults(schema, posted) == []
    assert faults(schema, {**posted, "type": "ticket.other"}) != []
    assert faults(schema, {**posted, "data": {**posted["data"], "version": None}}) != []


def test_every_example_keeps_to_its_schemas_and_is_signed_as_it_is_sent() -> None:
    document, schemas = asyncapi(), {"events": topic_schemas(), "webhooks": webhook_schemas()}
    for name, message in document["components"]["messages"].items():
        (example,) = message["examples"]
        _, folder, file = message["payload"]["$ref"].split("/")
        assert faults(schemas[folder][file.removesuffix(".schema.json")], example["payload"]) == [], name
        (trait,) = message["traits"]
        common = document["components"]["messageTraits"][trait["$ref"].rpartition("/")[2]]["headers"]
        for headers in (common, message.get("headers", {})):
            assert faults(headers, example["headers"]) == [], name
    assert document == asyncapi(), "an example is the same each time"


def test_the_confidential_topic_lists_what_can_come_on_it() -> None:
    channels = asyncapi()["channels"]
    assert set(channels["tickets"]["messages"]) == set(topic_schemas())
    missing = set(topic_schemas()) - set(channels["confidential"]["messages"])
    assert missing == NEVER_IN_CONFIDENCE
    assert {each for each in missing if each.startswith("ticket.")} == {
        each for each in topic_schemas() if each.startswith("ticket.co_")
    }


async def test_a_card_that_names_who_is_told_keeps_to_its_schema(hotline: InProcess) -> None:
    client = await hotline.client("department", DEPARTMENT)
    new = {"department": DEPARTMENT, "url": "http://127.0.0.1/hook"}
    assert (await client.post("/v1/webhooks/endpoints", json=new)).status_code == 201
    await hotline.call(**NOISE)
    await hotline.advance(hotline.clock.time.replace(hour=9))
    rows = await hotline.rows("SELECT body FROM webhook_deliveries WHERE type = 'ticket.escalated'")
    posted = [json.loads(row.body) for row in rows]
    assert [each["data"]["notice"]["to"]["role"] for each in posted] != []
    assert [faults(webhook_schemas()["ticket.escalated"], each) for each in posted] == [[]] * len(posted)


def test_values_added_later_are_taken_by_who_validates_today() -> None:
    told = {**event("ticket.escalated").data.model_dump(mode="json"), "card": "black"}
    assert faults(topic_schemas()["ticket.escalated"], told) == []
    assert faults(topic_schemas()["ticket.escalated"], {**told, "card": 3}) != []


def test_a_folder_that_was_changed_is_found_out_and_written_anew(
    today: dict[str, str], tmp_path: Path
) -> None:
    files.write(today, tmp_path)
    assert files.differing(today, tmp_path) == []
    (tmp_path / "events" / "ticket.signed.schema.json").write_text("{}")
    (tmp_path / "events" / "ticket.gone.schema.json").write_text("{}")
    (tmp_path / "asyncapi.json").unlink()
    assert files.differing(today, tmp_path) == [
        "asyncapi.json",
        "events/ticket.gone.schema.json",
        "events/ticket.signed.schema.json",
    ]
    files.write(today, tmp_path)
    assert files.differing(today, tmp_path) == []
    assert not (tmp_path / "events" / "ticket.gone.schema.json").exists()


def test_writing_the_contracts_anew_hides_no_break_and_releasing_takes_none_back(
    today: dict[str, str], api: dict[str, Any], tmp_path: Path
) -> None:
    files.release(tmp_path, api)
    promised = json.loads((tmp_path / files.RELEASED).read_text("utf-8"))
    promised["webhooks/ticket.urged"]["properties"]["tone"] = {"type": "string"}
    (tmp_path / files.RELEASED).write_text(json.dumps(promised), "utf-8")
    files.write(today, tmp_path)
    assert files.breaks_of_released(tmp_path, api) == ["webhooks/ticket.urged/tone: is gone"]
    with pytest.raises(Misconfigured, match=r"is not taken back: webhooks/ticket\.urged/tone"):
        files.release(tmp_path, api)


@pytest.mark.parametrize("missing", [files.RELEASED, files.RELEASED_API])
def test_a_release_that_is_missing_is_no_release_without_breaks(
    missing: str, api: dict[str, Any], tmp_path: Path
) -> None:
    files.release(tmp_path, api)
    assert files.breaks_of_released(tmp_path, api) == []
    (tmp_path / missing).unlink()
    with pytest.raises(Misconfigured, match=f"{missing} is missing"):
        files.breaks_of_released(tmp_path, api)
