"""Three-party calls and sub-centres' reports, within one transaction: written once, never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.domain.linkage import Handover
from intake.tables import linkage_calls, subcentre_reports
from schemas.linkage import Direction

_NAMES = UUID("6f1a3c52-3f0c-4c6e-9d0e-12345110a110")


async def record_handover(
    connection: AsyncConnection,
    ticket_id: str,
    direction: Direction,
    handover: Handover,
    *,
    at: datetime,
    actor: str,
) -> None:
    """Record for good that a matter was handed over; again under the partner's number, once."""
    call = handover.call
    name = f"{ticket_id} {direction} {handover.partner} {handover.partner_number or at.isoformat()}"
    row = {
        "id": uuid5(_NAMES, name),
        "ticket_id": ticket_id,
        "direction": direction,
        "partner": handover.partner,
        "partner_number": handover.partner_number,
        "parties": [each.model_dump(mode="json") for each in call.parties],
        "decided_by": call.decided_by,
        "first_received_by": call.first_received_by,
        "outcome": str(call.outcome),
        "started_at": call.started_at,
        "ended_at": call.ended_at,
        "recorded_at": at,
        "recorded_by": actor,
    }
    await connection.execute(upsert(linkage_calls).values(row).on_conflict_do_nothing())


class LinkageStore:
    """What binds a ticket to another platform."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def calls(self, ticket_id: str) -> Sequence[Row[Any]]:
        """Return the matters handed over, oldest first."""
        query = select(linkage_calls).where(linkage_calls.c.ticket_id == ticket_id)
        return (await self._connection.execute(query.order_by(linkage_calls.c.recorded_at))).all()

    async def reports(self, ticket_id: str) -> Sequence[Row[Any]]:
        """Return a sub-centre's reports by their own moment, oldest first."""
        query = select(subcentre_reports).where(subcentre_reports.c.ticket_id == ticket_id)
        ordered = query.order_by(subcentre_reports.c.at, subcentre_reports.c.received_at)
        return (await self._connection.execute(ordered)).all()

    async def keep_report(self, row: dict[str, Any]) -> None:
        """Keep a report as it came."""
        name = f"{row['ticket_id']} {row['at'].isoformat()} {row['status']} {row['note'] or ''}"
        await self._connection.execute(insert(subcentre_reports).values(id=uuid5(_NAMES, name), **row))
