"""The one door for a ticket's status: lock, advance, history and outbox in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Insert, Row, Table, Update, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Schema
from schemas.errors import Stale, TicketNotFound
from schemas.events import CONFIDENTIAL_TOPIC, TOPIC, AnyEvent, Event, Matter, TicketRegistered
from schemas.lifecycle import ENDED, Status, Step, advance
from services.database import ring_after_commit
from services.outbox import BELL, row
from services.tables import outbox, ticket_history, tickets

TicketRow = Row[Any]

ANNOUNCED = ("event_id", "topic", "key", "headers", "body")

_READ = select(tickets).where(tickets.c.id == bindparam("ticket"))
_LOCK = _READ.with_for_update(key_share=True)


def ticket_number(prefix: str, day: datetime, sequence: int) -> str:
    """
    Return a ticket number: prefix, day, sequence of at least six digits, two check digits.

    The check digits make the whole number (its digits) leave 1 when divided by
    97, so one wrong digit or two swapped neighbours are noticed on the phone.
    """
    digits = f"{day:%Y%m%d}{sequence:06d}"
    return f"{prefix}{digits}{98 - int(digits + '00') % 97:02d}"


class TicketStore:
    """Tickets, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self, new: Sequence[dict[str, Any]], actors: Mapping[str, str], *, quiet: bool = False
    ) -> set[str]:
        """
        Register tickets; return the ids that were new.

        `actors` says by ticket id who registered it. A row whose (hotline,
        source_number) is registered already is left out. `quiet` announces
        nothing: for tickets that had ended before they came here.
        """
        if not new:
            return set()
        statement = upsert(tickets).on_conflict_do_nothing(
            index_elements=[tickets.c.hotline, tickets.c.source_number]
        )
        added = set((await self._connection.scalars(statement.returning(tickets.c.id), new)).all())
        rows = [each for each in new if each["id"] in added]
        events = {} if quiet else {each["id"]: _registered(each) for each in rows}
        if rows:
            history = [_first_entry(each, actors[each["id"]], events.get(each["id"])) for each in rows]
            await self._connection.execute(insert(ticket_history), history)
        if events:
            announced = [row(event) for event in events.values()]
            await self._connection.execute(insert(outbox), announced)
            ring_after_commit(self._connection, BELL)
        return added

    async def get(self, ticket_id: str) -> TicketRow:
        """Return a ticket as it stands, or raise `TicketNotFound`."""
        return self._found(ticket_id, await self._select(ticket_id, lock=False))

    async def lock(self, ticket_id: str, *, version: int | None = None) -> TicketRow:
        """
        Return a ticket and hold it until the transaction ends.

        Raises `TicketNotFound`, or `Stale` when `version` is not the present one.
        """
        ticket = self._found(ticket_id, await self._select(ticket_id, lock=True))
        if version is not None and version != ticket.version:
            raise Stale(
                f"The ticket is at version {ticket.version}, not {version}.",
                version=ticket.version,
            )
        return ticket

    async def advance(
        self,
        ticket: TicketRow,
        step: Step,
        event: type[Event],
        data: Schema,
        *,
        at: datetime,
        actor: str,
        note: str | None = None,
        **changes: object,
    ) -> AnyEvent:
        """
        Take a locked ticket one step on: row, history and event in one statement.

        Raises `IllegalTransition` when the lifecycle has no such step from here.
        """
        status = advance(Status(ticket.status), step)
        version = ticket.version + 1
        told: Any = event(ticket=ticket.id, time=at, version=version, data=data)
        ended = {"ended_at": at} if status in ENDED and ticket.ended_at is None else {}
        entry = {
            "ticket_id": ticket.id,
            "version": version,
            "step": str(step),
            "status": str(status),
            "at": at,
            "actor": actor,
            "note": note,
            "event_id": told.id,
        }
        announced = row(told, CONFIDENTIAL_TOPIC if ticket.confidential else TOPIC)
        changed = {"status": str(status), "version": version, **ended, **changes}
        values = {"ticket": ticket.id, **_for(tickets, changed), **_for(ticket_history, entry)}
        await self._connection.execute(_step(frozenset(changed)), {**values, **_for(outbox, announced)})
        ring_after_commit(self._connection, BELL)
        return told  # type: ignore[no-any-return]

    async def promise(self, ticket_id: str, due_at: datetime, because: str, *, provisional: bool) -> None:
        """Show the caller's deadline on the ticket; not a step of its life, so no new version."""
        promised = {"due_at": due_at, "due_because": because, "due_provisional": provisional}
        await self._connection.execute(
            _change(frozenset(promised)), {"ticket": ticket_id, **_for(tickets, promised)}
        )

    async def note(self, notes: Sequence[tuple[AnyEvent, Step, str]], *, actor: str) -> list[AnyEvent]:
        """
        Note events that leave the status as it is, and announce them.

        Takes each event with its step and a sentence; returns the events with
        the versions they got. Tickets are locked in one order by everybody.
        """
        if not notes:
            return []
        wanted = {event.ticket for event, _, _ in notes}
        query = select(tickets.c.id, tickets.c.version, tickets.c.status, tickets.c.confidential)
        locked = query.where(tickets.c.id.in_(wanted)).order_by(tickets.c.id).with_for_update(key_share=True)
        found = {row.id: row for row in await self._connection.execute(locked)}
        versions = {ticket_id: row.version for ticket_id, row in found.items()}
        told, history, announced = [], [], []
        for event, step, sentence in notes:
            versions[event.ticket] += 1
            numbered = event.model_copy(update={"version": versions[event.ticket]})
            ticket = found[event.ticket]
            told.append(numbered)
            history.append(
                {
                    "ticket_id": event.ticket,
                    "version": numbered.version,
                    "step": str(step),
                    "status": ticket.status,
                    "at": event.time,
                    "actor": actor,
                    "note": sentence,
                    "event_id": event.id,
                }
            )
            announced.append(row(numbered, CONFIDENTIAL_TOPIC if ticket.confidential else TOPIC))
        changed = update(tickets).where(tickets.c.id == bindparam("ticket")).values(version=bindparam("to"))
        counts = [{"ticket": each, "to": version} for each, version in versions.items()]
        await self._connection.execute(changed, counts)
        await self._connection.execute(insert(ticket_history), history)
        await self._connection.execute(insert(outbox), announced)
        ring_after_commit(self._connection, BELL)
        return told

    async def history(self, ticket_id: str) -> Sequence[TicketRow]:
        """Return every step of a ticket, oldest first."""
        query = select(ticket_history).where(ticket_history.c.ticket_id == ticket_id)
        return (await self._connection.execute(query.order_by(ticket_history.c.version))).all()

    async def _select(self, ticket_id: str, *, lock: bool) -> TicketRow | None:
        found = await self._connection.execute(_LOCK if lock else _READ, {"ticket": ticket_id})
        return found.one_or_none()

    @staticmethod
    def _found(ticket_id: str, ticket: TicketRow | None) -> TicketRow:
        if ticket is None:
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        return ticket


