"""Face: the tickets that belong together: of one call, following an earlier one, of one matter."""

from typing import Literal

from fastapi import APIRouter
from sqlalchemy import ColumnElement, Row, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.domain.hotline import HOST
from intake.tables import ticket_links
from schemas.base import Schema
from schemas.errors import TicketNotFound
from services.access import may_see
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.security import Principal
from services.tables import tickets
from services.tickets import TicketRow, TicketStore

routes = APIRouter(prefix="/v1", tags=["intake"])

MOST = 200


class Link(Schema):
    """
    Another ticket that belongs to this one, or an earlier number not known here (`known` is false).

    `follows` is the earlier one, `followed_by` the later; `same_call` came with
    it in one call; `parent` is the one it is joined to, `child` one joined to it.
    """

    kind: Literal["same_call", "follows", "followed_by", "parent", "child"]
    ticket: str
    known: bool
    status: str | None = None


@routes.get("/tickets/{ticket_id}/links")
async def list_links(ticket_id: str, principal: PrincipalDep, resources: ResourcesDep) -> list[Link]:
    """List the tickets that belong to a ticket, from either side; only those you may see."""
    async with resources.database.transaction() as connection:
        ticket = await TicketStore(connection).get(ticket_id)
        if not may_see(ticket._asdict(), principal):
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        found = [*await _linked(ticket, connection), *await _joined(ticket, connection)]
        known = await _known([other for _, other in found], ticket.hotline, connection)
    return _shown(found, known, ticket, principal)


async def _linked(ticket: TicketRow, connection: AsyncConnection) -> list[tuple[str, str]]:
    mine = ticket_links.c.ticket_id == ticket.id
    query = select(ticket_links).join(tickets, tickets.c.id == ticket_links.c.ticket_id)
    query = query.where(or_(mine, _speaks_of(ticket))).order_by(ticket_links.c.at).limit(MOST)
    found = []
    calls = set()
    for row in await connection.execute(query):
        if row.kind == "same_call":
            calls.add(row.other)
        elif row.ticket_id == ticket.id:
            found.append((row.kind, row.other))
        else:
            found.append(("followed_by", row.ticket_id))
    if calls:
        siblings = select(ticket_links.c.ticket_id).where(
            ticket_links.c.kind == "same_call", ticket_links.c.other.in_(calls)
        )
        together = {*calls, *(await connection.scalars(siblings))} - {ticket.id}
        found += [("same_call", each) for each in sorted(together)]
    return found


def _speaks_of(ticket: TicketRow) -> ColumnElement[bool]:
    """Return which links name this ticket: by its number, or by its sender's on a line that knows it."""
    names = [ticket_links.c.other == ticket.id]
    if ticket.source_number is not None:
        knows = true() if ticket.hotline == HOST else tickets.c.hotline == ticket.hotline
        names.append(and_(ticket_links.c.other == ticket.source_number, knows))
    return or_(*names)


async def _joined(ticket: TicketRow, connection: AsyncConnection) -> list[tuple[str, str]]:
    query = select(tickets.c.id).where(tickets.c.parent == ticket.id).order_by(tickets.c.accepted_at)
    children = [("child", each) for each in await connection.scalars(query.limit(MOST))]
    return [("parent", ticket.parent), *children] if ticket.parent else children


async def _known(
    names: list[str], line: str, connection: AsyncConnection
) -> dict[str, Row[tuple[object, ...]]]:
    """Return the tickets of these numbers: ours, else a sender's on the host's line or on this one."""
    if not names:
        return {}
    seen = (
        tickets.c.id,
        tickets.c.source_number,
        tickets.c.status,
        tickets.c.department,
        tickets.c.co_departments,
        tickets.c.confidential,
    )
    by_id = select(*seen).where(tickets.c.id.in_(names))
    by_number = select(*seen).where(tickets.c.hotline.in_((HOST, line)), tickets.c.source_number.in_(names))
    rows = [*await connection.execute(by_number), *await connection.execute(by_id)]
    return {name: row for row in rows for name in (row.source_number, row.id) if name}


def _shown(
    found: list[tuple[str, str]],
    known: dict[str, Row[tuple[object, ...]]],
    ticket: TicketRow,
    principal: Principal,
) -> list[Link]:
    links = []
    for kind, name in found:
        other = known.get(name)
        if other is None:
            links.append(Link(kind=kind, ticket=name, known=False))
        elif may_see(other._asdict(), principal) and (not other.confidential or ticket.confidential):
            links.append(Link(kind=kind, ticket=other.id, known=True, status=other.status))
    return links
