"""Notes: what happens to a ticket without moving it; numbered, written down and announced, many in one go."""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events import CONFIDENTIAL_TOPIC, TOPIC, AnyEvent
from schemas.lifecycle import Step
from schemas.wire import body_of, headers_of
from services.bulk import copy_in
from services.database import driver_of, ring_after_commit, to_json
from services.outbox import BELL
from services.tables import outbox, ticket_history

_COUNTED = """
UPDATE tickets SET version = given.version
FROM unnest($1::text[], $2::integer[]) AS given (id, version) WHERE tickets.id = given.id
"""


class Standing(NamedTuple):
    """Where a locked ticket stands."""

    version: int
    status: str
    confidential: bool
    urgency: str
    division: str | None


@dataclass(frozen=True, slots=True)
class Note:
    """An event, its data as it travels, and the step and sentence it is kept with."""

    ticket: str
    event_id: UUID
    type: str
    at: datetime
    body: bytes
    step: Step
    sentence: str

    @classmethod
    def of(cls, event: AnyEvent, step: Step, sentence: str) -> Self:
        """Return the note of an event."""
        return cls(event.ticket, event.id, event.type, event.time, body_of(event), step, sentence)


async def write_down(
    connection: AsyncConnection,
    notes: Sequence[Note],
    standing: Mapping[str, Standing],
    actor: str,
) -> list[int]:
    """
    Write notes of tickets that this transaction has locked; return the versions they got, in their order.

    `standing` says where each ticket stands. Three statements, however many there are.
    """
    if not notes:
        return []
    versions = {ticket: each.version for ticket, each in standing.items()}
    numbers = [_next(versions, each.ticket) for each in notes]
    driver = await driver_of(connection)
    noted = {each.ticket for each in notes}
    await driver.execute(_COUNTED, list(noted), [versions[each] for each in noted])
    numbered = list(zip(notes, numbers, strict=True))
    entries = [_entry(*each, standing[each[0].ticket], actor) for each in numbered]
    await copy_in(driver, ticket_history, entries)
    await copy_in(driver, outbox, [_announcement(*each, standing[each[0].ticket]) for each in numbered])
    ring_after_commit(connection, BELL)
    return numbers


def topic_of(confidential: bool) -> str:
    """Return the topic a ticket's events travel on."""
    return CONFIDENTIAL_TOPIC if confidential else TOPIC


def _next(versions: MutableMapping[str, int], ticket: str) -> int:
    versions[ticket] += 1
    return versions[ticket]


def _entry(note: Note, version: int, ticket: Standing, actor: str) -> dict[str, Any]:
    return {
        "ticket_id": note.ticket,
        "version": version,
        "step": note.step.value,
        "status": ticket.status,
        "at": note.at,
        "actor": actor,
        "note": note.sentence,
        "event_id": note.event_id,
    }


def _announcement(note: Note, version: int, ticket: Standing) -> dict[str, Any]:
    return {
        "event_id": note.event_id,
        "topic": topic_of(ticket.confidential),
        "key": note.ticket,
        "headers": to_json(headers_of(note.type, note.event_id, note.ticket, note.at, version)),
        "body": note.body,
    }
