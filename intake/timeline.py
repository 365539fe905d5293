"""Face: everything that happened to a ticket in one list, in the order it happened."""

from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Row, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.call_back import ATTEMPTS
from intake.tables import attachments, callbacks, corrections, linkage_calls, source_calls, ticket_links
from intake.view import HOTLINES_OWN, history_for, note_for
from schemas.base import Instant, Schema
from schemas.errors import TicketNotFound
from schemas.lifecycle import Step
from schemas.names import STEP_NAMES
from schemas.scrubbing import names_in
from services.access import may_see
from services.acting import unit_of
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.tickets import TicketRow, TicketStore

LINKS = {"same_call": "同一来电", "follows": "关联此前工单", "reopens": "重新受理此前工单"}
Happening = Literal["step", "call", "link", "attachment", "linkage"]

routes = APIRouter(prefix="/v1", tags=["intake"])


class TimelineEntry(Schema):
    """Something that happened; `label` and `text` are for people, `facts` for programs."""

    at: Instant
    what: Happening
    label: str
    text: str | None = None
    actor: str | None = Field(None, description="Who did it; for staff.")
    version: int | None = Field(None, description="The version of the ticket this step made.")
    step: Step | None = None
    facts: dict[str, Any] = {}


@routes.get("/tickets/{ticket_id}/timeline")
async def read_timeline(
    ticket_id: str, principal: PrincipalDep, resources: ResourcesDep
) -> list[TimelineEntry]:
    """
    Read what happened to a ticket, oldest first: steps, calls, links, files, handovers.

    A department reads its registration and what happened since it was last
    assigned, without what the hotline keeps to itself.
    """
    async with resources.database.transaction() as connection:
        store = TicketStore(connection)
        ticket = await store.get(ticket_id)
        if not may_see(ticket._asdict(), principal):
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        steps = await store.history(ticket_id)
        if principal.department is not None:
            theirs = [each for each in history_for(steps, principal) if each.step not in HOTLINES_OWN]
            hidden = names_in(ticket.caller, ticket.former_callers)
            return [_step(each, {}, None, note_for(each, hidden, principal)) for each in theirs]
        return await _everything(ticket, steps, connection)


async def _everything(
    ticket: TicketRow, steps: Sequence[Row[Any]], connection: AsyncConnection
) -> list[TimelineEntry]:
    changed = {row.version: row.changed for row in await _of(corrections, ticket, connection)}
    asked = {row.at: row for row in await _of(callbacks, ticket, connection)}
    entries = [_step(each, _facts(each, changed, asked), each.actor, each.note) for each in steps]
    entries += [_call(row) for row in await _of(source_calls, ticket, connection)]
    entries += [_link(row) for row in await _of(ticket_links, ticket, connection)]
    entries += [_file(row) for row in await _of(attachments, ticket, connection)]
    entries += [_handover(row) for row in await _of(linkage_calls, ticket, connection)]
    return sorted(entries, key=_order)


async def _of(table: Table, ticket: TicketRow, connection: AsyncConnection) -> Sequence[Row[Any]]:
    return (await connection.execute(select(table).where(table.c.ticket_id == ticket.id))).all()


def _order(entry: TimelineEntry) -> tuple[Any, ...]:
    """At one moment the call comes before the ticket it became, and what hangs on it after."""
    first = {"call": 0, "step": 1}.get(entry.what, 2)
    return entry.at, first, entry.version or 0, entry.label


def _step(row: Row[Any], facts: dict[str, Any], actor: str | None, note: str | None) -> TimelineEntry:
    step = Step(row.step)
    return TimelineEntry(
        at=row.at,
        what="step",
        label=STEP_NAMES[step],
        text=note,
        actor=actor,
        version=row.version,
        step=step,
        facts={"status": row.status, **_who(row), **facts},
    )


def _who(row: Row[Any]) -> dict[str, str]:
    known = {"unit": unit_of(row.actor), "person": row.person, "post": row.post}
    return {name: value for name, value in known.items() if value}


def _facts(step: Row[Any], changed: dict[int, Any], asked: dict[Any, Row[Any]]) -> dict[str, Any]:
    if step.step == Step.CORRECT:
        return {"changed": changed.get(step.version, {})}
    if step.step in ATTEMPTS and (made := asked.get(step.at)):
        return {"attempt": made.attempt, "outcome": made.outcome, "satisfied": made.satisfied}
    return {}


def _call(row: Row[Any]) -> TimelineEntry:
    facts = {"call": row.id, "hotline": row.hotline, "outcome": row.outcome}
    return TimelineEntry(
        at=row.received_at, what="call", label="来电", text=row.told, actor=row.actor, facts=facts
    )


def _link(row: Row[Any]) -> TimelineEntry:
    facts = {"kind": row.kind, "other": row.other}
    return TimelineEntry(at=row.at, what="link", label=LINKS[row.kind], text=row.other, facts=facts)


def _file(row: Row[Any]) -> TimelineEntry:
    facts = {"media_type": row.media_type, "sha256": row.sha256, "url": row.url}
    name = row.name or row.media_type
    return TimelineEntry(
        at=row.added_at, what="attachment", label="附件", text=name, actor=row.added_by, facts=facts
    )


def _handover(row: Row[Any]) -> TimelineEntry:
    facts = {"direction": row.direction, "partner": row.partner, "outcome": row.outcome}
    label = "联动转入" if row.direction == "in" else "联动转出"
    return TimelineEntry(
        at=row.recorded_at, what="linkage", label=label, text=row.partner, actor=row.recorded_by, facts=facts
    )
