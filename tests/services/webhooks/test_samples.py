"""An example is what a department's system will really meet: it keeps to its event's published schema."""

import json
from datetime import UTC, datetime

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from schemas.events import EVENTS
from services.contracts.event_schemas import webhook_schemas
from services.webhooks.announce import TYPES, body
from services.webhooks.samples import TICKET, sample

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_an_example_of_every_event_keeps_to_its_published_schema(type_: str) -> None:
    event = sample(type_, "water-group", NOON)
    posted = json.loads(body(event, {"test": True}))
    checked = Draft202012Validator(webhook_schemas()[type_], format_checker=FormatChecker())
    assert [each.message for each in checked.iter_errors(posted)] == []
    assert (posted["data"]["ticket"], posted["data"]["test"]) == (TICKET, True)


@pytest.mark.parametrize("type_", sorted(EVENTS))
def test_no_event_there_is_has_a_schema_no_example_can_be_made_of(type_: str) -> None:
    assert sample(type_, "water-group", NOON).type == type_
