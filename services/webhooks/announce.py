"""Consumer: what concerns a department goes into its feed, and to each endpoint that wants it."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import rfc3339
from schemas.events import TicketAdjudicated, TicketAssigned, TicketCoAnswered, TicketEscalated
from schemas.scrubbing import scrubbed
from services.bus import Subscription
from services.feed import FeedStore
from services.resources import Resources
from services.tables import tickets
from services.webhooks.store import DeliveryStore, EndpointStore

TYPES = (
    "ticket.assigned",
    "ticket.escalated",
    "ticket.escalation_withdrawn",
    "ticket.return_granted",
    "ticket.return_refused",
    "ticket.closed",
    "ticket.corrected",
    "ticket.recalled",
    "ticket.handed_over",
    "ticket.urged",
    "ticket.withdrawn",
    "ticket.transferred",
    "ticket.deadlines_moved",
    "ticket.dispute_opened",
    "ticket.adjudicated",
    "ticket.co_assigned",
    "ticket.co_answered",
    "ticket.co_ended",
    "ticket.extension_granted",
    "ticket.extension_refused",
    "ticket.suspended",
    "ticket.suspension_refused",
    "ticket.resumed",
)
USUAL = (*TYPES[:4], *TYPES[-9:])
"""What an endpoint is sent that does not say what it wants."""

TO_HELPERS = frozenset({"ticket.corrected", "ticket.urged"})
"""What those who help must know too, beside what is told to them by name."""

_TOLD = text(
    "SELECT id, addressee, cc, deliver_at FROM supervision_notices"
    " WHERE ticket_id = :ticket AND deadline_id = :deadline AND level = :level AND kind = 'rung'"
)
"""The table is escalation's, so it is only read: who of the department is to be told, and not before when."""

_PERSON = ("role", "name", "post", "unit", "because")

_HELPERS = select(tickets.c.co_departments).where(tickets.c.id == bindparam("ticket"))


async def announce(event: Any, connection: AsyncConnection, resources: Resources) -> None:
    """Fix the body now: a retry hours later says what was true when it happened."""
    if isinstance(event, TicketAssigned) and event.data.matter.historical:
        return
    departments = await _addressees(event, connection)
    if not departments:
        return
    content = body(event, await _notice(event, connection))
    await FeedStore(connection).add(event, departments, content, resources.clock.now())
    endpoints = EndpointStore(connection)
    wanting = [
        endpoint_id
        for department in departments
        for endpoint_id in await endpoints.wanting(department, event.type)
    ]
    rows = [
        {
            "endpoint_id": endpoint_id,
            "event_id": event.id,
            "ticket_id": event.ticket,
            "type": event.type,
            "body": content,
            "next_attempt_at": resources.clock.now(),
        }
        for endpoint_id in wanting
    ]
    await DeliveryStore(connection).add(rows)


async def _addressees(event: Any, connection: AsyncConnection) -> list[str]:
    """Return whom an event concerns: who has the ticket; the parties of a dispute; who helps, or its lead."""
    if isinstance(event, TicketAdjudicated):
        return event.data.parties
    if isinstance(event, TicketCoAnswered):
        return [event.data.lead]
    named: list[str] = [event.data.department] if event.data.department else []
    if event.type in TO_HELPERS:
        named += await connection.scalar(_HELPERS, {"ticket": event.ticket}) or []
    return named


async def _notice(event: Any, connection: AsyncConnection) -> dict[str, Any]:
    """Return whom a rung is told to, by name, post and unit."""
    if not isinstance(event, TicketEscalated):
        return {}
    asked = {"ticket": event.ticket, "deadline": event.data.deadline_id, "level": event.data.level}
    found = (await connection.execute(_TOLD, asked)).one_or_none()
    if found is None:
        return {}
    told = {"id": str(found.id), "not_before": rfc3339(found.deliver_at)}
    return {"notice": {**told, "to": _person(found.addressee), "cc": [_person(each) for each in found.cc]}}


def _person(known: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if known is None else {name: known[name] for name in _PERSON}


def body(event: Any, besides: Mapping[str, Any] = MappingProxyType({})) -> bytes:
    """Return the payload: Standard Webhooks' `type`, `timestamp`, `data`, the ticket's number; no caller."""
    told = _for_department(event.data.model_dump(mode="json"))
    data = {"ticket": event.ticket, "version": event.version, **told, **besides}
    payload = {"type": event.type, "timestamp": rfc3339(event.time), "data": data}
    return json.dumps(payload, ensure_ascii=False).encode()


def _for_department(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _for_department(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_for_department(each) for each in value]
    return scrubbed(value) if isinstance(value, str) else value


webhooks = Subscription("webhooks", dict.fromkeys(TYPES, announce))
