"""Use cases and faces of linkage: mirror what sub-centres report, show what binds a ticket to others."""

from datetime import UTC, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.domain.hotline import Hotline
from intake.domain.linkage import mirrored_steps, reported
from intake.domain.mapping import record_of
from intake.domain.wire.body import read_body
from intake.hotline_store import HotlineStore
from intake.linkage_store import LinkageStore
from intake.mappings import Mappings
from intake.store import CallStore, Reference
from intake.take_call import WIRE_BODY, keep_refused, kept_type
from schemas.errors import Conflict, HotlineError, Invalid, TicketNotFound
from schemas.events import (
    DepartmentStep,
    Ending,
    Event,
    Remark,
    Resolved,
    TicketNoted,
    TicketResolved,
    TicketSigned,
)
from schemas.lifecycle import Status, Step
from schemas.linkage import Linkage, LinkageCall, MirroredReport, Report
from services.access import may_see
from services.authorization import PrincipalDep
from services.commands import CommandsDep
from services.http import ResourcesDep
from services.resources import Resources
from services.tickets import TicketRow, TicketStore

CLOCKS_DIFFER = timedelta(minutes=10)
FOLLOWED: dict[Step, tuple[type[Event], type[Ending]]] = {
    Step.SIGN: (TicketSigned, DepartmentStep),
    Step.RESOLVE: (TicketResolved, Resolved),
}

routes = APIRouter(prefix="/v1", tags=["hotlines"])


@routes.post("/calls/{hotline}/status", response_model=MirroredReport, openapi_extra=WIRE_BODY)
async def mirror_status(
    hotline: str, request: Request, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """
    Mirror what a sub-centre reports of a call it keeps, by its own number.

    Every report is kept, and a status its mapping knows as signing or resolving is taken
    as that step of the ticket. A report older than what is known changes nothing and is
    marked superseded; the same one again is answered as the first time.
    """
    raw = await request.body()
    header = request.headers.get("content-type")
    try:
        line, report, step = await _understood(hotline, raw, header, resources)

        async def work(connection: AsyncConnection) -> tuple[MirroredReport, dict[str, str]]:
            sent = {"content_type": kept_type(header), "raw": raw, "received_from": principal.actor}
            return await mirror(connection, line, report, step, sent, resources), {}

        return await commands.run(work)
    except HotlineError as refusal:
        await keep_refused(hotline, raw, header, refusal, principal.actor, resources)
        raise


async def mirror(
    connection: AsyncConnection,
    line: Hotline,
    report: Report,
    step: Step | None,
    sent: dict[str, Any],
    resources: Resources,
) -> MirroredReport:
    """
    Keep a report, note it in the ticket's history and take its step; raises `TicketNotFound`.

    `sent` is how it came: `raw`, `content_type` and `received_from`.
    """
    pair = (line.number, report.source_number)
    found = (await CallStore(connection).registered([pair])).get(pair)
    if found is None:
        raise TicketNotFound(f"{line.number} has handed over no call {report.source_number}.")
    ticket = await TicketStore(connection).lock(found.id)
    if ticket.status == Status.ARCHIVED:
        raise Conflict(f"Ticket {ticket.id} is archived; nothing is added to it.")
    store = LinkageStore(connection)
    known = await store.reports(ticket.id)
    said = {"at": report.at.astimezone(UTC), "status": report.status, "note": report.note}
    for each in known:
        if said == {name: each._mapping[name] for name in said}:
            return _mirrored(each._mapping, ticket, line)
    superseded = bool(known) and report.at < known[-1].at
    now = resources.clock.now()
    row = {"ticket_id": ticket.id, **said, "superseded": superseded, "received_at": now, **sent}
    await store.keep_report(row)
    await _note(connection, ticket, line, row)
    if step is not None and not superseded:
        await _follow(connection, ticket.id, step, row)
    return _mirrored(row, ticket, line)


@routes.get("/tickets/{ticket_id}/linkage")
async def read_linkage(ticket_id: str, resources: ResourcesDep, principal: PrincipalDep) -> Linkage:
    """Read who else a ticket is bound to: sub-centre, statutory procedure, 110, and their reports."""
    async with resources.database.transaction() as connection:
        ticket = await TicketStore(connection).get(ticket_id)
        if not may_see(ticket._asdict(), principal):
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        line = await HotlineStore(connection).line_at(ticket.hotline, ticket.accepted_at, resources)
        store = LinkageStore(connection)
        calls, reports = await store.calls(ticket_id), await store.reports(ticket_id)
    return Linkage(
        ticket=ticket.id,
        hotline=ticket.hotline,
        handled_by=line.handled_by if line else None,
        statutory_procedure=line.statutory_procedure if line else None,
        calls=[_call(each) for each in calls],
        reports=[_mirrored(each._mapping, ticket, line) for each in reports],
    )


async def _understood(
    hotline: str, raw: bytes, header: str | None, resources: Resources
) -> tuple[Hotline, Report, Step | None]:
    line = (await resources.part(Reference).catalogue()).admitting(hotline).hotline(hotline)
    if line.handled_by is None:
        said = f"{line.number} is no sub-centre, so it has no ticket of 12345 to report on."
        raise Conflict(said, pointer="/hotline")
    mapping = resources.part(Mappings).of_reports(line.number)
    sent = read_body(raw, header, mapping.usual_wire, mapping.usual_encoding)
    report = reported(record_of(sent, mapping), mapping)
    if report.at > resources.clock.now() + CLOCKS_DIFFER:
        raise Invalid("/at: a report is of what has happened, not of what will.", pointer="/at")
    means = mapping.steps.get(report.status)
    return line, report, Step(means) if means else None


async def _note(connection: AsyncConnection, ticket: TicketRow, line: Hotline, row: dict[str, Any]) -> None:
    late = "(迟到的旧状态,不改变现状)" if row["superseded"] else ""
    said = f":{row['note']}" if row["note"] else ""
    sentence = f"{line.handled_by}({line.number})报告状态「{row['status']}」{late}{said}"
    event = TicketNoted(ticket=ticket.id, time=row["received_at"], data=Remark(note=sentence))
    await TicketStore(connection).note([(event, Step.NOTE, sentence)], actor=row["received_from"])


async def _follow(connection: AsyncConnection, ticket_id: str, wanted: Step, row: dict[str, Any]) -> None:
    """Bring a ticket where its sub-centre says it is."""
    store = TicketStore(connection)
    for step in mirrored_steps(Status((await store.get(ticket_id)).status), wanted):
        ticket = await store.get(ticket_id)
        event, kind = FOLLOWED[step]
        told = kind(assignment_id=ticket.assignment_id, department=ticket.department, note=row["note"])
        at, actor = row["received_at"], row["received_from"]
        await store.advance(ticket, step, event, told, at=at, actor=actor, note=row["note"])


def _mirrored(row: Any, ticket: TicketRow, line: Hotline | None) -> MirroredReport:
    shown = {name: row[name] for name in ("status", "at", "note", "superseded", "received_at")}
    return MirroredReport(
        source_number=ticket.source_number,
        ticket=ticket.id,
        hotline=ticket.hotline,
        handled_by=(line and line.handled_by) or row["received_from"],
        **shown,
    )


def _call(row: Row[Any]) -> LinkageCall:
    known = row._asdict()
    return LinkageCall.model_validate({name: known[name] for name in LinkageCall.model_fields})
