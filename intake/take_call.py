"""Use case and face: take a call in its hotline's own form, whatever format and encoding it comes in."""

from collections.abc import Mapping as Record
from typing import Any

from fastapi import APIRouter, Request, Response

from intake.domain.catalogue import Catalogue
from intake.domain.hotline import Hotline
from intake.domain.linkage import Handover, handed_over
from intake.domain.mapping import Mapping, record_of
from intake.domain.normalize import NormalizedCall, normalize_record
from intake.domain.wire.body import read_body
from intake.domain.wire.media import MEDIA_TYPES
from intake.entry import Arrival
from intake.mappings import Mappings
from intake.receive import receive
from intake.store import CallStore, Reference
from intake.waiting import PREFER, waited
from schemas.admission import Registration
from schemas.errors import HotlineError
from services.authorization import principal_of
from services.commands import KEY, once_of, respond
from services.http import resources_of
from services.resources import Resources

UNTYPED = "application/octet-stream"

_BODIES: dict[str, Any] = {media_type: {"schema": {}} for media_type in sorted(MEDIA_TYPES)}
WIRE_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": _BODIES}}

routes = APIRouter(prefix="/v1", tags=["intake"])


@routes.post(
    "/calls/{hotline}",
    status_code=201,
    response_model=Registration,
    openapi_extra={**WIRE_BODY, "parameters": [KEY, PREFER]},
)
async def take_call(hotline: str, request: Request) -> Response:
    """
    Register a call in a hotline's own form, by the city's mapping or the one that ships.

    JSON, XML, form fields or one row of CSV, in UTF-8, UTF-16 or GB18030. What
    cannot be understood is refused with a pointer, and kept as it came.
    """
    resources, principal = resources_of(request), principal_of(request)
    raw = await request.body()
    once = once_of(request, principal, raw)
    header = request.headers.get("content-type")
    try:
        call, handover = await _understood(hotline, raw, header, resources)
    except HotlineError as refusal:
        await keep_refused(hotline, raw, header, refusal, principal.actor, resources)
        raise
    arrival = Arrival(call, raw, kept_type(header), principal.actor, handover=handover)
    answer = await receive(arrival, principal, once, resources, by_agent=False)
    return respond(await waited(answer, request.headers.get("prefer"), principal, resources))


async def keep_refused(
    hotline: str, raw: bytes, header: str | None, refusal: HotlineError, actor: str, resources: Resources
) -> None:
    """Keep a call that became no ticket: its bytes as they came, and why."""
    call = {
        "hotline": _storable(hotline, 20),
        "received_at": resources.clock.now(),
        "content_type": kept_type(header),
        "raw": raw,
        "fault": _storable(f"{refusal.code}: {refusal}", 1000),
        "actor": actor,
        "told": refusal.facts.get("told"),
    }
    async with resources.database.transaction() as connection:
        await CallStore(connection).keep([call])


async def _understood(
    hotline: str, raw: bytes, header: str | None, resources: Resources
) -> tuple[NormalizedCall, Handover | None]:
    """Return a call, and the handover by which another platform brought it, if one did."""
    catalogue = await resources.part(Reference).catalogue()
    line = catalogue.line(hotline)
    mappings = resources.part(Mappings)
    linked = None if line.accepted else mappings.find(hotline)
    if linked is not None and linked.linkage is not None:
        return _handed_over(line, _record_in(raw, header, linked), linked, catalogue, resources)
    mapping = mappings.of(hotline, catalogue.hotline(hotline).number)
    record = _record_in(raw, header, mapping)
    now = resources.clock.now()
    return normalize_record(record, mapping, catalogue, now=now, dialled=hotline), None


def _handed_over(
    line: Hotline, record: Record[str, Any], mapping: Mapping, catalogue: Catalogue, resources: Resources
) -> tuple[NormalizedCall, Handover]:
    told = handed_over(record, mapping, line)
    admitting, now = catalogue.admitting(line.number), resources.clock.now()
    call = normalize_record(record, mapping, admitting, now=now, dialled=line.number)
    return call, Handover(line.number, call.call.source_number, told)


def _record_in(raw: bytes, header: str | None, mapping: Mapping) -> dict[str, Any]:
    return record_of(read_body(raw, header, mapping.usual_wire, mapping.usual_encoding), mapping)


def kept_type(header: str | None) -> str:
    """Return the media type as it is kept beside what came."""
    return _storable(header or UNTYPED, 200)


def _storable(text: str, length: int) -> str:
    return text.replace("\x00", "")[:length].encode("utf-8", "replace").decode()
