"""Face: the tickets that belong together: of one call, following an earlier one, of one matter."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import ColumnElement, Row, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.domain.hotline import HOST
from intake.tables import ticket_links
from schemas.base import Instant, Schema
from schemas.errors import TicketNotFound
from schemas.lifecycle import Step
from schemas.scrubbing import names_in, scrubbed
from schemas.ticket import ClosedAs
from services.access import may_see
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.security import Principal
from services.tables import tickets
from services.tickets import TicketRow, TicketStore

routes = APIRouter(prefix="/v1", tags=["intake"])

MOST = 200
SHOWN = ("status", "department", "department_name", "ended_at", "closed_as")
BACK = {"follows": "followed_by", "reopens": "reopened_by"}


class Link(Schema):
    """
    Another ticket that belongs to this one, or an earlier number not known here (`known` is false).

    `follows` is the earlier one, `followed_by` the later; `reopens` was answered and is taken up
    again by this one, `reopened_by` takes this one up; `same_call` came with it in one call;
    `parent` is the one it is joined to, `child` one joined to it. Of the ticket it reopens a
    department reads more than the number only if it may read that ticket, too.
    """

    kind: Literal["same_call", "follows", "followed_by", "reopens", "reopened_by", "parent", "child"]
    ticket: str
    known: bool
    status: str | None = None
    department: str | None = None
    department_name: str | None = None
    ended_at: Instant | None = None
    closed_as: ClosedAs | None = None
    answer: str | None = Field(None, description="What its department said it had done, of one reopened.")


@routes.get("/tickets/{ticket_id}/links")
async def list_links(ticket_id: str, principal: PrincipalDep, resources: ResourcesDep) -> list[Link]:
    """List the tickets that belong to a ticket, from either side; only those you may see."""
    async with resources.database.transaction() as connection:
        ticket = await TicketStore(connection).get(ticket_id)
        if not may_see(ticket._asdict(), principal):
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        found = [*await _linked(ticket, connection), *await _joined(ticket, connection)]
        known = await _known([other for _, other in found], ticket.hotline, connection)
        answer = await _answer(ticket, connection)
    return _shown(found, known, ticket, principal, answer)


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
            found.append((BACK[row.kind], row.ticket_id))
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
        tickets.c.department_name,
        tickets.c.ended_at,
        tickets.c.closed_as,
        tickets.c.co_departments,
        tickets.c.confidential,
        tickets.c.caller,
        tickets.c.former_callers,
    )
    by_id = select(*seen).where(tickets.c.id.in_(names))
    by_number = select(*seen).where(tickets.c.hotline.in_((HOST, line)), tickets.c.source_number.in_(names))
    rows = [*await connection.execute(by_number), *await connection.execute(by_id)]
    return {name: row for row in rows for name in (row.source_number, row.id) if name}


async def _answer(ticket: TicketRow, connection: AsyncConnection) -> str | None:
    """Return what was last said to be done of the ticket this one reopens."""
    if ticket.reopens is None:
        return None
    entries = await TicketStore(connection).history(ticket.reopens)
    return next((each.note for each in reversed(entries) if each.step == Step.RESOLVE), None)


def _shown(
    found: list[tuple[str, str]],
    known: dict[str, Row[tuple[object, ...]]],
    ticket: TicketRow,
    principal: Principal,
    answer: str | None,
) -> list[Link]:
    links = []
    for kind, name in found:
        other = known.get(name)
        if other is None:
            links.append(Link(kind=kind, ticket=name, known=False))
        elif other.confidential and not ticket.confidential:
            continue
        elif may_see(other._asdict(), principal):
            links.append(_link(kind, other, ticket, principal, answer))
        elif kind == "reopens":  # its number stands on the ticket itself
            links.append(Link(kind=kind, ticket=other.id, known=True))
    return links


def _link(kind: Any, other: Any, ticket: TicketRow, principal: Principal, answer: str | None) -> Link:
    shown = {name: other._mapping[name] for name in SHOWN}
    if kind == "reopens" and answer is not None:
        inside = principal.department is None
        hidden = [names_in(each.caller, each.former_callers) for each in (ticket, other)]
        shown["answer"] = answer if inside else scrubbed(answer, (*hidden[0], *hidden[1]))
    return Link(kind=kind, ticket=other.id, known=True, **shown)
