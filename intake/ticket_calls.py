"""Face: the calls a ticket was made of, as they came, with how each was read and what was told."""

import base64
from typing import Any

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Row, select

from intake.tables import source_calls
from schemas.base import Instant, Schema
from schemas.errors import TicketNotFound
from schemas.evidence import Fault, Found
from services.access import may_see
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.tickets import TicketStore

routes = APIRouter(prefix="/v1", tags=["intake"])


class SourceCall(Schema):
    """A call as it came: its bytes as text where they are text in UTF-8, else in base64."""

    id: int
    hotline: str
    received_at: Instant
    actor: str | None = Field(description="Who sent it.")
    content_type: str
    text: str | None = None
    base64: str | None = None
    outcome: str | None = Field(description="What became of it.")
    told: str | None = Field(description="What the caller was told.")
    fault: str | None
    evidence: list[Found] = []
    problems: list[Fault] = []
    divisions: list[str] = []
    landmark: str | None = None
    decided_by: dict[str, Any] = Field({}, description="Whatever else was kept of the decision.")


@routes.get("/tickets/{ticket_id}/calls")
async def list_calls_of_ticket(
    ticket_id: str, principal: PrincipalDep, resources: ResourcesDep
) -> list[SourceCall]:
    """List every call of a ticket as it came, oldest first: the one it was made of, and repeats."""
    query = select(source_calls).where(source_calls.c.ticket_id == ticket_id).order_by(source_calls.c.id)
    async with resources.database.transaction() as connection:
        ticket = await TicketStore(connection).get(ticket_id)
        if not may_see(ticket._asdict(), principal):
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        rows = (await connection.execute(query)).all()
    return [source_call(row) for row in rows]


def source_call(row: Row[Any]) -> SourceCall:
    """Return a call as it is shown."""
    plain = ("id", "hotline", "received_at", "actor", "content_type", "outcome", "told", "fault")
    return SourceCall(**{name: row._mapping[name] for name in plain}, **_body(row.raw), **_read(row.evidence))


def _body(raw: bytes) -> dict[str, str]:
    try:
        return {"text": raw.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw).decode()}


def _read(kept: dict[str, Any] | None) -> dict[str, Any]:
    found = dict(kept or {})
    return {
        "evidence": found.pop("evidence", None) or [],
        "problems": found.pop("problems", None) or [],
        "divisions": found.pop("candidates", None) or [],
        "landmark": found.pop("landmark", None),
        "decided_by": found,
    }
