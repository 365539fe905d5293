"""Faces: the triage desk (人工派单台): the queue, who works on what, three suggestions, one-call assign."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from router.by_hand import ByHand, assign_by_hand
from router.suggestions import suggestions
from router.text_model import TextModels
from router.triage_store import Place, TriageStore, Wanted
from schemas.base import Schema, Text
from schemas.codes import DepartmentCode
from schemas.departments import CategoryPrefix
from schemas.errors import Forbidden
from schemas.ticket import Urgency
from schemas.triage import (
    Claim,
    ClaimRequest,
    DeskTicket,
    ParkedBecause,
    ParkedTicket,
    Suggested,
    SuggestionReason,
)
from services.access import reads_secrets
from services.authorization import PrincipalDep
from services.claims import ClaimStore
from services.commands import CommandsDep, VersionDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, read_cursor, write_cursor
from services.security import CallerRole, Principal
from services.steps import StepTaken, taken
from services.tickets import TicketStore, check_version

MAY_TAKE_OVER = frozenset({CallerRole.SUPERVISOR, CallerRole.ADMIN})

District = Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
_SHOWN = [name for name in ParkedTicket.model_fields if name != "claim"]


class AssignTo(Schema):
    """A person's decision at the triage desk, and why."""

    note: Annotated[Text, StringConstraints(min_length=1, max_length=4000)]
    department: DepartmentCode


routes = APIRouter(prefix="/v1", tags=["triage"])


@routes.get("/triage")
async def list_parked(
    principal: PrincipalDep,
    resources: ResourcesDep,
    reason: ParkedBecause | None = None,
    district: Annotated[District | None, Query(description="The first six digits of the division.")] = None,
    category: Annotated[CategoryPrefix | None, Query(description="A prefix of the category.")] = None,
    urgency: Urgency | None = None,
    mine: Annotated[bool, Query(description="Only what I have claimed.")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ParkedTicket]:
    """List what waits for a person: what the desk must dispatch first comes first, then by urgency."""
    wanted = Wanted(
        reads_secrets(principal), reason, district, category, urgency, principal.id if mine else None
    )
    now = resources.clock.now()
    async with resources.database.transaction() as connection:
        found = await TriageStore(connection).queue(wanted, now, _place(cursor), limit + 1)
    rows, last = cut(found, limit)
    items = [ParkedTicket(**_shown(row, principal)) for row in rows]
    return Page(items=items, next=write_cursor(last.place_at, f"{last.rank} {last.id}") if last else None)


@routes.get("/triage/{ticket_id}")
async def read_parked(
    ticket_id: str, principal: PrincipalDep, resources: ResourcesDep, response: Response
) -> DeskTicket:
    """Read a ticket of the desk with three departments that may be competent, and why each may be."""
    now, sees_all = resources.clock.now(), reads_secrets(principal)
    async with resources.database.transaction() as connection:
        row = await TriageStore(connection).parked(ticket_id, now, sees_all=sees_all)
        found, units = await suggestions(row, connection, resources)
    suggested = [
        Suggested(
            department=each.department,
            name=units[each.department].name,
            likely=each.likely,
            reasons=[
                SuggestionReason(
                    source=reason.source.value,
                    weight=round(reason.weight, 4),
                    says=reason.says,
                    row=reason.row,
                    basis=reason.basis,
                    words=list(reason.words),
                )
                for reason in each.reasons
            ],
        )
        for each in found
    ]
    response.headers["etag"] = f'"{row.version}"'
    return DeskTicket(
        **_shown(row, principal),
        text=row.text,
        address=row.address,
        suggestions=suggested,
        model=resources.part(TextModels).name,
    )


@routes.post("/triage/{ticket_id}/claim", response_model=Claim)
async def claim_parked(
    ticket_id: str,
    wanted: ClaimRequest,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
    version: VersionDep,
) -> Response:
    """
    Claim a ticket of the desk for some minutes, or go on with one's own claim.

    It ends by itself. While it runs nobody else may decide about the ticket;
    a supervisor may take it over.
    """
    if wanted.take_over and principal.role not in MAY_TAKE_OVER:
        raise Forbidden("Only a supervisor takes a ticket from whoever works on it.")

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        now, sees_all = resources.clock.now(), reads_secrets(principal)
        ticket = await TicketStore(connection).lock(ticket_id)
        await TriageStore(connection).parked(ticket_id, now, sees_all=sees_all)
        check_version(ticket, version)
        until = now + timedelta(minutes=wanted.minutes)
        row = await ClaimStore(connection).take(ticket_id, principal, now, until, over=wanted.take_over)
        return Claim(by=row.held_as, until=row.held_until, mine=True), {}

    return await commands.run(work)


@routes.delete("/triage/{ticket_id}/claim", status_code=204)
async def release_parked(ticket_id: str, principal: PrincipalDep, resources: ResourcesDep) -> None:
    """Let go of a ticket one has claimed; safe to say twice."""
    async with resources.database.transaction() as connection:
        await ClaimStore(connection).release(ticket_id, principal)


@routes.post("/tickets/{ticket_id}/assign", response_model=StepTaken)
async def assign_ticket(
    ticket_id: str,
    chosen: AssignTo,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
    version: VersionDep,
) -> Response:
    """Assign a ticket in one call, which ends one's claim on it; a department that returned it is refused."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        decided = ByHand(chosen.department, chosen.note, principal, version)
        assigned = await assign_by_hand(ticket_id, decided, connection, resources)
        return await taken(assigned, principal, connection, resources)

    return await commands.run(work)


def _place(cursor: str | None) -> Place | None:
    if (after := read_cursor(cursor)) is None:
        return None
    at, key = after
    rank, _, ticket_id = key.partition(" ")
    return at, int(rank) if rank.isdecimal() and len(rank) < 3 else 0, ticket_id


def _shown(row: Any, principal: Principal) -> dict[str, Any]:
    claim = row.held_by and Claim(by=row.held_as, until=row.held_until, mine=row.held_by == principal.id)
    return {**{name: row._mapping[name] for name in _SHOWN}, "claim": claim}
