"""AsyncAPI 3.0 of what is told: topics with their CloudEvents headers, webhooks with their signatures."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from schemas.events import CONFIDENTIAL_TOPIC, EVENTS, TOPIC
from schemas.wire import SOURCE, to_message
from services.webhooks.announce import TYPES, body
from services.webhooks.domain.signing import show_secret, signed_headers
from services.webhooks.samples import sample

Document = dict[str, Any]

NEVER_IN_CONFIDENCE = frozenset(
    (
        "policies.published",
        "webhook.endpoint_disabled",
        "ticket.co_assigned",
        "ticket.co_signed",
        "ticket.co_contacted",
        "ticket.co_fed_back",
        "ticket.co_answered",
        "ticket.co_ended",
    )
)
"""What is of no ticket; and nobody is asked to help with one that is held in confidence."""

VERSION = "1.0.0"
SHOWN_AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
SHOWN_DEPARTMENT = "ecology-environment-longhua"
SHOWN_SECRET = show_secret(bytes(range(32)))
TEXT = {"type": "string"}

CLOUDEVENT = {
    "ce_specversion": {"const": "1.0"},
    "ce_id": {**TEXT, "format": "uuid", "description": "The event's; whoever has handled it passes it over."},
    "ce_source": {"const": SOURCE},
    "ce_subject": {**TEXT, "description": "The ticket's number, and the record's key."},
    "ce_time": {**TEXT, "format": "date-time", "description": "When it happened."},
    "ce_sequence": {**TEXT, "pattern": "^[0-9]+$", "description": "Counts the ticket's history."},
    "content-type": {"const": "application/json"},
}

WEBHOOK = {
    "webhook-id": {
        **TEXT,
        "description": "The same on every attempt: what was taken once is not taken again.",
    },
    "webhook-timestamp": {
        **TEXT,
        "pattern": "^[0-9]+$",
        "description": "When this attempt was signed, Unix.",
    },
    "webhook-signature": {
        **TEXT,
        "description": "`v1,` and the HMAC-SHA256 in base64 of id, timestamp and body, joined by dots; "
        "while a secret is being replaced several, with spaces between them.",
    },
    "content-type": {"const": "application/json; charset=utf-8"},
}


def asyncapi() -> Document:
    """Return the document; its payloads are the files beside it."""
    types = sorted(EVENTS)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "12345 hotline events",
            "version": VERSION,
            "description": "What happens to tickets: on Kafka for the city's own systems, by webhooks for "
            "departments. Within this version only optional fields and values are added.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "tickets": _topic(TOPIC, "What happens to tickets, in the order of each.", types),
            "confidential": _topic(
                CONFIDENTIAL_TOPIC,
                "The same of tickets held in confidence.",
                (each for each in types if each not in NEVER_IN_CONFIDENCE),
            ),
            "webhooks": _webhooks(),
        },
        "operations": {
            name: {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}
            for name, channel, summary in (
                ("tellTickets", "tickets", "Tell what happened, at least once."),
                ("tellConfidential", "confidential", "Tell what happened in confidence, at least once."),
                ("postWebhooks", "webhooks", "Post to a department what concerns it, until it is taken."),
            )
        },
        "components": {
            "messages": {
                **{each: _event(each) for each in types},
                **{_hook(each): _webhook(each) for each in sorted(TYPES)},
            },
            "messageTraits": {
                "cloudevent": {
                    "headers": _headers(CLOUDEVENT),
                    "bindings": {"kafka": {"key": TEXT, "bindingVersion": "0.5.0"}},
                },
                "webhook": {"headers": _headers(WEBHOOK)},
            },
        },
    }


def _topic(address: str, description: str, types: Iterable[str]) -> Document:
    return {
        "address": address,
        "description": description,
        "messages": {each: _leads_to(each) for each in types},
    }


def _webhooks() -> Document:
    return {
        "address": None,
        "title": "Webhooks",
        "description": "Posted to the address a department registered, signed as Standard Webhooks says.",
        "messages": {_hook(each): _leads_to(_hook(each)) for each in sorted(TYPES)},
    }


def _leads_to(message: str) -> Document:
    return {"$ref": f"#/components/messages/{message}"}


def _hook(type_: str) -> str:
    return f"webhook.{type_}"


def _event(type_: str) -> Document:
    return {
        "name": type_,
        "title": type_,
        "headers": _headers({"ce_type": {"const": type_}}),
        "payload": {"$ref": f"./events/{type_}.schema.json"},
        "examples": [_told(type_)],
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
    }


def _webhook(type_: str) -> Document:
    return {
        "name": _hook(type_),
        "title": f"{type_}, as a webhook",
        "contentType": "application/json; charset=utf-8",
        "payload": {"$ref": f"./webhooks/{type_}.schema.json"},
        "examples": [_posted(type_)],
        "traits": [{"$ref": "#/components/messageTraits/webhook"}],
    }


def _told(type_: str) -> Document:
    message = to_message(_shown(type_))
    return {"headers": message.headers, "payload": json.loads(message.body)}


def _posted(type_: str) -> Document:
    """Return a post as `POST /v1/webhooks/endpoints/{id}/test` has it sent."""
    event = _shown(type_)
    content = body(event, {"test": True})
    return {
        "headers": signed_headers([SHOWN_SECRET], event.id, SHOWN_AT, content),
        "payload": json.loads(content),
    }


def _shown(type_: str) -> Any:
    numbers = count(1)
    return sample(type_, SHOWN_DEPARTMENT, SHOWN_AT, lambda: UUID(int=next(numbers)))


def _headers(properties: Document) -> Document:
    return {"type": "object", "properties": properties, "required": list(properties)}
