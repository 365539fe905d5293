"""Use case and faces: the lead has contacted the caller (首次联系), and what shows that it did."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.tables import contacts
from router.whose import check_party, with_predecessors
from schemas.contact import Contact, ContactRequest, Contacts, ContactWay
from schemas.errors import Invalid
from schemas.events import Contacted, TicketContacted
from schemas.lifecycle import Step
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.resources import Resources
from services.security import Principal
from services.steps import check_step
from services.ticket_commands import TicketCommand, add_routes
from services.tickets import TicketRow, TicketStore

TOLERANCE = timedelta(minutes=5)
"""So far may the department's clock be ahead of ours."""

WAYS = {
    ContactWay.PHONE: "电话",
    ContactWay.VISIT: "上门",
    ContactWay.MESSAGE: "短信",
    ContactWay.ONLINE: "网络",
}

routes = APIRouter(prefix="/v1", tags=["router"])


async def contact(
    ticket_id: str,
    said: ContactRequest,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """Note a contact and return the ticket; raises what `check_step` raises."""
    tickets, now = TicketStore(connection), resources.clock.now()
    ticket = await tickets.lock(ticket_id)
    check_step(ticket, Step.CONTACT, principal, version)
    if said.contacted_at is not None and said.contacted_at > now + TOLERANCE:
        raise Invalid("The caller was contacted later than now.", pointer="/contacted_at")
    told = Contacted(
        assignment_id=ticket.assignment_id,
        department=ticket.department,
        note=said.note,
        way=said.way,
        contacted_at=said.contacted_at,
        evidence=len(said.evidence),
    )
    sentence = _sentence(said, resources.settings.zone)
    event = await tickets.advance(
        ticket, Step.CONTACT, TicketContacted, told, at=now, actor=principal.actor, note=sentence
    )
    await connection.execute(insert(contacts).values(_row(ticket, said, event.version, now)))
    return await tickets.get(ticket_id)


COMMANDS = (
    TicketCommand(
        Step.CONTACT,
        "contact",
        ContactRequest,
        contact,
        "Say that the caller was contacted (首次联系): how, when, and what shows it.",
        example={
            "note": "已电话联系诉求人,约定下午到场查看",
            "way": "phone",
            "contacted_at": "2026-11-23T09:00:00+08:00",
            "evidence": [
                {
                    "url": "https://files.example.gov.cn/recordings/20261123-21.mp3",
                    "media_type": "audio/mpeg",
                    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                }
            ],
        },
    ),
)
add_routes(routes, COMMANDS)


@routes.get("/tickets/{ticket_id}/contacts")
async def list_contacts(ticket_id: str, principal: PrincipalDep, resources: ResourcesDep) -> Contacts:
    """Read how the caller was contacted, and what shows it; a department by itself and its predecessors."""
    async with resources.database.transaction() as connection:
        check_party(await TicketStore(connection).get(ticket_id), principal)
        own = await with_predecessors(principal.department, connection, resources)
        rows = await _of(ticket_id, own if principal.department else None, connection)
    return Contacts(items=[_shown(row) for row in rows])


async def _of(
    ticket_id: str, departments: Collection[str] | None, connection: AsyncConnection
) -> Sequence[Row[Any]]:
    query = select(contacts).where(contacts.c.ticket_id == ticket_id)
    if departments is not None:
        query = query.where(contacts.c.department.in_(departments))
    return (await connection.execute(query.order_by(contacts.c.version))).all()


def _sentence(said: ContactRequest, zone: ZoneInfo) -> str | None:
    """Return what a ticket's history says of a contact."""
    when = said.contacted_at and f"{said.contacted_at.astimezone(zone):%Y-%m-%d %H:%M}联系"
    how = said.way and f"方式:{WAYS[said.way]}"
    shown = f"联系凭证{len(said.evidence)}件" if said.evidence else None
    return ";".join(each for each in (said.note, how, when, shown) if each) or None


def _row(ticket: TicketRow, said: ContactRequest, version: int, at: datetime) -> dict[str, Any]:
    kept = said.model_dump(exclude={"evidence", "by"})
    shown = said.model_dump(mode="json", include={"evidence", "by"})
    where = {"ticket_id": ticket.id, "version": version, "department": ticket.department, "at": at}
    return {**where, **kept, **shown}


def _shown(row: Row[Any]) -> Contact:
    known = {name: row._mapping[name] for name in Contact.model_fields if name != "ticket"}
    return Contact(ticket=row.ticket_id, **known)
