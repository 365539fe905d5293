"""Faces: register a call, read tickets and the reference data."""

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from intake.domain.normalize import normalize
from intake.entry import Arrival
from intake.receive import receive
from intake.store import Reference
from intake.tables import categories, divisions
from intake.view import history_for, note_for, ticket_of
from intake.waiting import PREFER, waited
from schemas.admission import CallToRegister, Registration
from schemas.errors import TicketNotFound
from schemas.scrubbing import names_in
from schemas.ticket import HistoryEntry, Ticket
from services.access import may_see
from services.acting import unit_of
from services.authorization import PrincipalDep, principal_of
from services.commands import documented, once_of, read_body, respond
from services.http import ReadsItself, ResourcesDep, resources_of
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketRow, TicketStore

registering = APIRouter(prefix="/v1", tags=["intake"], route_class=ReadsItself)
routes = APIRouter(prefix="/v1", tags=["intake"])


@registering.post(
    "/tickets",
    status_code=201,
    response_model=Registration,
    openapi_extra=documented(CallToRegister, PREFER),
)
async def register_call(request: Request) -> Response:
    """
    Register a call in the canonical form.

    Answers 201 as soon as the ticket is safe. Answers 200 with the ticket there is when the
    hotline's `source_number` was registered before, or the caller asks about it again: `outcome`
    says so and `told` what to tell them. A call 12345 does not take is answered with 409.
    """
    resources, principal = resources_of(request), principal_of(request)
    raw = await request.body()
    said = read_body(CallToRegister, raw)
    once = once_of(request, principal, raw)
    catalogue = await resources.part(Reference).catalogue()
    call = normalize(said, catalogue, resources.clock.now())
    arrival = Arrival(call, raw, "application/json", principal.actor)
    answer = await receive(arrival, principal, once, resources, said.ruling)
    return respond(await waited(answer, request.headers.get("prefer"), principal, resources))


@routes.get("/tickets/{ticket_id}")
async def read_ticket(
    ticket_id: str, principal: PrincipalDep, resources: ResourcesDep, response: Response
) -> Ticket:
    """Read a ticket: where it is, why, until when, and what you may do now."""
    async with resources.database.transaction() as connection:
        row = await _mine(ticket_id, principal, TicketStore(connection))
        response.headers["etag"] = f'"{row.version}"'
        return await ticket_of(row._asdict(), principal, connection, resources)


@routes.get("/tickets/{ticket_id}/history")
async def read_history(
    ticket_id: str, principal: PrincipalDep, resources: ResourcesDep
) -> list[HistoryEntry]:
    """Read every step of a ticket, oldest first; the hotline's own notes are not for departments."""
    async with resources.database.transaction() as connection:
        store = TicketStore(connection)
        ticket = await _mine(ticket_id, principal, store)
        rows = await store.history(ticket_id)
    hidden = names_in(ticket.caller, ticket.former_callers)
    return [
        HistoryEntry(
            version=row.version,
            step=row.step,
            status=row.status,
            at=row.at,
            actor=row.actor,
            unit=unit_of(row.actor),
            person=row.person,
            post=row.post,
            note=note_for(row, hidden, principal),
        )
        for row in history_for(rows, principal)
    ]


@routes.get("/categories")
async def list_categories(resources: ResourcesDep) -> list[dict[str, Any]]:
    """List the category tree."""
    return await _all(resources, select(categories).order_by(categories.c.code))


@routes.get("/divisions")
async def list_divisions(resources: ResourcesDep) -> list[dict[str, Any]]:
    """List the city's divisions."""
    return await _all(resources, select(divisions).order_by(divisions.c.code))


async def _all(resources: Resources, query: Any) -> list[dict[str, Any]]:
    async with resources.database.transaction() as connection:
        return [dict(row._mapping) for row in await connection.execute(query)]


async def _mine(ticket_id: str, principal: Principal, store: TicketStore) -> TicketRow:
    row = await store.get(ticket_id)
    if not may_see(row._asdict(), principal):
        raise TicketNotFound(f"There is no ticket {ticket_id}.")
    return row
