"""Use cases and faces: what an agent does with a ticket that is under way: note, urge, withdraw, transfer."""

from fastapi import APIRouter, Response

from intake.domain.linkage import one_key, stays_here
from intake.held import Held, HoldingDep
from intake.linkage_store import record_handover
from schemas.acts import NoteRequest, TransferRequest, UrgeRequest, WithdrawRequest
from schemas.events import (
    Remark,
    TicketNoted,
    TicketTransferred,
    TicketUrged,
    TicketWithdrawn,
    Transfer,
    Urge,
)
from schemas.lifecycle import Step
from schemas.linkage import Outcome
from schemas.ticket import Ticket
from services.claims import ClaimStore

PLATFORMS = {"110": "公安报警", "119": "消防救援", "120": "医疗急救", "122": "交通事故", "12395": "海上搜救"}

STAYS = {
    Outcome.HOST: "由12345受理",
    Outcome.JOINT: "共同办理",
    Outcome.UNDECIDED: "未商定,由先接到诉求的12345先行受理",
}

routes = APIRouter(prefix="/v1", tags=["intake"])


@routes.post("/tickets/{ticket_id}/note", response_model=Ticket)
async def note_ticket(said: NoteRequest, holding: HoldingDep) -> Response:
    """Note something on a ticket; it stays where it is."""
    return await holding.run(lambda held: note(held, said.note))


@routes.post("/tickets/{ticket_id}/urge", response_model=Ticket)
async def urge_ticket(said: UrgeRequest, holding: HoldingDep) -> Response:
    """Count that the caller asked again (催单) and tell the department; no clock is touched."""
    return await holding.run(lambda held: urge(held, said.note))


@routes.post("/tickets/{ticket_id}/withdraw", response_model=Ticket)
async def withdraw_ticket(said: WithdrawRequest, holding: HoldingDep) -> Response:
    """Take a ticket back for its caller (撤回): nobody handles it any more."""
    return await holding.run(lambda held: withdraw(held, said.because))


@routes.post("/tickets/{ticket_id}/transfer", response_model=Ticket)
async def transfer_ticket(wanted: TransferRequest, holding: HoldingDep) -> Response:
    """Hand a ticket to 110, 119, 120, 122 or 12395 (一键转接); the ticket remains as the record of it."""
    return await holding.run(lambda held: transfer(held, wanted))


async def note(held: Held, said: str) -> None:
    """Note something."""
    told = Remark(note=said, department=held.ticket.department)
    await held.step(Step.NOTE, TicketNoted, told, said)


async def urge(held: Held, said: str | None) -> None:
    """Count an urging."""
    count = held.ticket.urged + 1
    told = Urge(note=said, department=held.ticket.department, count=count)
    words = f"第{count}次催单" + (f":{said}" if said else "")
    await held.step(Step.URGE, TicketUrged, told, words, urged=count)


async def withdraw(held: Held, because: str) -> None:
    """End a ticket because its caller takes it back; the department stays named on it."""
    told = Remark(note=because, department=held.ticket.department)
    await held.step(Step.WITHDRAW, TicketWithdrawn, told, f"诉求人撤回:{because}")


async def transfer(held: Held, wanted: TransferRequest) -> None:
    """
    Hand a ticket to an emergency platform and record the handover for good.

    After a three-party call that leaves the matter here, wholly or in part, the ticket
    stays where it is and its history says so. Refused while somebody else works on it.
    """
    await ClaimStore(held.connection).refuse_held(held.ticket.id, held.principal, held.now)
    name = f"{wanted.to}({PLATFORMS[wanted.to]})"
    if wanted.call is not None and stays_here(wanted.call):
        await note(held, f"与{name}三方通话,{STAYS[wanted.call.outcome]}:{wanted.note}")
    else:
        told = Transfer(note=wanted.note, department=held.ticket.department, to=wanted.to)
        await held.step(Step.TRANSFER, TicketTransferred, told, f"转{name}:{wanted.note}")
    actor = held.principal.actor
    handover = one_key(wanted.to, actor, wanted.call, wanted.partner_number)
    await record_handover(held.connection, held.ticket.id, "out", handover, at=held.now, actor=actor)
