"""Use case: import a file of calls; killed at any moment, it goes on where it was."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from intake.admit import Admissibility, refusal_of
from intake.domain.admissibility import Rules
from intake.domain.catalogue import Catalogue
from intake.domain.mapping import Mapping
from intake.domain.normalize import NormalizedCall, normalize_record
from intake.entry import Arrival
from intake.receive import judged
from intake.register import register
from intake.source_file import Line, digest, read_lines
from intake.store import ImportStore, Reference
from schemas.errors import HotlineError, Invalid
from services.resources import Resources

BATCH = 500
ACTOR = "import"
FIRST_DAY = date(2007, 1, 1)
"""The first day of the working calendar that ships: a clock cannot count from an earlier one."""


@dataclass(frozen=True)
class Counts:
    """What became of the records of a file; `read` is the sum of the others."""

    read: int = 0
    registered: int = 0
    merged: int = 0
    rejected: int = 0


@dataclass(frozen=True)
class Import:
    """A file, how it is read, and whether its calls are of the past."""

    file: Path
    mapping: Mapping
    historical: bool = False

    def digest(self) -> bytes:
        """Return the name this import is remembered by."""
        mark = self.mapping.model_dump_json().encode()
        return digest(self.file, mark, b"history" if self.historical else b"now")


async def import_calls(
    wanted: Import, resources: Resources, progress: Callable[[Counts], None] = lambda _: None
) -> tuple[Counts, bytes]:
    """
    Register every record of a file; return the counts and the import's digest.

    Tickets, rejects and how far it came are committed together, batch by
    batch. A file imported to its end before is only counted again, without
    `progress`. Two at once on one file share the work: each batch is taken by
    one of them.
    """
    name = wanted.digest()
    lines = enumerate(read_lines(wanted.file, wanted.mapping))
    counts = Counts()
    while True:
        catalogue = await resources.part(Reference).catalogue()
        async with resources.database.transaction() as connection:
            store = ImportStore(connection)
            now = resources.clock.now()
            known = await store.begin(name, wanted.file.name, historical=wanted.historical, now=now)
            counts = Counts(known.read, known.registered, known.merged, known.rejected)
            if known.finished_at is not None:
                return counts, name
            batch = _following(lines, counts.read)
            if batch:
                counts = await _take(batch, counts, wanted, name, catalogue, connection, resources)
            await store.count(name, asdict(counts), None if batch else now)
        progress(counts)


def _following(lines: Iterator[tuple[int, Line]], read: int) -> Sequence[Line]:
    fresh = (line for index, line in lines if index >= read)
    return list(islice(fresh, BATCH))


async def _take(
    batch: Sequence[Line],
    counts: Counts,
    wanted: Import,
    name: bytes,
    catalogue: Catalogue,
    connection: AsyncConnection,
    resources: Resources,
) -> Counts:
    now = resources.clock.now()
    rules = resources.part(Admissibility).rules
    arrivals, rejects = [], []
    for line in batch:
        try:
            arrivals.append(_arrival(line, wanted, catalogue, rules, now))
        except HotlineError as refusal:
            rejects.append(_reject(name, line, refusal.code, str(refusal)))
        except (ValueError, ArithmeticError) as fault:
            rejects.append(_reject(name, line, "unreadable", str(fault)))
    done = await register(connection, arrivals, resources) if arrivals else []
    await ImportStore(connection).reject(rejects)
    merged = sum(each.merged for each in done)
    return Counts(
        counts.read + len(batch),
        counts.registered + len(done) - merged,
        counts.merged + merged,
        counts.rejected + len(rejects),
    )


def _arrival(line: Line, wanted: Import, catalogue: Catalogue, rules: Rules, now: datetime) -> Arrival:
    """Return the call of a line; raises `HotlineError`, or `ValueError` for what is no text or no record."""
    if line.fault is not None:
        raise ValueError(line.fault)
    call = normalize_record(line.record, wanted.mapping, catalogue, wanted.historical, now)
    if wanted.historical:
        _check_time(call)
    raw = json.dumps(line.record, ensure_ascii=False).encode()
    arrival = judged(Arrival(call, raw, "application/json", ACTOR, wanted.historical), rules, by_agent=False)
    return _in_the_past(arrival) if wanted.historical else _taken(arrival)


def _taken(arrival: Arrival) -> Arrival:
    """Return a call of now; raises `NotAccepted` for one that is turned away: it is kept with the rejects."""
    if arrival.admission is not None and arrival.admission.turned_away:
        raise refusal_of(arrival.admission)
    return arrival


def _in_the_past(arrival: Arrival) -> Arrival:
    """Return a call of the past: what was registered then stays so, a report in confidence in its lane."""
    if arrival.admission is not None and arrival.admission.confidential:
        return arrival
    return replace(arrival, admission=None)


def _check_time(call: NormalizedCall) -> None:
    """Raise `Invalid` unless a call of the past says when it came: clocks count from no made-up time."""
    if call.accepted_at is None:
        said = [each.detail for each in call.problems if each.field == "accepted_at"]
        why = said[0] if said else "It does not say when the call was accepted."
        raise Invalid(f"/accepted_at: {why}", pointer="/accepted_at")
    if call.accepted_at.date() < FIRST_DAY:
        why = f"{call.accepted_at.date()} lies before {FIRST_DAY}, the first day of the working calendar."
        raise Invalid(f"/accepted_at: {why}", pointer="/accepted_at")


def _reject(name: bytes, line: Line, code: str, reason: str) -> dict[str, Any]:
    record = json.dumps(line.record, ensure_ascii=True)
    said = reason.replace("\x00", "").encode("utf-8", "backslashreplace").decode()
    return {"digest": name, "line": line.number, "code": code, "reason": said, "record": record}
