"""The one door for a ticket's status: lock, advance, history and outbox in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import BindParameter, Insert, Row, Table, Update, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Schema
from schemas.errors import Stale, TicketNotFound
from schemas.events import AnyEvent, Event, Matter, TicketRegistered
from schemas.lifecycle import ENDED, Status, Step, advance
from services.acting import acting
from services.database import driver_of, ring_after_commit
from services.notes import Note, Standing, topic_of, write_down
from services.outbox import BELL, row
from services.tables import outbox, ticket_history, tickets

TicketRow = Row[Any]

ANNOUNCED = ("event_id", "topic", "key", "headers", "body")

_OF_MATTER = [name for name in Matter.model_fields if name not in ("caller_type", "places")]

_READ = select(tickets).where(tickets.c.id == bindparam("ticket"))
_LOCK = _READ.with_for_update(key_share=True)


def ticket_number(prefix: str, day: datetime, sequence: int) -> str:
    """
    Return a ticket number: prefix, day, sequence of at least six digits, two check digits.

    The check digits make the whole number (its digits) leave 1 when divided by
    97, so one wrong digit or two swapped neighbours are noticed on the phone.
    """
    digits = f"{day.year:04}{day.month:02}{day.day:02}{sequence:06}"
    return f"{prefix}{digits}{98 - int(digits + '00') % 97:02d}"


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be decided about, registered or not: the matter, what was said of it, and its point."""

    matter: Matter
    title: str
    text: str
    longitude: float | None = None
    latitude: float | None = None
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """A step not yet written: the event that tells of it, and what it changes."""

    told: AnyEvent
    columns: frozenset[str]
    values: dict[str, Any]


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
        written = registration([each for each in new if each["id"] in added], actors, quiet=quiet)
        for table in (ticket_history, outbox):
            if written[table]:
                await self._connection.execute(insert(table), written[table])
        if written[outbox]:
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
        check_version(ticket, version)
        return ticket

    async def hold(self, ticket_ids: Iterable[str]) -> None:
        """Lock tickets in the order of their numbers, as everybody does who locks several."""
        wanted = set(ticket_ids)
        if wanted:
            query = select(tickets.c.id).where(tickets.c.id.in_(wanted)).order_by(tickets.c.id)
            await self._connection.execute(query.with_for_update(key_share=True))

    async def lock_all(self, ticket_ids: Iterable[str]) -> Sequence[TicketRow]:
        """Lock tickets in the order of their numbers, and return them."""
        query = select(tickets).where(tickets.c.id.in_(set(ticket_ids))).order_by(tickets.c.id)
        return (await self._connection.execute(query.with_for_update(key_share=True))).all()

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
        before: str | None = None,
        **changes: object,
    ) -> AnyEvent:
        """
        Take a locked ticket one step on: row, history and event in one statement.

        `before` is where it stood before the step that this one takes back. Raises
        `IllegalTransition` when the lifecycle has no such step from here.
        """
        moved = self.moved(ticket, step, event, data, at=at, actor=actor, note=note, before=before, **changes)
        await self.write([moved])
        return moved.told

    def moved(
        self,
        ticket: TicketRow,
        step: Step,
        event: type[Event],
        data: Schema,
        *,
        at: datetime,
        actor: str,
        note: str | None = None,
        before: str | None = None,
        **changes: object,
    ) -> Moved:
        """Return what a step makes of a locked ticket, as `advance` would, for `write` to write."""
        status = advance(Status(ticket.status), step, before)
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
            **acting(self._connection, actor)._asdict(),
        }
        announced = row(told, topic_of(ticket.confidential))
        changed = {"status": str(status), "version": version, **ended, **changes}
        values = {"ticket": ticket.id, **_for(tickets, changed), **_for(ticket_history, entry)}
        return Moved(told, frozenset(changed), {**values, **_for(outbox, announced)})

    async def write(self, moves: Sequence[Moved]) -> None:
        """Write steps of different tickets, those that change the same columns in one go."""
        alike: dict[frozenset[str], list[dict[str, Any]]] = {}
        for each in moves:
            alike.setdefault(each.columns, []).append(each.values)
        for columns, values in alike.items():
            await self._connection.execute(_step(columns), values if len(values) > 1 else values[0])
            ring_after_commit(self._connection, BELL)

    async def advance_all(
        self,
        locked: Sequence[TicketRow],
        step: Step,
        event: type[Event],
        data: Schema,
        *,
        at: datetime,
        actor: str,
        note: str | None = None,
        **changes: object,
    ) -> None:
        """
        Take several locked tickets, which stand at one status, the same step on: three statements in all.

        Raises `IllegalTransition` when the lifecycle has no such step from there.
        """
        if not locked:
            return
        (status,) = {advance(Status(each.status), step) for each in locked}
        ended = {"ended_at": func.coalesce(tickets.c.ended_at, at)} if status in ENDED else {}
        changed = update(tickets).where(tickets.c.id.in_([each.id for each in locked]))
        await self._connection.execute(
            changed.values(status=str(status), version=tickets.c.version + 1, **ended, **changes)
        )
        told: list[Any] = [
            event(ticket=each.id, time=at, version=each.version + 1, data=data) for each in locked
        ]
        common = {"step": str(step), "status": str(status), "at": at, "actor": actor, "note": note}
        common |= acting(self._connection, actor)._asdict()
        history = [
            {"ticket_id": each.ticket, "version": each.version, "event_id": each.id, **common}
            for each in told
        ]
        await self._connection.execute(insert(ticket_history), history)
        announced = [
            row(each, topic_of(ticket.confidential)) for each, ticket in zip(told, locked, strict=True)
        ]
        await self._connection.execute(insert(outbox), announced)
        ring_after_commit(self._connection, BELL)

    async def promise(self, ticket_id: str, due_at: datetime, because: str, *, provisional: bool) -> None:
        """Show the caller's deadline on the ticket; not a step of its life, so no new version."""
        promised = {"due_at": due_at, "due_because": because, "due_provisional": provisional}
        await self._connection.execute(
            _change(frozenset(promised)), {"ticket": ticket_id, **_for(tickets, promised)}
        )

    async def promise_all(self, promises: Sequence[tuple[str, datetime, str, bool]]) -> None:
        """Show callers' deadlines: ticket, due, because, provisional; one statement for all of them."""
        if promises:
            driver = await driver_of(self._connection)
            await driver.execute(_PROMISES, *map(list, zip(*promises, strict=True)))

    async def note(
        self,
        notes: Sequence[tuple[AnyEvent, Step, str]],
        *,
        actor: str,
        changes: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
    ) -> list[AnyEvent]:
        """
        Note events that leave the status as it is, and announce them.

        Takes each event with its step and a sentence; returns the events with
        the versions they got. `changes` are what else becomes of a ticket, by its
        number. The tickets of one call are locked in the order of their numbers;
        whoever locks them one by one in another order may lose a deadlock to it
        (40P01), which passes: the work is done again.
        """
        if not notes:
            return []
        standing = await self.standing({event.ticket for event, _, _ in notes})
        written = [Note.of(*each) for each in notes]
        versions = await write_down(self._connection, written, standing, actor)
        for ticket_id, values in changes.items():
            to = {"ticket": ticket_id, **_for(tickets, values)}
            await self._connection.execute(_change(frozenset(values)), to)
        numbered = zip(notes, versions, strict=True)
        return [event.model_copy(update={"version": version}) for (event, _, _), version in numbered]

    async def standing(self, ticket_ids: Iterable[str]) -> dict[str, Standing]:
        """Lock tickets in the order of their numbers, and return where each stands."""
        columns = (tickets.c[each] for each in Standing._fields)
        query = select(tickets.c.id, *columns).where(tickets.c.id.in_(set(ticket_ids))).order_by(tickets.c.id)
        found = await self._connection.execute(query.with_for_update(key_share=True))
        return {row.id: Standing(*row[1:]) for row in found}

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


