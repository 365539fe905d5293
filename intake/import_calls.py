"""Use case: import a file of calls; killed at any moment, it goes on where it was."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from intake.domain.mapping import Mapping
from intake.domain.normalize import normalize_record
from intake.register import Arrival, register
from intake.source_file import Line, digest, read_lines
from intake.store import ImportStore, Reference
from schemas.errors import HotlineError
from services.resources import Resources

BATCH = 500
ACTOR = "import"


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
    batch. A file imported to its end before is only counted again. Two at
    once on one file share the work: each batch is taken by one of them.
    """
    name = wanted.digest()
    lines = enumerate(read_lines(wanted.file, wanted.mapping))
    counts = Counts()
    while True:
        async with resources.database.transaction() as connection:
            store = ImportStore(connection)
            now = resources.clock.now()
            known = await store.begin(name, wanted.file.name, historical=wanted.historical, now=now)
            counts = Counts(known.read, known.registered, known.merged, known.rejected)
            if known.finished_at is not None:
                return counts, name
            batch = _following(lines, counts.read)
            if batch:
                counts = await _take(batch, counts, wanted, name, connection, resources)
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
    connection: AsyncConnection,
    resources: Resources,
) -> Counts:
    catalogue = await resources.part(Reference).catalogue()
    arrivals, rejects = [], []
    for line in batch:
        try:
            if line.fault is not None:
                raise ValueError(line.fault)
            call = normalize_record(line.record, wanted.mapping, catalogue, wanted.historical)
        except HotlineError as refusal:
            rejects.append(_reject(name, line, refusal.code, str(refusal)))
        except ValueError as fault:
            rejects.append(_reject(name, line, "unreadable", str(fault)))
        else:
            raw = json.dumps(line.record, ensure_ascii=False).encode()
            arrivals.append(Arrival(call, raw, "application/json", ACTOR, wanted.historical))
    done = await register(connection, arrivals, resources) if arrivals else []
    await ImportStore(connection).reject(rejects)
    merged = sum(each.merged for each in done)
    return Counts(
        counts.read + len(batch),
        counts.registered + len(done) - merged,
        counts.merged + merged,
        counts.rejected + len(rejects),
    )


def _reject(name: bytes, line: Line, code: str, reason: str) -> dict[str, Any]:
    record = json.dumps(line.record, ensure_ascii=True)
    return {"digest": name, "line": line.number, "code": code, "reason": reason, "record": record}
