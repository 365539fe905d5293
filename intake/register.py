"""Use case: register calls as tickets, each once, with its raw form, history and event in one commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from intake.domain.normalize import NormalizedCall
from intake.store import CallStore, NumberBlock
from schemas.lifecycle import Status
from services.resources import Resources
from services.tickets import TicketStore, ticket_number


@dataclass(frozen=True, slots=True)
class Arrival:
    """A normalized call and how it came: its raw bytes are kept beside the ticket for good."""

    call: NormalizedCall
    raw: bytes
    content_type: str
    actor: str
    historical: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """The ticket a call became; `merged` when it had been registered before."""

    ticket: dict[str, Any]
    merged: bool


async def register(
    connection: AsyncConnection, arrivals: Sequence[Arrival], resources: Resources
) -> list[Registered]:
    """
    Register calls in this transaction and return their tickets, in the same order.

    A call whose hotline and source number are known is attached to that ticket.
    Of a back file, tickets that had ended announce nothing.
    """
    now = resources.clock.now()
    numbers = await resources.part(NumberBlock).take(connection, len(arrivals))
    rows = [_row(each, number, now, resources) for each, number in zip(arrivals, numbers, strict=True)]
    actors = {row["id"]: each.actor for row, each in zip(rows, arrivals, strict=True)}
    store = TicketStore(connection)
    added = await store.add(_alone([row for row in rows if row["ended_at"] is None]), actors)
    added |= await store.add(_alone([row for row in rows if row["ended_at"]]), actors, quiet=True)
    known = await _known(connection, [row for row in rows if row["id"] not in added])
    done = [
        Registered(row, merged=False)
        if row["id"] in added
        else Registered(known[row["hotline"], row["source_number"]], merged=True)
        for row in rows
    ]
    await CallStore(connection).keep(
        [_raw(each, result, now) for each, result in zip(arrivals, done, strict=True)]
    )
    return done


def _row(arrival: Arrival, number: int, now: datetime, resources: Resources) -> dict[str, Any]:
    given, call = arrival.call, arrival.call.call
    accepted_at = (given.accepted_at if arrival.historical else None) or now
    ended = given.status if arrival.historical else None
    day = accepted_at.astimezone(ZoneInfo(resources.settings.time_zone))
    return {
        "id": ticket_number(resources.settings.number_prefix, day, number),
        **call.model_dump(mode="json", exclude={"caller"}),
        "caller": call.caller.model_dump(mode="json"),
        "status": str(ended or Status.REGISTERED),
        "version": 1,
        "accepted_at": accepted_at,
        "historical": arrival.historical,
        "ended_at": (given.ended_at or accepted_at) if ended else None,
    }


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


def _raw(arrival: Arrival, result: Registered, now: datetime) -> dict[str, Any]:
    return {
        "hotline": arrival.call.call.hotline,
        "ticket_id": result.ticket["id"],
        "received_at": now,
        "content_type": arrival.content_type,
        "raw": arrival.raw,
    }
