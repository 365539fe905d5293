"""Events on the wire: CloudEvents 1.0 in binary mode, what goes out and what is read back."""

from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from schemas.base import Schema, rfc3339
from schemas.errors import Invalid
from schemas.events import TOPIC, AnyEvent

SOURCE = "/hotline/12345"

_events: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


class Message(Schema):
    """An event on the wire: CloudEvents binary mode, headers `ce_*`, the data as JSON."""

    topic: str
    key: str
    headers: dict[str, str]
    body: bytes


def to_message(event: AnyEvent, topic: str = TOPIC) -> Message:
    """Put an event on the wire; the key is the ticket, so one ticket's events stay in order."""
    headers = headers_of(event.type, event.id, event.ticket, event.time, event.version)
    return Message(topic=topic, key=event.ticket, headers=headers, body=body_of(event))


def headers_of(type_: str, id_: UUID, ticket: str, time: datetime, version: int) -> dict[str, str]:
    """Return the envelope of an event as it travels."""
    return {
        "ce_specversion": "1.0",
        "ce_id": str(id_),
        "ce_source": SOURCE,
        "ce_type": type_,
        "ce_subject": ticket,
        "ce_time": rfc3339(time),
        "ce_sequence": str(version),
        "content-type": "application/json",
    }


def body_of(event: AnyEvent) -> bytes:
    """Return the data of an event as it travels."""
    return event.data.model_dump_json().encode()


def from_message(message: Message) -> AnyEvent:
    """Read an event off the wire; raises `Invalid` for anything that is not one of ours."""
    headers = message.headers
    try:
        envelope = {
            "id": headers["ce_id"],
            "type": headers["ce_type"],
            "ticket": headers["ce_subject"],
            "time": headers["ce_time"],
            "version": headers["ce_sequence"],
            "data": _json.validate_json(message.body),
        }
        return _events.validate_python(envelope)
    except KeyError as missing:
        raise Invalid(f"The message has no header {missing}.") from missing
    except ValidationError as fault:
        raise Invalid(f"The message is not an event: {fault.error_count()} faults.") from fault


_json: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])
