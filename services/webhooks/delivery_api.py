"""Faces: departments see how their deliveries went, attempt by attempt, and have them sent again."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import AskedInstant, Schema
from schemas.webhooks import Attempt, Delivery, LoggedDelivery, Queued, ReplayRequest, State
from services.authorization import PrincipalDep
from services.commands import CommandsDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, read_numbered, write_cursor
from services.webhooks.api import mine
from services.webhooks.delivery_log import DeliveryLog, Wanted
from services.webhooks.replay import replay

LARGEST_ID = 2**63 - 1

delivery_routes = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


@delivery_routes.get("/deliveries")
async def list_deliveries(
    principal: PrincipalDep,
    resources: ResourcesDep,
    endpoint: UUID | None = None,
    ticket: Annotated[str | None, Query(max_length=64, pattern=r"^[^\x00]*$")] = None,
    state: Annotated[State | None, Query(description="`dead` lists the dead letters.")] = None,
    since_at: AskedInstant | None = None,
    until_at: AskedInstant | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Delivery]:
    """List deliveries, newest first."""
    before = read_numbered(cursor)
    wanted = Wanted(mine(principal), endpoint, ticket, state, since_at, until_at, before)
    async with resources.database.transaction() as connection:
        rows, last = cut(await DeliveryLog(connection).page(wanted, limit + 1), limit)
    return Page(
        items=[Delivery.model_validate(_known(row)) for row in rows],
        next=write_cursor(last.created_at, str(last.id)) if last else None,
    )


@delivery_routes.get("/deliveries/{delivery_id}")
async def see_delivery(
    delivery_id: Annotated[int, Path(ge=1, le=LARGEST_ID)], principal: PrincipalDep, resources: ResourcesDep
) -> LoggedDelivery:
    """Show a delivery: what was sent, and each attempt with its answer, its fault and its time."""
    async with resources.database.transaction() as connection:
        row, log = await DeliveryLog(connection).one(delivery_id, mine(principal))
    tried = [
        Attempt.model_validate({name: each._mapping[name] for name in Attempt.model_fields}) for each in log
    ]
    return LoggedDelivery.model_validate({**_known(row), "body": json.loads(row.body), "log": tried})


@delivery_routes.post("/replays", status_code=202, response_model=Queued)
async def replay_deliveries(
    asked: ReplayRequest, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """
    Send deliveries again: by id, by ticket, or those of a time.

    Each is a new delivery that names its `origin`, with the same `webhook-id` and body, signed anew.
    """

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        return await replay(connection, asked, mine(principal), resources.clock.now()), {}

    return await commands.run(work, 202)


def _known(row: Row[Any]) -> dict[str, Any]:
    given = row._mapping
    other = {
        "ticket": row.ticket_id,
        "endpoint": row.endpoint_id,
        "origin": row.origin_id,
        "state": _state(row),
    }
    return {name: other[name] if name in other else given[name] for name in Delivery.model_fields}


def _state(row: Row[Any]) -> State:
    if row.delivered_at is not None:
        return "delivered"
    return "dead" if row.dead_at is not None else "waiting"
