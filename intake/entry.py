"""What registering a call writes, in one statement: the ticket, the call as it came, what hangs on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table

from intake.admit import BY_LAW, Admission, promise_of
from intake.domain.linkage import Handover
from intake.domain.normalize import NormalizedCall
from intake.domain.repeats import matter_key
from intake.repeats import Earlier, follow_links
from intake.tables import attachments, source_calls, ticket_links
from schemas.admission import Outcome
from schemas.lifecycle import Status
from schemas.ticket import Call
from services.bulk import Check, Rows, insert_together
from services.database import DriverConnection
from services.resources import Resources
from services.tickets import registration, ticket_number

_OTHERWISE = ("kind", "urgency", "caller", "attachments", "places")
_AS_CALLED = [name for name in Call.model_fields if name not in _OTHERWISE]


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    A normalized call and how it came: its raw bytes are kept beside the ticket for good.

    `handover` when another platform brought it; `since` when it was first taken down, if not now;
    `earlier` the ticket that has ended and whose matter it comes back to.
    """

    call: NormalizedCall
    raw: bytes
    content_type: str
    actor: str
    historical: bool = False
    admission: Admission | None = None
    handover: Handover | None = None
    since: datetime | None = None
    earlier: Earlier | None = None

    @property
    def may_repeat(self) -> bool:
        """It may be about a ticket there is: no call of the past, no report in confidence, not ruled new."""
        return not self.historical and not (self.admission is not None and self.admission.is_new)

    @property
    def only_registered(self) -> bool:
        """Nothing but registering is to be done: no handover, no transfer, no ruling that names a ticket."""
        ruled = self.admission is not None and (self.admission.transferred or self.admission.attached_to)
        return self.handover is None and not ruled


@dataclass(frozen=True, slots=True)
class Registered:
    """
    The ticket a call became, or the earlier one it belongs to.

    `merged` when no ticket was made: its source number was known, or its caller asked
    again. `told` is what the agent reads to the caller.
    """

    ticket: dict[str, Any]
    merged: bool
    outcome: Outcome = Outcome.ACCEPT
    told: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What registering a call writes: the ticket's row, the call as it came, and what hangs on the ticket."""

    ticket: dict[str, Any]
    call: dict[str, Any]
    attachments: list[dict[str, Any]]
    registered: Registered


def entries(arrivals: Sequence[Arrival], numbers: Sequence[int], resources: Resources) -> list[Entry]:
    """Return what to write for each call, numbered in order."""
    now = resources.clock.now()
    return [_entry(each, number, now, resources) for each, number in zip(arrivals, numbers, strict=True)]


async def register_new(
    connection: DriverConnection,
    new: Sequence[Entry],
    also: Mapping[Table, Rows] | None = None,
    check: Check | None = None,
) -> bool:
    """
    Register calls none of which is known, with whatever else belongs to the same commit, in one statement.

    Return False, and write nothing, when a `check` does not hold, which that statement asks first.
    Raises the driver's `UniqueViolationError`, and writes nothing, when one of them is known after all.
    """
    actors = {each.ticket["id"]: each.call["actor"] for each in new}
    rows: dict[Table, Rows] = {}
    for ended in (False, True):
        part = [each.ticket for each in new if (each.ticket["ended_at"] is not None) is ended]
        for table, written in registration(part, actors, quiet=ended).items():
            rows[table] = [*rows.get(table, ()), *written]
    rows[source_calls] = [each.call for each in new]
    rows[attachments] = [row for each in new for row in each.attachments]
    rows[ticket_links] = [
        row for each in new for row in follow_links([each.ticket], each.call["received_at"])
    ]
    return await insert_together(connection, {**rows, **(also or {})}, check)


def evidence_of(call: NormalizedCall) -> dict[str, Any]:
    """Return why a call was read as it was, as it is kept beside the call."""
    return {
        "evidence": [each.record() for each in call.evidence],
        "problems": [each.record() for each in call.problems],
        "candidates": list(call.candidates),
        "landmark": call.landmark,
    }


def _entry(arrival: Arrival, number: int, now: datetime, resources: Resources) -> Entry:
    given, call, admission, earlier = arrival.call, arrival.call.call, arrival.admission, arrival.earlier
    accepted_at = (given.accepted_at if arrival.historical else None) or arrival.since or now
    ended = _ended(given.status) if arrival.historical else None
    day = accepted_at.astimezone(resources.settings.zone)
    ticket_id = ticket_number(resources.settings.number_prefix, day, number)
    ticket = {
        "id": ticket_id,
        **{name: getattr(call, name) for name in _AS_CALLED},
        "kind": str(call.kind),
        "urgency": str(call.urgency),
        "places": call.places.model_dump(exclude_none=True),
        "caller": call.caller.model_dump(mode="json"),
        "matter_key": matter_key(call, given.landmark),
        "kept_by": given.kept_by,
        "statutory_procedure": given.statutory_procedure,
        "reopens": earlier and earlier.reopens,
        "follows": call.follows or (earlier and earlier.follows),
        "status": str(ended or Status.REGISTERED),
        "version": 1,
        "accepted_at": accepted_at,
        "historical": arrival.historical,
        "confidential": admission is not None and admission.confidential,
        "ended_at": (given.ended_at or accepted_at) if ended else None,
    }
    outcome = admission.outcome if admission else Outcome.ACCEPT
    told = (admission.told if admission else None) or (earlier and earlier.told) or promise_of(call)
    if told is None and given.statutory_procedure:
        told = BY_LAW
    hanging = attachments_of(arrival, ticket_id, now)
    kept = {**call_row(arrival, now), "ticket_id": ticket_id, "told": told}
    return Entry(ticket, kept, hanging, Registered(ticket, merged=False, outcome=outcome, told=told))


def _ended(status: Status | None) -> Status | None:
    """Return how a matter of the past ended: what was closed then was shut for good long ago."""
    return Status.ARCHIVED if status == Status.CLOSED else status


def call_row(arrival: Arrival, now: datetime) -> dict[str, Any]:
    """Return the row of `source_calls` that keeps a call, yet without its ticket and what was told."""
    admission = arrival.admission
    grounds = admission.evidence if admission else {}
    return {
        "hotline": arrival.call.call.hotline,
        "received_at": now,
        "content_type": arrival.content_type,
        "raw": arrival.raw,
        "actor": arrival.actor,
        "outcome": str(admission.outcome if admission else Outcome.ACCEPT),
        "evidence": {**evidence_of(arrival.call), **grounds},
    }


def attachments_of(arrival: Arrival, ticket_id: str, now: datetime) -> list[dict[str, Any]]:
    """Return the rows of a call's files on a ticket; one file sent twice hangs there once."""
    files = {each.sha256: each for each in arrival.call.call.attachments}
    common = {"ticket_id": ticket_id, "added_at": now, "added_by": arrival.actor}
    return [{**each.model_dump(), **common} for each in files.values()]
