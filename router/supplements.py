"""Use case: a department says once and whole what it lacks (一次性告知), and the caller supplies it."""

from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from router.supplements_store import SupplementStore
from schemas.errors import AskedOnce, NothingAsked
from schemas.events import TicketSupplementAsked, TicketSupplemented
from schemas.lifecycle import Step
from schemas.scrubbing import names_in, scrubbed
from schemas.supplements import SupplementAnswer, SupplementAsked, Supplemented, SupplementRequest
from services.resources import Resources
from services.security import Principal
from services.steps import check_step
from services.tickets import TicketRow, TicketStore


async def ask_supplement(
    ticket_id: str,
    said: SupplementRequest,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """
    Ask for everything that is missing; return the ticket. Its clocks run on.

    Raises what `check_step` raises, and `AskedOnce` for a department that has asked before.
    """
    tickets, now = TicketStore(connection), resources.clock.now()
    ticket = await tickets.lock(ticket_id)
    check_step(ticket, Step.ASK_SUPPLEMENT, principal, version)
    store = SupplementStore(connection)
    if (before := await store.asked(ticket_id, ticket.department)) is not None:
        raise AskedOnce(
            "Everything that is missing is told once (一次性告知); this department has asked already.",
            asked_at=before.asked_at.isoformat(),
            missing=before.missing,
        )
    row = {"id": uuid4(), "ticket_id": ticket_id, "department": ticket.department, "asked_at": now}
    await store.add({**row, **said.model_dump(include={"missing", "note", "told"})})
    data = SupplementAsked(
        **_whose(ticket, said.note), request_id=row["id"], missing=said.missing, told=said.told
    )
    caller_told = said.told and f"已告知诉求人:{said.told}"
    parts = [f"一次性告知需补充:{'、'.join(said.missing)}", said.note, caller_told]
    sentence = ";".join(each for each in parts if each)
    event = TicketSupplementAsked
    await tickets.advance(
        ticket, Step.ASK_SUPPLEMENT, event, data, at=now, actor=principal.actor, note=sentence
    )
    return await tickets.get(ticket_id)


async def supplement(
    ticket_id: str,
    said: SupplementAnswer,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """
    Take down what the caller supplied, for the department that asked; return the ticket.

    Raises what `check_step` raises, and `NothingAsked` when who has the ticket waits for nothing.
    """
    tickets, now, actor = TicketStore(connection), resources.clock.now(), principal.actor
    ticket = await tickets.lock(ticket_id)
    check_step(ticket, Step.SUPPLEMENT, principal, version)
    store = SupplementStore(connection)
    asked = await store.asked(ticket_id, ticket.department)
    if asked is None or asked.answered_at is not None:
        raise NothingAsked("The department waits for nothing from the caller.")
    await store.answer(asked.id, now, actor, said.note)
    told = scrubbed(said.note, names_in(ticket.caller, ticket.former_callers))
    data = Supplemented(**_whose(ticket, told), request_id=asked.id, missing=asked.missing)
    await tickets.advance(
        ticket, Step.SUPPLEMENT, TicketSupplemented, data, at=now, actor=actor, note=f"诉求人补充:{said.note}"
    )
    return await tickets.get(ticket_id)


def _whose(ticket: TicketRow, note: str | None) -> dict[str, Any]:
    return {"assignment_id": ticket.assignment_id, "department": ticket.department, "note": note}
