"""Use case: the hotline decides who handles a disputed ticket, with binding force (裁定)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from router.assign import Terms, assign
from router.choose import civil_day
from router.co_handling import Asked, co_assign, end_co_handling
from router.department_store import UnitStore
from router.domain import told
from router.domain.returns import ADJUDICATED, Returned, counts_from, improper
from router.recall import HELD
from router.returns_store import ReturnStore
from router.store import AssignmentStore, DepartmentStore
from schemas.errors import InConfidence, Invalid
from schemas.events import Adjudication, TicketAdjudicated
from schemas.lifecycle import Step
from schemas.returns import AdjudicationRequest
from services.resources import Resources
from services.security import Principal
from services.steps import check_step
from services.tickets import TicketRow, TicketStore, matter_of


async def adjudicate(
    ticket_id: str,
    said: AdjudicationRequest,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """
    Name the one lead and who helps; return the ticket as it then is. Afterwards nobody returns it.

    The lead's own return was improper, so its clock goes on; one that had not returned it starts
    anew. What a department returned that is merged since is its successor's return. Raises
    `IllegalTransition` when there is no dispute, `UnknownDepartment`, `Stale`.
    """
    store, now, actor = TicketStore(connection), resources.clock.now(), principal.actor
    ticket = await store.lock(ticket_id)
    check_step(ticket, Step.ADJUDICATE, principal, version)
    if ticket.confidential and said.co_handlers:
        raise InConfidence("A report in confidence is shared with no further department.")
    gone = await UnitStore(connection).succeeded(civil_day(now, resources))
    rows = await ReturnStore(connection).of(ticket_id)
    returns = [Returned(gone.get(row.department, row.department), row.since) for row in rows]
    said = said.model_copy(update={"improper": [gone.get(each, each) for each in said.improper]})
    _check(said, returns)
    names = await _names(said, returns, connection, resources)
    wrong, since = improper(returns, said.lead, said.improper), counts_from(returns, said.lead)
    made = [row.department for row in rows if gone.get(row.department, row.department) in wrong]
    await _close(ticket, made, said.note, principal, connection, now)
    data = Adjudication(
        lead=said.lead,
        co_handlers=[each.department for each in said.co_handlers],
        because=said.note,
        legal_basis=said.legal_basis,
        consulted=said.consulted,
        improper=list(wrong),
        parties=sorted(names),
        matter=matter_of(ticket),
    )
    sentence = told.adjudicated(said, names, wrong, since, resources.settings.zone)
    free: dict[str, Any] = {**dict.fromkeys(HELD), "co_departments": []}
    await store.advance(
        ticket, Step.ADJUDICATE, TicketAdjudicated, data, at=now, actor=actor, note=sentence, **free
    )
    await end_co_handling(ticket_id, "adjudicated", connection, at=now, actor=actor)
    return await _assigned(ticket_id, said, Terms(ADJUDICATED, since), actor, connection, resources)


async def _assigned(
    ticket_id: str,
    said: AdjudicationRequest,
    terms: Terms,
    actor: str,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    store, because = TicketStore(connection), f"裁定:{said.note}"
    ticket = await store.get(ticket_id)
    await assign(ticket, said.lead, connection, resources, because=because, actor=actor, terms=terms)
    ticket = await store.get(ticket_id)
    for each in said.co_handlers:
        asked = Asked(each.department, each.due_at, said.note, actor, adjudicated=True)
        ticket = await co_assign(ticket, asked, connection, resources)
    return ticket


async def _close(
    ticket: TicketRow,
    wrong: Collection[str],
    note: str,
    principal: Principal,
    connection: AsyncConnection,
    now: datetime,
) -> None:
    """End what was disputed: the assignment, and the return that waits."""
    await AssignmentStore(connection).end(ticket.id, now, "adjudicated")
    returns = ReturnStore(connection)
    await returns.decide(ticket.id, "adjudicated", at=now, by=principal.actor, because=note)
    await returns.mark_improper(ticket.id, wrong)


async def _names(
    said: AdjudicationRequest, returns: list[Returned], connection: AsyncConnection, resources: Resources
) -> dict[str, str]:
    """Return what all parties are called; raises `UnknownDepartment` for one named that is not in force."""
    departments, day = DepartmentStore(connection), civil_day(resources.clock.now(), resources)
    names = {each.department: await departments.name(each.department) for each in returns}
    names[said.lead] = (await departments.in_force(said.lead, day, "/lead")).name
    for at, each in enumerate(said.co_handlers):
        found = await departments.in_force(each.department, day, f"/co_handlers/{at}/department")
        names[each.department] = found.name
    return names


def _check(said: AdjudicationRequest, returns: list[Returned]) -> None:
    strangers = set(said.improper) - {each.department for each in returns}
    if strangers:
        raise Invalid(f"{', '.join(sorted(strangers))} did not return this ticket.", pointer="/improper")
