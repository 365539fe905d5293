"""Use case: register calls as tickets, each once; a caller who asks again is attached to their ticket."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import Any

from asyncpg import UniqueViolationError
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.admit import transfer
from intake.domain.repeats import marks
from intake.entry import Arrival, Entry, Registered, attachments_of, call_row, entries, register_new
from intake.linkage_store import record_handover
from intake.repeats import NOTHING, Look, Repeat, attach, follow_links, hold_callers, known_matters, was_sent
from intake.store import CallStore, NumberBlock
from intake.tables import attachments, ticket_links
from schemas.admission import Outcome
from schemas.errors import Conflict
from schemas.events import Remark, TicketNoted
from schemas.lifecycle import ENDED, FINISHED, Status, Step
from services.bulk import insert_together
from services.database import DriverConnection, driver_of, ring_after_commit
from services.outbox import BELL
from services.resources import Resources
from services.tickets import TicketStore


async def register(
    connection: AsyncConnection, arrivals: Sequence[Arrival], resources: Resources
) -> list[Registered]:
    """
    Register calls in this transaction and return their tickets, in the same order.

    A call whose hotline and source number are known is attached to that ticket, and so is
    one whose caller asks again. Of a back file, tickets that had ended announce nothing.
    """
    done: dict[int, Registered] = {}
    await hold_callers(connection, [each.call.call for each in arrivals if each.may_repeat])
    looks = await look(connection, arrivals, resources)
    await TicketStore(connection).hold(_targets(arrivals, looks))
    arrivals = tied(arrivals, looks)
    at_once, one_by_one = _sorted(arrivals, looks)
    results = await _register_at_once(connection, [arrivals[place] for place in at_once], resources)
    done.update(zip(at_once, results, strict=True))
    for place in one_by_one:
        done[place] = await _register_one(connection, arrivals[place], resources)
    return [done[place] for place in range(len(arrivals))]


async def look(
    connection: AsyncConnection | DriverConnection, arrivals: Sequence[Arrival], resources: Resources
) -> list[Look]:
    """Look for the ticket each call's caller asks about again; sure only while the callers are held."""
    asked = [each.call for each in arrivals if each.may_repeat]
    settings, now = resources.settings.repeats, resources.clock.now()
    found = iter(await known_matters(connection, asked, settings, now) if asked else ())
    return [next(found) if each.may_repeat else NOTHING for each in arrivals]


def tied(arrivals: Sequence[Arrival], looks: Sequence[Look]) -> list[Arrival]:
    """Return the calls with the earlier tickets they come back to."""
    return [
        replace(each, earlier=found.earlier) if found.earlier else each
        for each, found in zip(arrivals, looks, strict=True)
    ]


def _targets(arrivals: Sequence[Arrival], looks: Sequence[Look]) -> set[str]:
    """Return the tickets that calls are going to be attached to."""
    ruled = {each.admission.attached_to for each in arrivals if each.admission is not None}
    found = {each.repeat.ticket["id"] for each in looks if each.repeat is not None}
    return found | {each for each in ruled if each is not None}


def _sorted(arrivals: Sequence[Arrival], looks: Sequence[Look]) -> tuple[list[int], list[int]]:
    """
    Return the places of new matters, at most one of a caller, and of those to look at one by one.

    By their senders' numbers, so that two batches of the same calls meet them in one order.
    """
    at_once, one_by_one, callers = [], [], set[str]()
    for place, (each, found) in enumerate(zip(arrivals, looks, strict=True)):
        known = () if each.historical else marks(each.call.call)
        if found.repeat or not each.only_registered or not callers.isdisjoint(known):
            one_by_one.append(place)
        else:
            at_once.append(place)
        callers.update(known)
    return sorted(at_once, key=lambda place: _number(arrivals[place])), one_by_one


def _number(arrival: Arrival) -> tuple[str, str]:
    call = arrival.call.call
    return call.hotline, call.source_number or ""


async def _register_one(connection: AsyncConnection, arrival: Arrival, resources: Resources) -> Registered:
    """Register a call that may be more than a new matter, and record the handover that brought it."""
    now = resources.clock.now()
    done = await _done_with(connection, arrival, resources, now)
    if arrival.handover is not None:
        ticket_id, actor = done.ticket["id"], arrival.actor
        await record_handover(connection, ticket_id, "in", arrival.handover, at=now, actor=actor)
    return done


async def _done_with(
    connection: AsyncConnection, arrival: Arrival, resources: Resources, now: datetime
) -> Registered:
    """Urge the ticket the caller asks about, tell an earlier answer, or register the call and transfer it."""
    looked = await _look_again(connection, arrival, resources)
    if looked.repeat is not None and (found := await _attached(connection, looked.repeat, arrival, now)):
        return found
    (arrival,) = tied([arrival], [looked])
    (done,) = await _register_at_once(connection, [arrival], resources)
    admission = arrival.admission
    if admission is None or not admission.transferred or done.merged:
        return done
    at = resources.clock.now()  # after it was registered
    ticket = await transfer(connection, done.ticket["id"], admission, at=at, actor=arrival.actor)
    return replace(done, ticket=ticket._asdict())


async def _look_again(connection: AsyncConnection, arrival: Arrival, resources: Resources) -> Look:
    """Return what the agent's ruling attaches a call to, or else what it repeats or comes back to."""
    admission = arrival.admission
    if admission is not None and admission.attached_to:
        ticket = await TicketStore(connection).lock(admission.attached_to)
        if Status(ticket.status) in ENDED:
            raise Conflict(f"Ticket {ticket.id} has ended; nothing can be attached to it.")
        said = admission.ruling.reason if admission.ruling else ""
        return Look(Repeat(Outcome.DUPLICATE_OPEN, ticket._asdict(), admission.told or "", (said,)))
    (found,) = await look(connection, [arrival], resources)
    return found


