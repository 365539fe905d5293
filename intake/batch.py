"""Face: many calls in one request, a line each; each line has its own outcome."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.admit import Admissibility, turn_away
from intake.domain.admissibility import Rules
from intake.domain.catalogue import Catalogue
from intake.domain.hotline import HOST
from intake.domain.normalize import normalize
from intake.entry import Arrival, Registered, call_row
from intake.receive import judged
from intake.register import register
from intake.store import CallStore, Reference
from schemas.errors import HotlineError, Invalid, TooLarge
from schemas.members import refuse_twice, unmarked
from schemas.problem import what_is_wrong
from schemas.ticket import Call
from services.authorization import principal_of
from services.commands import KEY, once_of
from services.http import Streamed, pointer, resources_of
from services.idempotency import Answer, Once, claim, keep
from services.resources import Resources
from services.turns import by_turns, one_ahead

LINES = "application/x-ndjson"
AT_ONCE = 500
BYTES_AT_ONCE = 4 * 1024 * 1024

Raw = tuple[int, bytes | None]
"""A numbered line; None for one that is longer than a call may be."""

routes = APIRouter(prefix="/v1", tags=["intake"])


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the batch: the call it holds, or why it holds none."""

    number: int
    raw: bytes | None
    arrival: Arrival | None = None
    refusal: HotlineError | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What every line of a batch is read by."""

    catalogue: Catalogue
    rules: Rules
    actor: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that are committed together; while the group before is registered, they are read."""

    lines: Sequence[Raw]
    reading: asyncio.Task[list[Line]]


@routes.post(
    "/tickets:batch",
    openapi_extra={
        "parameters": [KEY],
        "requestBody": {"required": True, "content": {LINES: {"schema": {"type": "string"}}}},
    },
    responses={200: {"description": "A result a line, in order.", "content": {LINES: {}}}},
)
async def register_batch(request: Request) -> Response:
    """
    Register many calls in the canonical form, one JSON object a line (NDJSON).

    Answers a line for each: `{"line", "status", "ticket"}`, or `{"line", "status", "code",
    "detail", "pointer"}` for one that is refused; the others are registered all the same.
    Lines are committed by hundreds as they arrive, and each hundred is answered when it is safe.
    After a broken connection send the same batch again with the same `Idempotency-Key`: what was
    done is answered as it was, and nothing is done twice; a line with a `source_number` is
    registered once even without a key.
    """
    resources, principal = resources_of(request), principal_of(request)
    key = once_of(request, principal, b"")
    known = Known(
        await resources.part(Reference).catalogue(),
        resources.part(Admissibility).rules,
        principal.actor,
        resources.clock.now(),
    )
    groups = _begun(_groups(_lines(request, resources.settings.max_body_bytes)), known)
    first = await anext(groups, None)
    # What fails here fails the whole request.
    answered = await _register(first, key, known, resources) if first else b""
    return Streamed(_results(answered, groups, key, known, resources), LINES)


async def _results(
    answered: bytes,
    groups: AsyncIterator[Group],
    key: Once | None,
    known: Known,
    resources: Resources,
) -> AsyncIterator[bytes]:
    """Yield what was answered, then a result for each line of each group; one that fails says so in each."""
    yield answered
    async with aclosing(one_ahead(groups)) as ahead:
        async for group in ahead:
            try:
                yield await _register(group, key, known, resources)
            except HotlineError as refusal:
                lines = (Line(number, raw, refusal=refusal) for number, raw in group.lines)
                yield b"".join(_shown(_refused(each)) for each in lines)


async def _begun(groups: AsyncIterator[list[Raw]], known: Known) -> AsyncIterator[Group]:
    """Yield groups whose reading has begun."""
    async for lines in groups:
        yield Group(lines, asyncio.create_task(by_turns(lambda each: _read(*each, known), lines)))


async def _groups(lines: AsyncIterator[Raw]) -> AsyncIterator[list[Raw]]:
    """Yield lines by those that are committed together: so many, or so many bytes."""
    group: list[Raw] = []
    size = 0
    async for number, raw in lines:
        group.append((number, raw))
        size += len(raw or b"")
        if len(group) == AT_ONCE or size >= BYTES_AT_ONCE:
            yield group
            group, size = [], 0
    if group:
        yield group


