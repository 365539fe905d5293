"""Many call about one matter: the supervisor is told once for each rule."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from fastapi import APIRouter
from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from router.assign import ROUTER
from router.domain.joining import MANY_SOON, Crowd, Rules, Sighting, crowds, one_matter
from router.tables import mass_events
from schemas.base import Instant, Schema
from schemas.events import MassEvent, TicketMassEvent
from schemas.lifecycle import ENDED, Step
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, read_cursor, write_cursor
from services.tables import tickets
from services.tickets import TicketStore

routes = APIRouter(prefix="/v1", tags=["supervision"])


class MassEventNotice(Schema):
    """A mass event: the ticket that stands for the matter, the rule, and how many there were by then."""

    ticket: str
    title: str
    category: str | None
    division: str | None
    rule: str
    tickets: int
    callers: int
    raised_at: Instant


async def raise_mass_events(
    mine: Sighting,
    others: Sequence[Sighting],
    parent: str | None,
    rules: Rules,
    connection: AsyncConnection,
    now: datetime,
) -> None:
    """
    Tell of the mass events a ticket completes; each rule is told once for a matter.

    The matter goes by its parent, or by the earliest of its tickets that is still open.
    """
    for crowd in crowds(mine, others, rules):
        standing = [
            each
            for each in others
            if each.parent is None and each.status not in ENDED and one_matter(mine, each, rules)
        ]
        first = min([mine, *standing], key=lambda each: each.order)
        ticket_id = parent or mine.parent or first.id
        row = {
            "ticket_id": ticket_id,
            "rule": crowd.rule,
            "tickets": crowd.tickets,
            "callers": crowd.callers,
            "raised_at": now,
        }
        known = insert(mass_events).values(row).on_conflict_do_nothing().returning(mass_events.c.rule)
        if (await connection.execute(known)).one_or_none() is not None:
            await _announce(ticket_id, crowd, rules, connection, now)


@routes.get("/supervision/mass-events")
async def list_mass_events(
    resources: ResourcesDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[MassEventNotice]:
    """List mass events (群体性诉求), newest first."""
    query = (
        select(mass_events, tickets.c.title, tickets.c.category, tickets.c.division)
        .join(tickets, tickets.c.id == mass_events.c.ticket_id)
        .order_by(mass_events.c.raised_at.desc(), mass_events.c.ticket_id.desc(), mass_events.c.rule.desc())
        .limit(limit + 1)
    )
    if (after := read_cursor(cursor)) is not None:
        at, key = after
        place = tuple_(mass_events.c.raised_at, mass_events.c.ticket_id, mass_events.c.rule)
        query = query.where(place < tuple_(at, *_parts(key)))
    async with resources.database.transaction() as connection:
        rows, last = cut((await connection.execute(query)).all(), limit)
    items = [
        MassEventNotice(
            ticket=row.ticket_id,
            **{name: row._mapping[name] for name in MassEventNotice.model_fields if name != "ticket"},
        )
        for row in rows
    ]
    return Page(
        items=items, next=write_cursor(last.raised_at, f"{last.ticket_id} {last.rule}") if last else None
    )


def _parts(key: str) -> tuple[str, str]:
    ticket_id, _, rule = key.partition(" ")
    return ticket_id, rule


async def _announce(
    ticket_id: str, crowd: Crowd, rules: Rules, connection: AsyncConnection, now: datetime
) -> None:
    told = MassEvent(rule=crowd.rule, tickets=crowd.tickets, callers=crowd.callers)
    window = _shown(rules.soon if crowd.rule == MANY_SOON else rules.lately)
    said = f"群体性诉求:{window}内{crowd.tickets}件,{crowd.callers}位不同的来电人。"
    event = TicketMassEvent(ticket=ticket_id, time=now, data=told)
    await TicketStore(connection).note([(event, Step.NOTE, said)], actor=ROUTER)


def _shown(window: timedelta) -> str:
    hours = window / timedelta(hours=1)
    return f"{hours / 24:g}天" if hours % 24 == 0 else f"{hours:g}小时"