async def _attached(
    connection: AsyncConnection, repeat: Repeat, arrival: Arrival, now: datetime
) -> Registered | None:
    """Attach a call to the ticket its caller asks about; None when that has ended meanwhile."""
    call = arrival.call.call
    done = Registered(dict(repeat.ticket), merged=True, outcome=repeat.outcome, told=repeat.told)
    sent = call.source_number and await was_sent(connection, repeat.ticket["id"], arrival.raw)
    if repeat.outcome is Outcome.DUPLICATE_OPEN and not sent:
        attached = await attach(connection, repeat, call, at=now, actor=arrival.actor)
        if attached is None:
            return None
        ticket, told = attached
        done = replace(done, ticket=ticket._asdict(), told=told)
    if not sent:
        await _hang(connection, repeat.ticket["id"], arrival, now)
    await CallStore(connection).keep([{**call_row(arrival, now), **repeat.columns(), "told": done.told}])
    return done


async def _hang(connection: AsyncConnection, ticket_id: str, arrival: Arrival, now: datetime) -> None:
    """Hang a call's files on the ticket it is attached to, each once, and keep whom it quotes."""
    files = attachments_of(arrival, ticket_id, now)
    links = follow_links([{"id": ticket_id, "follows": arrival.call.call.follows}], now)
    for table, rows in ((attachments, files), (ticket_links, links)):
        if rows:
            await connection.execute(upsert(table).on_conflict_do_nothing(), rows)


async def _register_at_once(
    connection: AsyncConnection, arrivals: Sequence[Arrival], resources: Resources
) -> list[Registered]:
    if not arrivals:
        return []
    driver = await driver_of(connection)
    numbers = await resources.part(NumberBlock).draw(driver, len(arrivals))
    new = entries(arrivals, numbers, resources)
    try:
        async with connection.begin_nested():
            await register_new(driver, new)
    except UniqueViolationError:
        return await _register_or_find(connection, new)
    ring_after_commit(connection, BELL)
    return [each.registered for each in new]


async def _register_or_find(connection: AsyncConnection, new: Sequence[Entry]) -> list[Registered]:
    """Register calls of which some are known by their source number; those are kept beside their ticket."""
    rows = [each.ticket for each in new]
    actors = {each.ticket["id"]: each.call["actor"] for each in new}
    store = TicketStore(connection)
    added = await store.add(_alone([row for row in rows if row["ended_at"] is None]), actors)
    added |= await store.add(_alone([row for row in rows if row["ended_at"]]), actors, quiet=True)
    known = await _known(connection, [row for row in rows if row["id"] not in added])
    done = [
        each.registered
        if each.ticket["id"] in added
        else Registered(known[each.ticket["hotline"], each.ticket["source_number"]], merged=True)
        for each in new
    ]
    noted = await _note_changes(connection, zip(new, done, strict=True))
    done = [replace(each, ticket=noted.get(each.ticket["id"], each.ticket)) for each in done]
    await CallStore(connection).keep(
        [{**each.call, "ticket_id": result.ticket["id"]} for each, result in zip(new, done, strict=True)]
    )
    fresh = [each for each in new if each.ticket["id"] in added]
    hanging = {
        attachments: [row for each in fresh for row in each.attachments],
        ticket_links: [
            row for each in fresh for row in follow_links([each.ticket], each.call["received_at"])
        ],
    }
    if any(hanging.values()):
        await insert_together(await driver_of(connection), hanging)
    return done


async def _note_changes(
    connection: AsyncConnection, known: Iterable[tuple[Entry, Registered]]
) -> dict[str, Any]:
    """Note what a sender says otherwise under a known number; return the tickets as they then are, by id."""
    changed = sorted(
        (
            (done.ticket["id"], each)
            for each, done in known
            if done.merged and not each.ticket["historical"] and each.ticket["text"] != done.ticket["text"]
        ),
        key=itemgetter(0),
    )
    store, noted = TicketStore(connection), {}
    await store.hold(ticket_id for ticket_id, _ in changed)
    for ticket_id, each in changed:
        ticket = await store.get(ticket_id)
        if Status(ticket.status) in FINISHED or await was_sent(connection, ticket_id, each.call["raw"]):
            continue
        said = f"来源单位以同一编号重新报送,内容有变:{each.ticket['text']}"
        told = Remark(note=said, department=ticket.department)
        at, actor = each.call["received_at"], each.call["actor"]
        await store.advance(ticket, Step.NOTE, TicketNoted, told, at=at, actor=actor, note=said)
        noted[ticket_id] = (await store.get(ticket_id))._asdict()
    return noted


def _alone(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Drop what a batch brings twice: one statement cannot meet the same source number twice."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for row in rows:
        source = (row["hotline"], row["source_number"])
        if row["source_number"] is None or source not in seen:
            seen.add(source)
            kept.append(row)
    return kept


async def _known(
    connection: AsyncConnection, rows: list[dict[str, Any]]
) -> dict[tuple[str, str], dict[str, Any]]:
    pairs = [(row["hotline"], row["source_number"]) for row in rows]
    found = await CallStore(connection).registered(pairs)
    return {pair: dict(row._mapping) for pair, row in found.items()}
