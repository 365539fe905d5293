"""Consumer: what concerns a department goes into its feed, and to each endpoint that wants it."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import Text, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import rfc3339
from schemas.events import CoHandling, TicketAdjudicated, TicketAssigned, TicketCoAnswered, TicketEscalated
from schemas.scrubbing import names_in, scrubbed_all
from schemas.ticket import Urgency
from schemas.webhooks import Standing
from services.bus import Subscription
from services.feed import Entry, FeedStore
from services.resources import Resources
from services.tables import tickets
from services.webhooks.delivery_store import DeliveryStore
from services.webhooks.domain.wanting import Facts, told
from services.webhooks.endpoint_store import EndpointStore

USUAL = (
    "ticket.assigned",
    "ticket.escalated",
    "ticket.escalation_withdrawn",
    "ticket.return_granted",
    "ticket.return_refused",
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
    "ticket.supplemented",
    "ticket.corrected",
    "ticket.recalled",
    "ticket.handed_over",
    "ticket.urged",
    "ticket.withdrawn",
    "ticket.transferred",
    "ticket.deadlines_moved",
    "webhook.endpoint_disabled",
)
"""What an endpoint is sent that names no types: all that changes what is to be done, or until when."""

TYPES = (*USUAL, "ticket.closed")

TO_HELPERS = frozenset({"ticket.corrected", "ticket.urged"})
"""What those who help must know too, beside what is told to them by name."""

_TOLD = text(
    "SELECT id, addressee, cc, deliver_at FROM supervision_notices"
    " WHERE ticket_id = :ticket AND deadline_id = :deadline AND level = :level AND kind = 'rung'"
)
"""The table is escalation's, so it is only read: who of the department is to be told, and not before when."""

_PERSON = ("role", "name", "post", "unit", "because")

_TICKETS = select(
    *(tickets.c[each] for each in ("id", "urgency", "category", "co_departments", "caller", "former_callers"))
).where(tickets.c.id == any_(bindparam("ids", type_=ARRAY(Text))))


async def announce(events: Sequence[Any], connection: AsyncConnection, resources: Resources) -> None:
    """Fix the bodies now: a retry hours later says what was true when it happened."""
    told_of = [each for each in events if not _is_of_old(each)]
    found = await connection.execute(_TICKETS, {"ids": [each.ticket for each in told_of]})
    known = {row.id: row for row in found}
    now = resources.clock.now()
    entries: list[Entry] = []
    rows: list[dict[str, Any]] = []
    for event in told_of:
        ticket = known.get(event.ticket)
        addressees = _addressees(event, ticket)
        if not addressees:
            continue
        hidden = names_in(ticket.caller, ticket.former_callers) if ticket is not None else ()
        content = body(event, await _notice(event, connection), hidden)
        entries.append(Entry(event, list(dict.fromkeys(department for department, _ in addressees)), content))
        rows += [
            {
                "endpoint_id": endpoint_id,
                "event_id": event.id,
                "ticket_id": event.ticket,
                "type": event.type,
                "body": content,
                "created_at": now,
                "next_attempt_at": now,
            }
            for endpoint_id in await _wanting(event, ticket, addressees, connection)
        ]
    await FeedStore(connection).add_all(entries, now)
    await DeliveryStore(connection).add(rows)


def _is_of_old(event: Any) -> bool:
    return isinstance(event, TicketAssigned) and event.data.matter.historical


async def _wanting(
    event: Any,
    ticket: Any,
    addressees: Sequence[tuple[str, Standing]],
    connection: AsyncConnection,
) -> list[UUID]:
    endpoints = EndpointStore(connection)
    wanting: list[UUID] = []
    for department, role in addressees:
        listeners = await endpoints.listeners(department)
        wanting += told(listeners, event.type, _facts(event, ticket, role))
    return wanting


def _addressees(event: Any, ticket: Any) -> list[tuple[str, Standing]]:
    """Return whom an event concerns: who has the ticket; the parties of a dispute; who helps, or its lead."""
    data = event.data
    if isinstance(event, TicketAdjudicated):
        return [(each, "co" if each in data.co_handlers else "lead") for each in data.parties]
    if isinstance(event, TicketCoAnswered):
        return [(data.lead, "lead")]
    named: list[tuple[str, Standing]] = []
    if data.department:
        named.append((data.department, "co" if isinstance(data, CoHandling) else "lead"))
    if event.type in TO_HELPERS and ticket is not None:
        named += [(each, "co") for each in ticket.co_departments or ()]
    return named


def _facts(event: Any, ticket: Any, role: Standing) -> Facts | None:
    """Return what a filter looks at: of the matter as the event tells it, else as the ticket is now."""
    told_of = getattr(event.data, "matter", None) or ticket
    return Facts(Urgency(told_of.urgency), told_of.category, role) if told_of is not None else None


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


def body(
    event: Any, besides: Mapping[str, Any] = MappingProxyType({}), hidden: tuple[str, ...] = ()
) -> bytes:
    """
    Return the payload: Standard Webhooks' `type`, `timestamp`, `data`, the ticket's number; no caller.

    `hidden` are names that nothing somebody wrote may say.
    """
    told = to_jsonable_python(scrubbed_all(event.data.model_dump(), hidden))
    data = {"ticket": event.ticket, "version": event.version, **told, **besides}
    payload = {"type": event.type, "timestamp": rfc3339(event.time), "data": data}
    return json.dumps(payload, ensure_ascii=False).encode()


webhooks = Subscription("webhooks", {}, together=dict.fromkeys(TYPES, announce))
