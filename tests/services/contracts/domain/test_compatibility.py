"""Which changes of a schema are breaks: a table, and its laws."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.domain.compatibility import all_breaks, breaks

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
MAYBE: Schema = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
MOMENT: Schema = {"type": "string", "format": "date-time"}
CARD: Schema = {"type": "string", "x-extensible-enum": ["yellow", "red"]}
LISTED: Schema = {"type": "array", "items": {"$ref": "#/$defs/Moved"}}
PAIR: Schema = {"type": "array", "prefixItems": [TEXT, MAYBE], "minItems": 2, "maxItems": 2}


def schema(moved: Schema | None = None, required: tuple[str, ...] = ("department",), **fields: Any) -> Schema:
    """An event of a department, with fields of its own and one definition."""
    return {
        "type": "object",
        "title": "ticket.moved",
        "properties": {"department": TEXT, **fields},
        "required": list(required),
        "$defs": {"Moved": moved or {"type": "object", "properties": {"due_at": MOMENT}}},
    }


ALLOWED = {
    "an optional field is added": (schema(), schema(note=MAYBE)),
    "a value of an open enumeration is added": (
        schema(card=CARD),
        schema(card={**CARD, "x-extensible-enum": ["yellow", "red", "black"]}),
    ),
    "an open enumeration is given up": (schema(card=CARD), schema(card=TEXT)),
    "it is described otherwise": (schema(note=TEXT), schema(note={**TEXT, "description": "What was said."})),
    "a definition has another name": (
        schema(moved=MOMENT, at={"$ref": "#/$defs/Moved"}),
        {**schema(at={"$ref": "#/$defs/Instant"}), "$defs": {"Instant": MOMENT}},
    ),
    "an optional field is added deep inside": (
        schema(moved_to=LISTED),
        schema({"type": "object", "properties": {"due_at": MOMENT, "note": MAYBE}}, moved_to=LISTED),
    ),
}

BROKEN = {
    "a field is removed": (schema(note=TEXT), schema(), "/note: is gone"),
    "a field is renamed": (schema(note=TEXT), schema(remark=TEXT), "/note: is gone"),
    "an optional field is made required": (
        schema(note=TEXT),
        schema(note=TEXT, required=("department", "note")),
        "/note: is required now",
    ),
    "a new field is required": (
        schema(),
        schema(note=TEXT, required=("department", "note")),
        "/note: is required now",
    ),
    "a field is no longer always there": (
        schema(),
        schema(required=()),
        "/department: is no longer always there",
    ),
    "a type is another": (
        schema(level={"type": "integer"}),
        schema(level=TEXT),
        "/level: type was 'integer', is 'string'",
    ),
    "a field may no longer be null": (schema(note=MAYBE), schema(note=TEXT), "/note: is never null now"),
    "a field may be null": (schema(note=TEXT), schema(note=MAYBE), "/note: may be null now"),
    "a format is another": (
        schema(at=MOMENT),
        schema(at={**TEXT, "format": "date"}),
        "/at: format was 'date-time', is 'date'",
    ),
    "a length is bounded": (
        schema(note=TEXT),
        schema(note={**TEXT, "maxLength": 10}),
        "/note: maxLength was None, is 10",
    ),
    "a value of an enumeration is removed": (
        schema(card=CARD),
        schema(card={**CARD, "x-extensible-enum": ["red"]}),
        "/card: 'yellow' is no longer among the values",
    ),
    "free text becomes an enumeration": (
        schema(card=TEXT),
        schema(card=CARD),
        "/card: is one of a list now",
    ),
    "what an absent field means is another": (
        schema(improper={"type": "boolean", "default": True}),
        schema(improper={"type": "boolean", "default": False}),
        "/improper: default was True, is False",
    ),
    "unknown fields are refused": (
        schema(),
        {**schema(), "additionalProperties": False},
        "/*: was {}, is False",
    ),
    "a map holds something else": (
        schema(places={"type": "object", "additionalProperties": TEXT}),
        schema(places={"type": "object", "additionalProperties": {"type": "integer"}}),
        "/places/*: type was 'string', is 'integer'",
    ),
    "a list becomes one": (
        schema(cc={"type": "array", "items": TEXT}),
        schema(cc=TEXT),
        "/cc: type was 'array', is 'string'",
    ),
    "a field is removed deep inside": (
        schema(moved_to=LISTED),
        schema({"type": "object", "properties": {}}, moved_to=LISTED),
        "/moved_to/*/due_at: is gone",
    ),
    "a pair becomes a triple": (
        schema(changed=PAIR),
        schema(changed={**PAIR, "prefixItems": [TEXT, MAYBE, TEXT]}),
        "/changed: had 2 places, has 3",
    ),
    "a place of a pair is another": (
        schema(changed=PAIR),
        schema(changed={**PAIR, "prefixItems": [TEXT, TEXT]}),
        "/changed/1: is never null now",
    ),
    "alternatives cannot be told apart": (
        schema(note={"anyOf": [TEXT, {**TEXT, "maxLength": 3}]}),
        schema(note={"anyOf": [TEXT, {**TEXT, "maxLength": 2}]}),
        "/note: has other alternatives",
    ),
}


@pytest.mark.parametrize("change", ALLOWED)
def test_a_reader_never_notices_that(change: str) -> None:
    old, new = ALLOWED[change]
    assert breaks(old, new) == []


@pytest.mark.parametrize("change", BROKEN)
def test_a_reader_breaks_when(change: str) -> None:
    old, new, told = BROKEN[change]
    assert told in breaks(old, new)


def test_an_event_may_be_added_and_none_may_go() -> None:
    released = {"ticket.signed": schema(), "ticket.urged": schema(note=TEXT)}
    assert all_breaks(released, {**released, "ticket.supplemented": schema()}) == []
    assert all_breaks(released, {"ticket.urged": schema()}) == [
        "ticket.signed: is no longer published",
        "ticket.urged/note: is gone",
    ]


leaves = st.sampled_from([TEXT, MAYBE, MOMENT, CARD, PAIR, {"type": "integer"}])
fields = st.dictionaries(st.sampled_from("abcdef"), leaves)


@given(fields, fields)
def test_added_fields_alone_never_break_and_a_schema_never_breaks_itself(some: Schema, more: Schema) -> None:
    assert breaks(schema(**some), schema(**some)) == []
    assert breaks(schema(**some), schema(**{**more, **some})) == []


@given(fields, fields)
def test_whatever_else_differs_is_a_break(some: Schema, other: Schema) -> None:
    kept = all(name in other and other[name] == each for name, each in some.items())
    given_up = all(
        (each == CARD and other.get(name) == TEXT) or other.get(name) == each for name, each in some.items()
    )
    assert (breaks(schema(**some), schema(**other)) == []) == (kept or given_up)