async def _lines(request: Request, longest: int) -> AsyncIterator[Raw]:
    """Yield numbered lines that hold something; None for one that is longer than a call may be."""
    rest, number, skipping = b"", 1, False
    async for chunk in request.stream():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if skipping or len(line) > longest:
                yield number, None
            elif line.strip():
                yield number, line
            number, skipping = number + 1, False
        if skipping or len(rest) > longest:
            rest, skipping = b"", True
    if skipping or rest.strip():
        yield number, None if skipping else rest


def _read(number: int, raw: bytes | None, known: Known) -> Line:
    if raw is None:
        return Line(number, raw, refusal=TooLarge("The line is larger than a call may be."))
    try:
        refuse_twice(raw)
        call = normalize(Call.model_validate_json(unmarked(raw)), known.catalogue, known.now)
    except HotlineError as refusal:
        return Line(number, raw, refusal=refusal)
    except ValidationError as faults:
        first = faults.errors(include_url=False)[0]
        where = pointer(("body", *first["loc"]))
        return Line(number, raw, refusal=Invalid(f"{where or 'line'}: {what_is_wrong(first)}", pointer=where))
    arrival = Arrival(call, raw, "application/json", known.actor)
    return Line(number, raw, judged(arrival, known.rules, by_agent=False))


async def _register(group: Group, key: Once | None, known: Known, resources: Resources) -> bytes:
    """Register a group of lines in one transaction, once for its key; return a result a line."""
    once = _of_group(key, group.lines)

    async def work(connection: AsyncConnection) -> bytes:
        if once is not None:
            done = (await claim(connection, [once], known.now)).get((once.caller, once.key))
            if isinstance(done, Answer):
                return done.body
            if done is not None:
                raise done
        results = await _register_all(await group.reading, known, connection, resources)
        if once is not None:
            await keep(connection, once, Answer(200, {}, results))
        return results

    try:
        return await resources.database.run(work)
    finally:
        group.reading.cancel()  # of what was answered before nothing need be read


def _of_group(key: Once | None, lines: Sequence[Raw]) -> Once | None:
    """Return what makes a group of lines the same as another: the request's key, its place and its bytes."""
    if key is None:
        return None
    digest = sha256(b"\n".join(raw or b"" for _, raw in lines)).digest()
    return Once(key.caller, f"{key.key}:{lines[0][0]}", digest)


async def _register_all(
    batch: Sequence[Line], known: Known, connection: AsyncConnection, resources: Resources
) -> bytes:
    judged_lines = [await _turned_away(line, connection, known.now) for line in batch]
    arrivals = [line.arrival for line in judged_lines if line.arrival]
    registered = iter(await register(connection, arrivals, resources))
    refused = [_kept(line, known) for line in batch if line.refusal and line.raw is not None]
    await CallStore(connection).keep(refused)
    results = [_done(line, next(registered)) if line.arrival else _refused(line) for line in judged_lines]
    return b"".join(map(_shown, results))


async def _turned_away(line: Line, connection: AsyncConnection, now: datetime) -> Line:
    """Return a line whose call is turned away as a refusal, the call kept with what is to be told."""
    arrival = line.arrival
    if arrival is None or arrival.admission is None or not arrival.admission.turned_away:
        return line
    refusal = await turn_away(connection, call_row(arrival, now), arrival.admission)
    return Line(line.number, line.raw, refusal=refusal)


def _shown(result: dict[str, Any]) -> bytes:
    return json.dumps(result, ensure_ascii=False).encode() + b"\n"


def _kept(line: Line, known: Known) -> dict[str, Any]:
    return {
        "hotline": HOST,
        "received_at": known.now,
        "actor": known.actor,
        "content_type": "application/json",
        "raw": line.raw,
        "fault": f"{line.refusal and line.refusal.code}: {line.refusal}".replace("\x00", "")[:1000],
    }


def _done(line: Line, result: Registered) -> dict[str, Any]:
    return {"line": line.number, "status": 200 if result.merged else 201, "ticket": result.ticket["id"]}


def _refused(line: Line) -> dict[str, Any]:
    assert line.refusal is not None
    told = {"line": line.number, "status": line.refusal.status, "code": line.refusal.code}
    return {**told, "detail": str(line.refusal), **line.refusal.facts}
