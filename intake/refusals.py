"""Use case and faces: refusing a call takes a reason, a legal basis and a second person (否定报备)."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Row, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.admit import Admissibility, admit, withheld
from intake.domain.normalize import normalize
from intake.entry import Arrival
from intake.register import register
from intake.store import Reference
from intake.tables import refusals, source_calls
from schemas.admission import Decision, ProposedRefusal, Refusal
from schemas.base import Schema
from schemas.errors import Conflict, Forbidden, NotFound
from schemas.ticket import Call
from services.authorization import PrincipalDep, principal_of
from services.commands import Commands, CommandsDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, read_cursor, write_cursor
from services.resources import Resources
from services.second_person import one_person
from services.security import CallerRole, Principal

JSON = "application/json"

routes = APIRouter(prefix="/v1", tags=["intake"])


@routes.post("/refusals", status_code=202, response_model=Refusal)
async def propose_refusal(
    proposed: ProposedRefusal, request: Request, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """
    Propose to refuse a call; it is kept, and waits for a second person.

    No ticket comes of it unless refusing is denied. Raises what registering raises
    for a call that cannot be understood.
    """
    principal = principal_of(request)
    raw = await request.body()
    catalogue = await resources.part(Reference).catalogue()
    call = normalize(proposed.call, catalogue, resources.clock.now()).call

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        now = resources.clock.now()
        kept = {
            "hotline": call.hotline,
            "received_at": now,
            "content_type": JSON,
            "raw": raw,
            "actor": principal.actor,
            "outcome": str(proposed.outcome),
            "told": "是否受理须经审核,结果会告知您。",
            "evidence": {"reason": proposed.reason},
        }
        call_id = await connection.scalar(insert(source_calls).values(kept).returning(source_calls.c.id))
        row = {
            "id": uuid4(),
            "call_id": call_id,
            "call": call.model_dump(mode="json"),
            "outcome": str(proposed.outcome),
            "reason": proposed.reason,
            "legal_basis": proposed.legal_basis,
            "proposed_by": principal.actor,
            "proposed_at": now,
        }
        await connection.execute(insert(refusals).values(row))
        return await _shown(row["id"], connection), {"location": f"/v1/refusals/{row['id']}"}

    return await commands.run(work, 202)


@routes.get("/refusals")
async def list_refusals(
    resources: ResourcesDep,
    decided: Annotated[bool, Query(description="Those that are decided, for the supervisor's list.")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Refusal]:
    """List refusals that wait for a second person, or were decided, in the order they were proposed."""
    is_open = refusals.c.decided_at.is_(None)
    query = select(refusals).where(~is_open if decided else is_open)
    if (after := read_cursor(cursor)) is not None:
        query = query.where(tuple_(refusals.c.proposed_at, refusals.c.id) > (after[0], _id(after[1])))
    ordered = query.order_by(refusals.c.proposed_at, refusals.c.id).limit(limit + 1)
    async with resources.database.transaction() as connection:
        rows, last = cut((await connection.execute(ordered)).all(), limit)
    return Page(
        items=[_refusal(row) for row in rows],
        next=write_cursor(last.proposed_at, str(last.id)) if last else None,
    )


@routes.get("/refusals/{refusal_id}")
async def read_refusal(refusal_id: UUID, principal: PrincipalDep, resources: ResourcesDep) -> Refusal:
    """Read a refusal and what was decided; an agent reads what it proposed."""
    async with resources.database.transaction() as connection:
        found = (await connection.execute(select(refusals).where(refusals.c.id == refusal_id))).one_or_none()
    if found is None or (principal.role is CallerRole.AGENT and found.proposed_by != principal.actor):
        raise NotFound(f"There is no refusal {refusal_id}.")
    return _refusal(found)


@routes.post("/refusals/{refusal_id}/grant", response_model=Refusal)
async def grant_refusal(
    refusal_id: UUID, said: Decision, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """Agree that the call is refused; whoever proposed it may not."""
    return await _decide(refusal_id, said, True, principal, resources, commands)


@routes.post("/refusals/{refusal_id}/deny", response_model=Refusal)
async def deny_refusal(
    refusal_id: UUID, said: Decision, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """Deny the refusal: the call is registered, accepted at the moment it was first received."""
    return await _decide(refusal_id, said, False, principal, resources, commands)


async def _decide(
    refusal_id: UUID,
    said: Decision,
    granted: bool,
    principal: Principal,
    resources: Resources,
    commands: Commands,
) -> Response:
    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        row = await _lock(refusal_id, connection)
        await _may_decide(row, principal, connection)
        now = resources.clock.now()
        decided: dict[str, Any] = {
            "granted": granted,
            "decided_by": principal.actor,
            "decided_at": now,
            "note": said.note,
        }
        if not granted:
            decided["ticket_id"] = await _register(row, principal, connection, resources)
        await connection.execute(update(refusals).where(refusals.c.id == row.id).values(decided))
        return await _shown(row.id, connection), {}

    return await commands.run(work)


async def _register(
    row: Row[Any], principal: Principal, connection: AsyncConnection, resources: Resources
) -> str:
    """Register the call like any other, accepted when it was first received; return its ticket."""
    catalogue = await resources.part(Reference).catalogue()
    call = normalize(Call.model_validate(row.call), catalogue, resources.clock.now())
    admission = admit(call.call, resources.part(Admissibility).rules)
    lane = admission if admission.confidential else None
    if lane is not None:
        call = replace(call, call=withheld(call.call))
    kept = (await connection.execute(select(source_calls).where(source_calls.c.id == row.call_id))).one()
    arrival = Arrival(
        call, kept.raw, kept.content_type, principal.actor, admission=lane, since=row.proposed_at
    )
    (done,) = await register(connection, [arrival], resources)
    return str(done.ticket["id"])


async def _lock(refusal_id: UUID, connection: AsyncConnection) -> Row[Any]:
    query = select(refusals).where(refusals.c.id == refusal_id).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no refusal {refusal_id}.")
    return row


async def _may_decide(row: Row[Any], principal: Principal, connection: AsyncConnection) -> None:
    if row.decided_at is not None:
        raise Conflict("This refusal is decided already.", granted=row.granted, decided_by=row.decided_by)
    if await one_person(connection, principal.actor, row.proposed_by):
        raise Forbidden("Refusing a call takes a second person: whoever proposed it may not decide.")


async def _shown(refusal_id: UUID, connection: AsyncConnection) -> Refusal:
    return _refusal((await connection.execute(select(refusals).where(refusals.c.id == refusal_id))).one())


def _refusal(row: Row[Any]) -> Refusal:
    same = ("outcome", "reason", "legal_basis", "proposed_by", "proposed_at", "decided_by", "decided_at")
    return Refusal(
        id=str(row.id),
        call=row.call_id,
        title=row.call["title"],
        text=row.call["text"],
        granted=row.granted,
        note=row.note,
        ticket=row.ticket_id,
        **{name: row._mapping[name] for name in same},
    )


def _id(key: str) -> UUID:
    try:
        return UUID(key)
    except ValueError:
        return UUID(int=0)
