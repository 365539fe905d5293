"""Use case: the lead resolves a ticket (办结), with one answer for its caller from all who worked on it."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from router.co_handling import end_co_handling
from router.co_handling_store import CoHandlingStore
from router.domain.answer import consolidated, sentence
from router.join import answer_children
from router.resolutions_store import ResolutionStore
from router.store import AssignmentStore, DepartmentStore
from router.whose import with_predecessors
from schemas.errors import Invalid, SecondPersonNeeded
from schemas.events import Resolved, TicketResolved
from schemas.lifecycle import Step
from schemas.people import Official, one_person
from schemas.resolution import HelpersAnswer, ResolveRequest
from services.acting import act_as, acting
from services.resources import Resources
from services.security import Principal
from services.steps import check_step
from services.tickets import TicketRow, TicketStore


async def resolve(
    ticket_id: str,
    said: ResolveRequest,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """
    Resolve a ticket, and return it; those joined to it are answered with it.

    What helpers have answered by now is part of the answer; who has not is not waited for. Raises what
    `check_step` raises, and `SecondPersonNeeded` when who asks for a negative result reviewed it too.
    """
    store, now, actor = TicketStore(connection), resources.clock.now(), principal.actor
    ticket = await store.lock(ticket_id)
    check_step(ticket, Step.RESOLVE, principal, version)
    said = _by_somebody(said, principal, connection)
    helpers = await _helpers(ticket, connection, resources)
    answer = consolidated(said.note, helpers)
    await AssignmentStore(connection).end(ticket_id, now, "resolved")
    told = _told(ticket, said, answer, helpers)
    event = await store.advance(
        ticket, Step.RESOLVE, TicketResolved, told, at=now, actor=actor, note=sentence(answer, said)
    )
    await ResolutionStore(connection).add(_row(ticket, said, answer, helpers, event.version, now))
    await end_co_handling(ticket_id, "resolved", connection, at=now, actor=actor)
    await answer_children(ticket, told, connection, now, actor)
    return await store.get(ticket_id)


def _by_somebody(said: ResolveRequest, principal: Principal, connection: AsyncConnection) -> ResolveRequest:
    """Return the request with who resolves; raises unless a negative result has two people."""
    act_as(connection, principal, said.by)
    by, known = said.by, acting(connection, principal.actor)
    if by is None and known.person and known.post:
        by = Official(name=known.person, post=known.post)
    if said.negative is not None:
        if by is None:
            raise Invalid("A negative result names who asks for it.", pointer="/by")
        if one_person(by, said.negative.reviewed_by):
            raise SecondPersonNeeded(
                "否定结果须由另一人审核(否定报备),经办人不能审核自己的结果。", by=by.name
            )
    return said.model_copy(update={"by": by})


async def _helpers(
    ticket: TicketRow, connection: AsyncConnection, resources: Resources
) -> list[HelpersAnswer]:
    """Return what was asked of others by the lead, or whom it succeeded, since the last resolution."""
    leads = await with_predecessors(ticket.department, connection, resources)
    since = await ResolutionStore(connection).last_at(ticket.id)
    names = DepartmentStore(connection)
    return [
        HelpersAnswer(department=each.department, name=await names.name(each.department), answer=each.answer)
        for each in await CoHandlingStore(connection).of(ticket.id)
        if each.lead in leads and each.ended_because in (None, "answered")
        if since is None or each.assigned_at > since
    ]


def _told(ticket: TicketRow, said: ResolveRequest, answer: str, helpers: list[HelpersAnswer]) -> Resolved:
    negative = said.negative
    return Resolved(
        assignment_id=ticket.assignment_id,
        department=ticket.department,
        note=answer,
        **said.model_dump(include={"founded", "within_duty", "solved"}),
        reason=negative and negative.reason,
        legal_basis=negative and negative.legal_basis,
        helpers=[each.department for each in helpers if each.answer],
    )


def _row(
    ticket: TicketRow,
    said: ResolveRequest,
    answer: str,
    helpers: list[HelpersAnswer],
    version: int,
    at: datetime,
) -> dict[str, Any]:
    told = said.model_dump(mode="json")
    return {
        "id": uuid4(),
        "ticket_id": ticket.id,
        "version": version,
        "department": ticket.department,
        "at": at,
        "answer": answer,
        "helpers": [each.model_dump() for each in helpers],
        **{name: value for name, value in told.items() if name != "negative"},
        **(told["negative"] or {}),
    }
