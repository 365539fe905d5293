"""Faces: every call as it was taken down, with what became of it; one call that brings several matters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Row, case, insert, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.admit import Admissibility, Admission, admit, advice_of, turn_away, withheld
from intake.counter import registration_of
from intake.domain.normalize import NormalizedCall, normalize
from intake.entry import Arrival, Registered, call_row
from intake.register import register
from intake.store import Reference
from intake.tables import refusals, source_calls, ticket_links
from intake.waiting import PREFER, waited
from schemas.admission import CallWithMatters, KeptCall, Outcome, Several, SplitRequest, TurnedAway
from schemas.base import Schema
from schemas.ticket import Call
from services.access import reads_secrets
from services.authorization import PrincipalDep, principal_of
from services.commands import CommandsDep, respond
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, read_numbered, write_cursor
from services.resources import Resources

JSON = "application/json"

routes = APIRouter(prefix="/v1", tags=["intake"])


@dataclass(frozen=True, slots=True)
class Part:
    """One matter of a call, and what becomes of it."""

    clean: NormalizedCall
    admission: Admission

    @property
    def taken_down(self) -> NormalizedCall:
        """The call as it is registered: in the confidential lane its caller is withheld."""
        return (
            replace(self.clean, call=withheld(self.clean.call)) if self.admission.confidential else self.clean
        )


@routes.post("/calls", status_code=201, response_model=Several, openapi_extra={"parameters": [PREFER]})
async def register_several(
    said: CallWithMatters, request: Request, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """
    Register one call that brings several matters: a ticket for each, linked, all or none of them.

    A matter that was registered before, by its source number, or that its
    caller asks about again, leads to its ticket. A matter 12345 surely must not
    take becomes none and says whom to turn to; one of the confidential lane is
    linked to nothing.
    """
    principal = principal_of(request)
    raw = await request.body()
    catalogue = await resources.part(Reference).catalogue()
    rules = resources.part(Admissibility).rules
    now = resources.clock.now()
    calls = [normalize(each, catalogue, now) for each in _calls(said)]
    parts = [Part(each, admit(each.call, rules)) for each in calls]

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        kept = kept_beside(parts, said, raw)
        done = await _register(parts, kept, principal.actor, connection, resources)
        shown = [registration_of(each, arrival, principal) for arrival, each in done]
        return Several(tickets=shown, turned_away=_turned_away(parts)), {}

    answer = await commands.answer(work, 201)
    return respond(await waited(answer, request.headers.get("prefer"), principal, resources))


@routes.get("/calls")
async def list_calls(
    principal: PrincipalDep,
    resources: ResourcesDep,
    outcome: Outcome | None = None,
    turned_away: Annotated[bool | None, Query(description="Only those no ticket came of.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[KeptCall]:
    """List calls as they were taken down, newest first: outcome, text told, ticket, or the fault."""
    query = select(source_calls, _REFUSAL, refusals.c.ticket_id.label("denied_ticket")).outerjoin(
        refusals, refusals.c.call_id == source_calls.c.id
    )
    if not reads_secrets(principal):
        query = query.where(_OPEN)
    if outcome is not None:
        query = query.where(source_calls.c.outcome == literal_column(f"'{outcome}'"))  # shows its index
    if turned_away is not None:
        nothing = source_calls.c.ticket_id.is_(None)
        query = query.where(nothing if turned_away else ~nothing)
    if (before := read_numbered(cursor)) is not None:
        query = query.where(source_calls.c.id < before)
    ordered = query.order_by(source_calls.c.id.desc()).limit(limit + 1)
    async with resources.database.transaction() as connection:
        rows, last = cut((await connection.execute(ordered)).all(), limit)
    return Page(
        items=[_kept(row) for row in rows],
        next=write_cursor(last.received_at, str(last.id)) if last else None,
    )


_OPEN = source_calls.c.outcome.is_distinct_from(str(Outcome.CONFIDENTIAL_LANE))
_REFUSAL = case(
    (refusals.c.id.is_(None), None),
    (refusals.c.decided_at.is_(None), "pending"),
    (refusals.c.granted, "granted"),
    else_="denied",
).label("refusal")


def kept_beside(parts: Sequence[Part], said: CallWithMatters | SplitRequest, raw: bytes) -> list[bytes]:
    """Return what is kept beside each part of what was said: beside an open one no confidential matter."""
    secret = [each.admission.confidential for each in parts]
    if not any(secret):
        return [raw] * len(parts)
    matters = [each for each, hidden in zip(said.matters, secret, strict=True) if not hidden]
    in_the_open = said.model_copy(update={"matters": matters}).model_dump_json(exclude_unset=True).encode()
    return [raw if hidden else in_the_open for hidden in secret]


async def _register(
    parts: Sequence[Part],
    kept: Sequence[bytes],
    actor: str,
    connection: AsyncConnection,
    resources: Resources,
) -> list[tuple[Arrival, Registered]]:
    """Register what is taken and link it, and keep what is turned away."""
    now = resources.clock.now()
    arrivals = [
        Arrival(each.taken_down, raw, JSON, actor, admission=each.admission)
        for each, raw in zip(parts, kept, strict=True)
    ]
    taken = [each for each, part in zip(arrivals, parts, strict=True) if not part.admission.turned_away]
    done = await register(connection, taken, resources) if taken else []
    if links := _together([each.ticket for each in done if not each.merged], now):
        await connection.execute(insert(ticket_links), links)
    for arrival, part in zip(arrivals, parts, strict=True):
        if part.admission.turned_away:
            await turn_away(connection, call_row(arrival, now), part.admission)
    return list(zip(taken, done, strict=True))


def _together(rows: Sequence[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Return the links of tickets of one call; nothing shows that it brought a confidential matter too."""
    first, *others = [row["id"] for row in rows if not row["confidential"]] or [None]
    return [{"ticket_id": each, "kind": "same_call", "other": first, "at": now} for each in others]


def _turned_away(parts: Sequence[Part]) -> list[TurnedAway]:
    return [
        TurnedAway(matter=place, **advice.model_dump())
        for place, part in enumerate(parts, start=1)
        if part.admission.turned_away and (advice := advice_of(part.admission.verdict)) is not None
    ]


def _calls(said: CallWithMatters) -> list[Call]:
    """Return a call for each matter."""
    common = {name: getattr(said, name) for name in type(said).model_fields if name != "matters"}
    number = common.pop("source_number")
    numbers = [number and f"{number}-{place}" for place in range(1, len(said.matters) + 1)]
    return [
        Call(**common, source_number=each, **matter.model_dump())
        for each, matter in zip(numbers, said.matters, strict=True)
    ]


def _kept(row: Row[Any]) -> KeptCall:
    return KeptCall(
        id=row.id,
        hotline=row.hotline,
        received_at=row.received_at,
        ticket=row.ticket_id or row.denied_ticket,
        outcome=row.outcome,
        told=row.told,
        fault=row.fault,
        actor=row.actor,
        refusal=row.refusal,
    )
