"""A JSON Schema for each event: its data as it travels on a topic, and its body as a webhook."""

from typing import Any
from uuid import UUID

from pydantic import Field, TypeAdapter, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from schemas.base import Instant
from schemas.event_data import Lenient
from schemas.events import EVENTS, data_class
from services.contracts.domain.compatibility import OPEN_VALUES
from services.webhooks.announce import TYPES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Published(GenerateJsonSchema):
    """
    Shows an enumeration as open, so that who validates by it takes values added later.

    Titles are left out where they only repeat the name of a field.
    """

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Repeat no names."""
        return False

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        """Show the values of a literal as those known today."""
        return _opened(super().literal_schema(schema))

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """Show the members of an enumeration as those known today."""
        return _opened(super().enum_schema(schema))


def _opened(schema: JsonSchemaValue) -> JsonSchemaValue:
    closed = ("enum", "const")
    values = schema.get("enum") or [schema["const"]]
    return {**{key: each for key, each in schema.items() if key not in closed}, OPEN_VALUES: values}


class ToldPerson(Lenient):
    """Somebody of the department, by role, name, post and unit, and why it is they."""

    role: str
    name: str | None = None
    post: str | None = None
    unit: str | None = None
    because: str


class ToldNotice(Lenient):
    """Whom of the department a rung is told to, and not before when."""

    id: UUID
    not_before: Instant
    to: ToldPerson | None = None
    cc: list[ToldPerson] = []


BESIDES: dict[str, dict[str, Any]] = {"ticket.escalated": {"notice": (ToldNotice | None, None)}}
"""What a webhook says beside its event's own data."""


def topic_schemas() -> dict[str, JsonSchemaValue]:
    """Return the schema of each event's data, as a topic carries it."""
    return {type_: _shown(type_, data_class(type_)) for type_ in sorted(EVENTS)}


def webhook_schemas() -> dict[str, JsonSchemaValue]:
    """Return the schema of each webhook's body: Standard Webhooks' `type`, `timestamp` and `data`."""
    return {type_: _body_schema(type_) for type_ in sorted(TYPES)}


def _body_schema(type_: str) -> JsonSchemaValue:
    data = data_class(type_)
    told = create_model(
        data.__name__,
        __base__=data,
        __doc__=data.__doc__,
        ticket=(str, Field(description="The ticket's number.")),
        version=(int, Field(description="Counts the ticket's history: a higher one is later.")),
        **BESIDES.get(type_, {}),
    )
    payload = create_model(
        "Webhook", __base__=Lenient, type=(str, ...), timestamp=(Instant, ...), data=(told, ...)
    )
    shown = _shown(type_, payload)
    shown["properties"]["type"] = {"const": type_}
    return shown


def _shown(type_: str, model: type[Lenient]) -> JsonSchemaValue:
    schema = TypeAdapter(model).json_schema(mode="serialization", schema_generator=Published)
    says = EVENTS[type_].__doc__ or data_class(type_).__doc__ or ""
    return {"$schema": DIALECT, **schema, "title": type_, "description": " ".join(says.split())}