_PROMISES = (
    "UPDATE tickets SET due_at = said.due_at, due_because = said.because, due_provisional = said.provisional"
    " FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::bool[])"
    " AS said (id, due_at, because, provisional) WHERE tickets.id = said.id"
)


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


def check_version(ticket: TicketRow, version: int | None) -> None:
    """Raise `Stale` when a ticket is at another version than its reader knows."""
    if version is not None and version != ticket.version:
        raise Stale(f"The ticket is at version {ticket.version}, not {version}.", version=ticket.version)


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
        places=divisions_of(ticket.places),
        attributes=ticket.attributes,
        accepted_at=ticket.accepted_at,
        historical=ticket.historical,
        kept_by=ticket.kept_by,
        reopens=ticket.reopens,
        statutory_procedure=ticket.statutory_procedure,
    )


def case_of(ticket: Any) -> Case:
    """Return a ticket as what is to be decided about."""
    return Case(
        matter_of(ticket),
        ticket.title,
        ticket.text,
        ticket.longitude,
        ticket.latitude,
        confidential=ticket.confidential,
    )


def divisions_of(places: Mapping[str, Mapping[str, str | None]]) -> dict[str, str]:
    """Return the divisions of a ticket's other places, without their addresses."""
    return {basis: code for basis, place in places.items() if (code := place.get("division"))}


def registration(
    new: Sequence[dict[str, Any]], actors: Mapping[str, str], *, quiet: bool = False
) -> dict[Table, list[dict[str, Any]]]:
    """Return the rows that register tickets: each, its first history entry and, unless `quiet`, its event."""
    events = {} if quiet else {each["id"]: _registered(each) for each in new}
    return {
        tickets: list(new),
        ticket_history: [_first_entry(each, actors[each["id"]], events.get(each["id"])) for each in new],
        outbox: [row(events[each["id"]], topic_of(each["confidential"])) for each in new if events],
    }


def _registered(new: dict[str, Any]) -> TicketRegistered:
    matter = Matter(
        **{name: new[name] for name in _OF_MATTER},
        caller_type=new["caller"]["type"],
        places=divisions_of(new["places"]),
    )
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
