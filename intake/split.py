"""Use case and face: one ticket speaks of several matters: each of the others gets a ticket of its own."""

from collections.abc import Container, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.admit import Admissibility, admit
from intake.attachments import files_of
from intake.calls import JSON, Part, kept_beside
from intake.domain.catalogue import Catalogue
from intake.domain.normalize import normalize
from intake.entry import Arrival, Entry, entries, register_new
from intake.held import Held
from intake.store import NumberBlock, Reference
from intake.tables import attachments, ticket_links
from intake.view import fields_of
from intake.waiting import PREFER, waited
from schemas.admission import FurtherMatter, Registration, Several, SplitRequest
from schemas.base import Schema
from schemas.errors import Conflict, Invalid, TicketNotFound
from schemas.events import Remark, TicketNoted
from schemas.lifecycle import Status, Step
from schemas.ticket import Call, Caller
from services.access import may_see
from services.authorization import PrincipalDep
from services.claims import ClaimStore
from services.commands import CommandsDep, VersionDep, respond
from services.database import driver_of, ring_after_commit
from services.http import ResourcesDep
from services.outbox import BELL
from services.tables import tickets
from services.tickets import TicketRow, TicketStore, check_version

NOBODY_HAS_IT = (Status.REGISTERED, Status.TRIAGE)

routes = APIRouter(prefix="/v1", tags=["intake"])


@routes.post(
    "/tickets/{ticket_id}/split",
    status_code=201,
    response_model=Several,
    openapi_extra={"parameters": [PREFER]},
)
async def split_ticket(
    ticket_id: str,
    wanted: SplitRequest,
    request: Request,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
    version: VersionDep,
) -> Response:
    """
    Give each further matter of a ticket nobody has yet a ticket of its own (拆单).

    They bear its caller and its files and are accepted when it was, so nobody is answered
    later for it; all are linked as of one call. The first answered is the ticket itself.
    """
    raw = await request.body()
    catalogue = await resources.part(Reference).catalogue()

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        ticket = await TicketStore(connection).lock(ticket_id)
        held = Held(ticket, connection, resources, principal, resources.clock.now())
        await _refuse(held, version)
        new = await split(held, wanted, catalogue, raw)
        rows = (held.ticket._asdict(), *(each.ticket for each in new))
        shown = [Registration(**fields_of(row, principal)) for row in rows]
        return Several(tickets=shown), {"etag": f'"{held.ticket.version}"'}

    answer = await commands.answer(work, 201)
    return respond(await waited(answer, request.headers.get("prefer"), principal, resources))


async def split(held: Held, wanted: SplitRequest, catalogue: Catalogue, raw: bytes) -> Sequence[Entry]:
    """Register the further matters of a locked ticket, link them to it and note them on it."""
    files = {row.sha256: row._asdict() for row in await files_of(held.ticket.id, held.connection)}
    _check_files(wanted.matters, files)
    parts = [_part(place, each, held, catalogue) for place, each in enumerate(wanted.matters)]
    await _refuse_known(parts, held)
    actor = held.principal.actor
    since = held.ticket.accepted_at
    arrivals = [
        Arrival(each.taken_down, kept, JSON, actor, admission=each.admission, since=since)
        for each, kept in zip(parts, kept_beside(parts, wanted, raw), strict=True)
    ]
    numbers = await held.resources.part(NumberBlock).draw(await driver_of(held.connection), len(parts))
    new = entries(arrivals, numbers, held.resources)
    await register_new(await driver_of(held.connection), new)
    hanging = [
        {**files[digest], "ticket_id": each.ticket["id"]}
        for each, matter in zip(new, wanted.matters, strict=True)
        for digest in dict.fromkeys(files if matter.attachments is None else matter.attachments)
    ]
    if hanging:
        await held.connection.execute(insert(attachments), hanging)
    ring_after_commit(held.connection, BELL)
    shown = [each.ticket["id"] for each in new if not each.ticket["confidential"]]
    if shown:
        links = [_link(each, held) for each in shown]
        await held.connection.execute(insert(ticket_links), links)
    said = f"拆分:{wanted.because}" + (f";分出{'、'.join(shown)}" if shown else "")
    await held.step(Step.NOTE, TicketNoted, Remark(note=said, department=held.ticket.department), said)
    return new


async def _refuse(held: Held, version: int | None) -> None:
    ticket, principal = held.ticket, held.principal
    if not may_see(ticket._asdict(), principal):
        raise TicketNotFound(f"There is no ticket {ticket.id}.")
    check_version(ticket, version)
    if ticket.confidential:
        raise Conflict("A confidential ticket is linked to nothing: register the other matter by itself.")
    if ticket.status not in NOBODY_HAS_IT:
        raise Conflict("Only a ticket nobody has yet is split.", ticket_status=ticket.status)
    await ClaimStore(held.connection).refuse_held(ticket.id, principal, held.now)


async def _refuse_known(parts: Sequence[Part], held: Held) -> None:
    """Refuse a matter that has its ticket: who presses twice wants no second one."""
    of_call = select(ticket_links.c.ticket_id).where(
        ticket_links.c.other == held.ticket.id, ticket_links.c.kind == "same_call"
    )
    columns = (tickets.c.title, tickets.c.text, tickets.c.id)
    known = (await held.connection.execute(select(*columns).where(tickets.c.id.in_(of_call)))).all()
    by_words = {(row.title, row.text): row.id for row in known}
    for place, each in enumerate(parts):
        call = each.taken_down.call
        if ticket_id := by_words.get((call.title, call.text)):
            raise Conflict(f"This matter has its ticket already: {ticket_id}.", pointer=f"/matters/{place}")


def _check_files(matters: Sequence[FurtherMatter], known: Container[str]) -> None:
    for place, each in enumerate(matters):
        for number, digest in enumerate(each.attachments or ()):
            if digest not in known:
                pointer = f"/matters/{place}/attachments/{number}"
                raise Invalid(f"The ticket has no file {digest}.", pointer=pointer)


def _part(place: int, matter: FurtherMatter, held: Held, catalogue: Catalogue) -> Part:
    """Return a matter as a call by the ticket's caller; raises `Invalid` for one 12345 does not take."""
    clean = normalize(_call(matter, held.ticket), catalogue.admitting(held.ticket.hotline), held.now)
    part = Part(clean, admit(clean.call, held.resources.part(Admissibility).rules, by_agent=False))
    if part.admission.turned_away:
        raise Invalid(part.admission.told or "12345 does not take this matter.", pointer=f"/matters/{place}")
    return part


def _call(matter: FurtherMatter, ticket: TicketRow) -> Call:
    """Return what was said of a matter; where nothing is said of the place, it is the ticket's."""
    said: dict[str, Any] = matter.model_dump(exclude={"attachments"})
    for name in ("division", "address"):
        said[name] = said[name] or getattr(ticket, name)
    caller = Caller.model_validate(ticket.caller)
    return Call(hotline=ticket.hotline, caller=caller, occurred_at=ticket.occurred_at, **said)


def _link(ticket_id: str, held: Held) -> dict[str, Any]:
    first = held.ticket.id
    return {"ticket_id": ticket_id, "kind": "same_call", "other": first, "at": held.now}