@cache
def _change(columns: frozenset[str]) -> Update:
    """Return the statement that sets these columns of a ticket: built once, as building costs most."""
    return update(tickets).where(tickets.c.id == bindparam("ticket")).values(_places(tickets, columns))


@cache
def _step(changed: frozenset[str]) -> Insert:
    """Return the one statement of a step: the ticket's row, its history and its event."""
    moved = _change(changed)
    entry = insert(ticket_history).values(_places(ticket_history, ticket_history.c.keys()))
    told = insert(outbox).values(_places(outbox, ANNOUNCED))
    return told.add_cte(moved.cte("moved"), entry.cte("entry"))


def _places(table: Table, names: Iterable[str]) -> dict[str, BindParameter[Any]]:
    return {each: bindparam(f"{table.name}_{each}", type_=table.c[each].type) for each in names}


def _for(table: Table, values: Mapping[str, object]) -> dict[str, object]:
    return {f"{table.name}_{name}": value for name, value in values.items()}


def matter_of(ticket: Any) -> Matter:
    """Return what routing and limits depend on, from a row of the tickets table."""
    return Matter(
        hotline=ticket.hotline,
        kind=ticket.kind,
        urgency=ticket.urgency,
        live=ticket.live,
        category=ticket.category,
        division=ticket.division,
        caller_type=ticket.caller["type"],
        accepted_at=ticket.accepted_at,
        historical=ticket.historical,
    )


def _registered(new: dict[str, Any]) -> TicketRegistered:
    matter = Matter(**{**new, "caller_type": new["caller"]["type"]})
    return TicketRegistered(ticket=new["id"], time=new["accepted_at"], version=new["version"], data=matter)


def _first_entry(new: dict[str, Any], actor: str, event: TicketRegistered | None) -> dict[str, object]:
    return {
        "ticket_id": new["id"],
        "version": new["version"],
        "step": str(Step.REGISTER),
        "status": new["status"],
        "at": new["accepted_at"],
        "actor": actor,
        "event_id": event and event.id,
    }
