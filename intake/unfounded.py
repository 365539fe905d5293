"""Use case and faces: that a caller's "unsolved" is without ground (不属实) takes two people to say."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import Row, select, tuple_, update

from intake.closing import close
from intake.held import Held, HoldingDep
from intake.tables import unfounded_claims
from schemas.base import Instant, Schema
from schemas.errors import SecondPersonNeeded
from schemas.events import Remark, TicketUnfoundedRefused
from schemas.lifecycle import Step
from schemas.returns import Said
from schemas.ticket import Ticket
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, read_cursor, write_cursor
from services.second_person import one_person
from services.steps import check_step

routes = APIRouter(prefix="/v1", tags=["intake"])


class UnfoundedClaim(Schema):
    """That what a caller says of an answer is without ground: by whom, why, and what a second person said."""

    ticket: str
    reason: str
    legal_basis: str
    claimed_by: str
    claimed_at: Instant
    granted: bool | None = None
    decided_by: str | None = None
    decided_at: Instant | None = None
    note: str | None = None


class UnfoundedDecision(Schema):
    """What the second person says of it."""

    note: Said


@routes.get("/unfounded")
async def list_unfounded(
    resources: ResourcesDep,
    decided: Annotated[bool, Query(description="Those that are decided, for the supervisor's list.")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[UnfoundedClaim]:
    """List claims that wait for a second person, or were decided, in the order they were made."""
    claims = unfounded_claims.c
    waits = claims.decided_at.is_(None)
    query = select(unfounded_claims).where(~waits if decided else waits)
    if (after := read_cursor(cursor)) is not None:
        query = query.where(tuple_(claims.claimed_at, claims.ticket_id) > after)
    ordered = query.order_by(claims.claimed_at, claims.ticket_id).limit(limit + 1)
    async with resources.database.transaction() as connection:
        rows, last = cut((await connection.execute(ordered)).all(), limit)
    return Page(
        items=[_shown(row) for row in rows],
        next=write_cursor(last.claimed_at, last.ticket_id) if last else None,
    )


@routes.post("/tickets/{ticket_id}/grant-unfounded", response_model=Ticket)
async def grant_unfounded(said: UnfoundedDecision, holding: HoldingDep) -> Response:
    """
    Agree that what the caller says is without ground: the ticket is closed, and counts in no rate.

    Whoever claimed it may not.
    """
    return await holding.run(lambda held: _grant(held, said.note))


@routes.post("/tickets/{ticket_id}/refuse-unfounded", response_model=Ticket)
async def refuse_unfounded(said: UnfoundedDecision, holding: HoldingDep) -> Response:
    """Do not agree: the department does it again (重办). Whoever claimed it may not."""
    return await holding.run(lambda held: _refuse(held, said.note))


async def _grant(held: Held, note: str) -> None:
    await _decide(held, Step.GRANT_UNFOUNDED, note, granted=True)
    await close(held, "unfounded", f"认定诉求不属实:{note}", Step.GRANT_UNFOUNDED)


async def _refuse(held: Held, note: str) -> None:
    await _decide(held, Step.REFUSE_UNFOUNDED, note, granted=False)
    told = Remark(note=note, department=held.ticket.department)
    await held.step(Step.REFUSE_UNFOUNDED, TicketUnfoundedRefused, told, f"不认定为不属实:{note}")


async def _decide(held: Held, step: Step, note: str, *, granted: bool) -> None:
    """Note what the second person says of the claim that waits, if this step may be taken."""
    check_step(held.ticket, step, held.principal)
    claims, principal = unfounded_claims.c, held.principal
    mine = (claims.ticket_id == held.ticket.id, claims.decided_at.is_(None))
    claimed_by = await held.connection.scalar(select(claims.claimed_by).where(*mine))
    if claimed_by and await one_person(held.connection, principal.actor, claimed_by):
        raise SecondPersonNeeded("It takes a second person: whoever claimed it may not decide.")
    decided = {"granted": granted, "decided_by": principal.actor, "decided_at": held.now, "note": note}
    await held.connection.execute(update(unfounded_claims).where(*mine).values(decided))


def _shown(row: Row[Any]) -> UnfoundedClaim:
    known = {name: row._mapping[name] for name in UnfoundedClaim.model_fields if name != "ticket"}
    return UnfoundedClaim(ticket=row.ticket_id, **known)
