"""Faces: register a call, read tickets and the reference data."""

import asyncio
import json
import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from sqlalchemy import select, tuple_

from intake.counter import Counter
from intake.defaults import mapping_of
from intake.domain.normalize import NormalizedCall, normalize, normalize_record
from intake.register import Arrival
from intake.store import CallStore, Reference
from intake.tables import categories, divisions, hotlines
from intake.view import may_see, ticket_of
from schemas.errors import HotlineError, Invalid, TicketNotFound
from schemas.lifecycle import Status
from schemas.ticket import Call, HistoryEntry, Ticket
from services.authorization import PrincipalDep
from services.commands import OnceDep, respond
from services.http import ResourcesDep
from services.idempotency import Answer
from services.paging import Cursor, Limit, Page, cut, read_cursor, write_cursor
from services.resources import Resources
from services.security import Principal
from services.tables import tickets
from services.tickets import TicketRow, TicketStore

LONGEST_WAIT = 10.0
LOOK_EVERY = 0.02

routes = APIRouter(prefix="/v1", tags=["intake"])

Prefer = Annotated[
    str | None,
    Header(description="`wait=5`: answer once department and promised date are known, at most after 5 s."),
]


@routes.post("/tickets", status_code=201, response_model=Ticket)
async def register_call(
    call: Call,
    request: Request,
    principal: PrincipalDep,
    resources: ResourcesDep,
    once: OnceDep,
    prefer: Prefer = None,
) -> Response:
    """
    Register a call in the canonical form.

    Answers 201 as soon as the ticket is safe; 200 with the ticket there is when
    the hotline's `source_number` was registered before.
    """
    catalogue = await resources.part(Reference).catalogue()
    clean = NormalizedCall(normalize(call, catalogue))
    arrival = Arrival(clean, await request.body(), "application/json", principal.actor)
    answer = await resources.part(Counter).register(arrival, principal, once)
    return respond(await _waited(answer, prefer, principal, resources))


@routes.post("/calls/{hotline}", status_code=201, response_model=Ticket)
async def take_call(
    hotline: str,
    request: Request,
    principal: PrincipalDep,
    resources: ResourcesDep,
    once: OnceDep,
    prefer: Prefer = None,
) -> Response:
    """
    Register a call in a hotline's own form, by the mapping that ships for it.

    What cannot be understood is refused with a pointer, and kept as it came.
    """
    raw = await request.body()
    try:
        clean = await _understood(hotline, raw, resources)
    except HotlineError as refusal:
        await _keep_refused(hotline, raw, refusal, resources)
        raise
    arrival = Arrival(clean, raw, "application/json", principal.actor)
    answer = await resources.part(Counter).register(arrival, principal, once)
    return respond(await _waited(answer, prefer, principal, resources))


@routes.get("/tickets")
async def list_tickets(
    principal: PrincipalDep,
    resources: ResourcesDep,
    status: Status | None = None,
    department: str | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Ticket]:
    """List tickets, newest first; a department sees its own."""
    query = select(tickets).order_by(tickets.c.accepted_at.desc(), tickets.c.id.desc()).limit(limit + 1)
    if status is not None:
        query = query.where(tickets.c.status == str(status))
    wanted = principal.department or department
    if wanted is not None:
        query = query.where(tickets.c.department == wanted)
    if (after := read_cursor(cursor)) is not None:
        query = query.where(tuple_(tickets.c.accepted_at, tickets.c.id) < after)
    async with resources.database.transaction() as connection:
        rows, last = cut((await connection.execute(query)).all(), limit)
    return Page(
        items=[ticket_of(row._asdict(), principal) for row in rows],
        next=write_cursor(last.accepted_at, last.id) if last else None,
    )


@routes.get("/tickets/{ticket_id}")
async def read_ticket(
    ticket_id: str, principal: PrincipalDep, resources: ResourcesDep, response: Response
) -> Ticket:
    """Read a ticket: where it is, why, until when, and what you may do now."""
    async with resources.database.transaction() as connection:
        row = await _mine(ticket_id, principal, TicketStore(connection))
    response.headers["etag"] = f'"{row.version}"'
    return ticket_of(row._asdict(), principal)


@routes.get("/tickets/{ticket_id}/history")
async def read_history(
    ticket_id: str, principal: PrincipalDep, resources: ResourcesDep
) -> list[HistoryEntry]:
    """Read every step of a ticket, oldest first."""
    async with resources.database.transaction() as connection:
        store = TicketStore(connection)
        await _mine(ticket_id, principal, store)
        rows = await store.history(ticket_id)
    return [
        HistoryEntry(
            version=row.version, step=row.step, status=row.status, at=row.at, actor=row.actor, note=row.note
        )
        for row in rows
    ]


@routes.get("/hotlines")
async def list_hotlines(resources: ResourcesDep) -> list[dict[str, Any]]:
    """List the hotlines and how each was merged into 12345."""
    return await _all(resources, select(hotlines).order_by(hotlines.c.number))


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


async def _understood(hotline: str, raw: bytes, resources: Resources) -> NormalizedCall:
    catalogue = await resources.part(Reference).catalogue()
    catalogue.hotline(hotline)
    mapping = mapping_of(hotline)
    try:
        record = json.loads(raw.decode())
    except (ValueError, RecursionError) as fault:
        raise Invalid(f"The body is not JSON in UTF-8: {fault}.", pointer="") from fault
    if not isinstance(record, dict):
        raise Invalid("The body is not a JSON object.", pointer="")
    return normalize_record(record, mapping, catalogue)


async def _keep_refused(hotline: str, raw: bytes, refusal: HotlineError, resources: Resources) -> None:
    call = {
        "hotline": hotline[:20].replace("\x00", ""),
        "received_at": resources.clock.now(),
        "content_type": "application/json",
        "raw": raw,
        "fault": f"{refusal.code}: {refusal}".replace("\x00", "")[:1000],
    }
    async with resources.database.transaction() as connection:
        await CallStore(connection).keep([call])


async def _waited(answer: Answer, prefer: str | None, principal: Principal, resources: Resources) -> Answer:
    """Wait, if the caller prefers to, until the ticket has its department and its date."""
    asked = re.search(r"\bwait=(\d+)", prefer or "")
    if asked is None:
        return answer
    ticket_id = answer.headers["location"].rsplit("/", 1)[-1]
    end = asyncio.get_running_loop().time() + min(float(asked[1]), LONGEST_WAIT)
    while True:
        async with resources.database.transaction() as connection:
            row = await TicketStore(connection).get(ticket_id)
        settled = row.status != Status.REGISTERED and row.due_at is not None
        if settled or asyncio.get_running_loop().time() >= end:
            body = ticket_of(row._asdict(), principal).model_dump_json().encode()
            return Answer(answer.status, {**answer.headers, "etag": f'"{row.version}"'}, body)
        await asyncio.sleep(LOOK_EVERY)
