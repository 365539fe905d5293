"""Consumer: what concerns a department becomes a delivery for each endpoint that wants it."""

import json
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import rfc3339
from schemas.events import TicketAssigned
from services.bus import Subscription
from services.resources import Resources
from services.webhooks.store import DeliveryStore, EndpointStore

TYPES = (
    "ticket.assigned",
    "ticket.escalated",
    "ticket.escalation_withdrawn",
    "ticket.return_granted",
    "ticket.return_refused",
    "ticket.closed",
)


async def announce(event: Any, connection: AsyncConnection, resources: Resources) -> None:
    """Fix the body now: a retry hours later says what was true when it happened."""
    if isinstance(event, TicketAssigned) and event.data.matter.historical:
        return
    department = event.data.department
    if department is None:
        return
    wanting = await EndpointStore(connection).wanting(department, event.type)
    content = body(event)
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


def body(event: Any) -> bytes:
    """Return the payload: Standard Webhooks' `type`, `timestamp`, `data`, and the ticket's number."""
    data = {"ticket": event.ticket, "version": event.version, **event.data.model_dump(mode="json")}
    payload = {"type": event.type, "timestamp": rfc3339(event.time), "data": data}
    return json.dumps(payload, ensure_ascii=False).encode()


webhooks = Subscription("webhooks", dict.fromkeys(TYPES, announce))
