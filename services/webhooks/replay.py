"""Send again what is over: a new delivery of the same event, the old one and its log untouched."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import Invalid
from schemas.webhook_errors import DeliveryNotFound, DeliveryWaits
from schemas.webhooks import MOST_REPLAYED, Queued, ReplayRequest
from services.database import ring_after_commit
from services.tables import deliveries, endpoints
from services.webhooks.delivery_log import ended_so
from services.webhooks.endpoint_store import EndpointStore
from services.webhooks.standby import BELL

_COPIED = ("event_id", "ticket_id", "type", "body")


async def replay(
    connection: AsyncConnection, asked: ReplayRequest, department: str | None, now: datetime
) -> Queued:
    """
    Queue again what is asked for, in its old order, behind whatever waits already.

    Of a replay the original is repeated, and a range or a ticket is each event once. Where all goes to
    one endpoint it gets an event once, of however many endpoints it was. Raises `EndpointEnded` when
    what it is to be sent to has ended, `DeliveryWaits` and `DeliveryNotFound` for ids that cannot be
    replayed.
    """
    chosen = (await connection.execute(_chosen(asked, department))).all()
    if asked.ids is not None:
        _check_ids(asked.ids, chosen)
    if len(chosen) > MOST_REPLAYED:
        raise Invalid(f"These are more than {MOST_REPLAYED} deliveries: ask for a shorter range.")
    if asked.to is not None:
        chosen = _each_event_once(chosen)
    to = await _receivers(connection, asked, department, chosen)
    rows = [
        {
            **{name: row._mapping[name] for name in _COPIED},
            "endpoint_id": to[row.endpoint_id],
            "kind": "replay",
            "origin_id": row.origin_id if row.kind == "replay" else row.id,
            "created_at": now,
            "next_attempt_at": now,
        }
        for row in chosen
    ]
    return await queued(connection, rows)


async def queued(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> Queued:
    """Queue these deliveries in their order."""
    if not rows:
        return Queued(queued=0)
    statement = insert(deliveries).returning(deliveries.c.id, sort_by_parameter_order=True)
    ids = (await connection.scalars(statement, list(rows))).all()
    ring_after_commit(connection, BELL)
    return Queued(queued=len(ids), first=ids[0], last=ids[-1])


def _chosen(asked: ReplayRequest, department: str | None) -> Select[Any]:
    query = select(deliveries).join(endpoints).order_by(deliveries.c.id).limit(MOST_REPLAYED + 1)
    wanted: list[ColumnElement[bool]] = []
    if department is not None:
        wanted.append(endpoints.c.department == department)
    if asked.endpoint is not None:
        wanted.append(deliveries.c.endpoint_id == asked.endpoint)
    if asked.ids is not None:
        return query.where(deliveries.c.id.in_(asked.ids), *wanted)
    wanted.append(deliveries.c.kind.in_(("event", "standby")))
    wanted.append(ended_so(asked.state) if asked.state else or_(ended_so("dead"), ended_so("delivered")))
    if asked.ticket is not None:
        return query.where(deliveries.c.ticket_id == asked.ticket, *wanted)
    between = and_(deliveries.c.created_at >= asked.since_at, deliveries.c.created_at < asked.until_at)
    return query.where(between, *wanted)


def _each_event_once(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    first: dict[Any, Row[Any]] = {}
    for row in rows:
        first.setdefault(row.event_id, row)
    return list(first.values())


def _check_ids(ids: Sequence[int], chosen: Sequence[Row[Any]]) -> None:
    found = {row.id for row in chosen}
    if missing := [each for each in ids if each not in found]:
        raise DeliveryNotFound(f"There is no delivery {missing[0]}.", pointer="/ids")
    if waiting := [row.id for row in chosen if row.next_attempt_at is not None]:
        raise DeliveryWaits(f"Delivery {waiting[0]} is on its way already.", pointer="/ids")


async def _receivers(
    connection: AsyncConnection, asked: ReplayRequest, department: str | None, chosen: Sequence[Row[Any]]
) -> dict[Any, Any]:
    """Return where each endpoint's deliveries go: to one that is alive, and stays so until the commit."""
    store = EndpointStore(connection)
    first = {row.endpoint_id for row in chosen}
    to = {each: asked.to or each for each in first}
    alive = {each: await store.alive(each, department) for each in sorted(set(to.values()))}
    for each in sorted(first):
        of = (await store.get(each, department)).department
        if of != alive[to[each]].department:
            raise Invalid("A delivery is replayed to an endpoint of its own department.", pointer="/to")
    return to
