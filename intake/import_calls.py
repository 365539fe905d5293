"""Use case: import a file of calls; killed at any moment, it goes on where it was."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Row

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
from services.turns import by_turns, one_ahead

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


@dataclass(frozen=True, slots=True)
class Record:
    """A record by its place in the file: the call it holds, or why it became none."""

    place: int
    arrival: Arrival | None = None
    reject: dict[str, Any] | None = None


async def import_calls(
    wanted: Import, resources: Resources, progress: Callable[[Counts], None] = lambda _: None
) -> tuple[Counts, bytes]:
    """
    Register every record of a file; return the counts and the import's digest.

    Tickets, rejects and how far it came are committed together, batch by
    batch, while the next is read. A file imported to its end before is only
    counted again, without `progress`. Two at once on one file share the work:
    each batch is taken by one of them.
    """
    name = wanted.digest()
    async with resources.database.transaction() as connection:
        begun = await ImportStore(connection).find(name)
    counts = _counts(begun) if begun else Counts()
    if begun and begun.finished_at:
        return counts, name
    records = _read(wanted, counts.read, name, resources)
    async with aclosing(one_ahead(records)) as batches:
        async for batch in batches:
            counts, ended_before = await _take(batch, wanted, name, resources)
            if ended_before:
                break
            progress(counts)
    return counts, name


async def _read(wanted: Import, done: int, name: bytes, resources: Resources) -> AsyncIterator[list[Record]]:
    """Yield the records after those that are done, by batches; at the end of the file an empty one."""
    lines = islice(enumerate(read_lines(wanted.file, wanted.mapping)), done, None)
    rules = resources.part(Admissibility).rules
    while True:
        catalogue, now = await resources.part(Reference).catalogue(), resources.clock.now()
        read = partial(_read_line, wanted=wanted, name=name, catalogue=catalogue, rules=rules, now=now)
        batch = await by_turns(read, islice(lines, BATCH))
        yield batch
        if not batch:
            return


def _read_line(
    numbered: tuple[int, Line], wanted: Import, name: bytes, catalogue: Catalogue, rules: Rules, now: datetime
) -> Record:
    place, line = numbered
    try:
        return Record(place, arrival=_arrival(line, wanted, catalogue, rules, now))
    except HotlineError as refusal:
        return Record(place, reject=_reject(name, line, refusal.code, str(refusal)))
    except (ValueError, ArithmeticError) as fault:
        return Record(place, reject=_reject(name, line, "unreadable", str(fault)))


async def _take(
    batch: Sequence[Record], wanted: Import, name: bytes, resources: Resources
) -> tuple[Counts, bool]:
    """Register what nobody else took of a batch; return the counts, and whether somebody ended it before."""
    async with resources.database.transaction() as connection:
        store = ImportStore(connection)
        now = resources.clock.now()
        known = await store.begin(name, wanted.file.name, historical=wanted.historical, now=now)
        counts = _counts(known)
        if known.finished_at is not None:
            return counts, True
        fresh = [each for each in batch if each.place >= counts.read]
        arrivals = [each.arrival for each in fresh if each.arrival]
        rejects = [each.reject for each in fresh if each.reject]
        done = await register(connection, arrivals, resources) if arrivals else []
        await store.reject(rejects)
        merged = sum(each.merged for each in done)
        counts = Counts(
            counts.read + len(fresh),
            counts.registered + len(done) - merged,
            counts.merged + merged,
            counts.rejected + len(rejects),
        )
        await store.count(name, asdict(counts), None if batch else now)
    return counts, False


def _counts(known: Row[Any]) -> Counts:
    return Counts(known.read, known.registered, known.merged, known.rejected)


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
