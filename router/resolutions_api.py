"""Faces: resolve a ticket, read how it was, and the supervisor's list of negative results (否定报备)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from router.resolutions_store import ResolutionStore
from router.resolve import resolve
from router.returns_api import place_of
from router.whose import check_party, with_predecessors
from schemas.lifecycle import Step
from schemas.resolution import (
    NegativeOutcomeRecord,
    NegativeReason,
    Resolution,
    Resolutions,
    ResolveRequest,
)
from schemas.scrubbing import names_in, scrubbed
from services.access import leads
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, write_cursor
from services.ticket_commands import TicketCommand, add_routes
from services.tickets import TicketStore

routes = APIRouter(prefix="/v1", tags=["resolutions"])

SAME = ("version", "department", "at", "answer", "note", "helpers", "attachments", "by")
RESULTS = ("founded", "within_duty", "solved")
NEGATIVE = ("reason", "because", "legal_basis", "reviewed_by")


COMMANDS = (
    TicketCommand(
        Step.RESOLVE,
        "resolve",
        ResolveRequest,
        resolve,
        "Resolve a ticket (办结): what was done, for the caller, and what came of it. A negative result "
        "needs its reason, legal basis and a second person, and is on the supervisor's list.",
        example={
            "note": "已责令施工单位停止夜间施工并立案查处",
            "founded": True,
            "within_duty": True,
            "solved": True,
            "by": {"name": "王某", "post": "投诉科科员"},
        },
    ),
)
add_routes(routes, COMMANDS)


@routes.get("/tickets/{ticket_id}/resolutions")
async def list_resolutions(ticket_id: str, principal: PrincipalDep, resources: ResourcesDep) -> Resolutions:
    """
    Read how a ticket was resolved, each time; a department reads its own, and its predecessors'.

    Who only helps reads neither what is `internal` nor who called.
    """
    async with resources.database.transaction() as connection:
        ticket = await TicketStore(connection).get(ticket_id)
        check_party(ticket, principal)
        rows = await ResolutionStore(connection).of(ticket_id)
        theirs = await with_predecessors(ticket.department, connection, resources)
    if principal.department is None:
        return Resolutions(items=[_shown(row) for row in rows])
    own = [_shown(row) for row in rows if row.department in theirs]
    if not leads(ticket._asdict(), principal):
        own = [_for_helper(each, names_in(ticket.caller, ticket.former_callers)) for each in own]
    return Resolutions(items=own)


@routes.get("/supervision/negative-outcomes")
async def list_negative_outcomes(
    resources: ResourcesDep,
    department: Annotated[str | None, Query(max_length=41)] = None,
    reason: NegativeReason | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[NegativeOutcomeRecord]:
    """List results against the caller, newest first: which, why, by which law, by whom and whose review."""
    async with resources.database.transaction() as connection:
        found = await ResolutionStore(connection).negative(department, reason, place_of(cursor), limit + 1)
    rows, last = cut(found, limit)
    following = write_cursor(last.at, str(last.id)) if last else None
    return Page(items=[_record(row) for row in rows], next=following)


def _shown(row: Any) -> Resolution:
    fields = row._mapping
    negative = {name: fields[name] for name in NEGATIVE} if row.reason else None
    return Resolution(
        ticket=row.ticket_id,
        internal=row.internal,
        negative=negative,
        **{name: fields[name] for name in (*SAME, *RESULTS)},
    )


def _for_helper(whole: Resolution, hidden: tuple[str, ...]) -> Resolution:
    said = {name: scrubbed(getattr(whole, name), hidden) for name in ("answer", "note")}
    helpers = [
        each.model_copy(update={"answer": each.answer and scrubbed(each.answer, hidden)})
        for each in whole.helpers
    ]
    negative = whole.negative and whole.negative.model_copy(
        update={"because": scrubbed(whole.negative.because, hidden)}
    )
    return whole.model_copy(update={**said, "helpers": helpers, "negative": negative, "internal": None})


def _record(row: Any) -> NegativeOutcomeRecord:
    fields = row._mapping
    return NegativeOutcomeRecord(
        id=str(row.id),
        ticket=row.ticket_id,
        asked_by=row.by,
        **{name: fields[name] for name in ("department", "at", "answer", *RESULTS, *NEGATIVE)},
    )
