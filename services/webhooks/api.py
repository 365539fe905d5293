"""Faces: departments register where their events go, and see how it went."""

import secrets
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Instant, Schema, Text
from schemas.codes import DepartmentCode
from schemas.errors import Invalid
from services.authorization import PrincipalDep
from services.commands import CommandsDep
from services.http import ResourcesDep
from services.resources import Resources
from services.security import Principal
from services.webhooks.announce import TYPES, USUAL
from services.webhooks.domain.signing import SECRET_BYTES, show_secret
from services.webhooks.guard import check_url, hosts_of
from services.webhooks.store import DeliveryStore, EndpointStore

LONGEST_PAGE = 200
LARGEST_ID = 2**63 - 1

routes = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


class NewEndpoint(Schema):
    """An address that takes a department's events."""

    department: DepartmentCode
    url: Text = Field(max_length=2000, examples=["https://oa.example.gov.cn/hooks/12345"])
    types: list[str] = Field(list(USUAL), min_length=1)


class Endpoint(NewEndpoint):
    """A registered endpoint; `secret` is there in the first answer only."""

    id: UUID
    created_at: Instant
    disabled_at: Instant | None = None
    disabled_because: str | None = None
    secret: str | None = None


class Delivery(Schema):
    """One event for one endpoint, and how its last attempt went."""

    id: int
    ticket: str
    type: str
    event_id: UUID
    department: str
    url: str
    attempts: int
    delivered_at: Instant | None
    next_attempt_at: Instant | None
    dead_at: Instant | None
    last_status: int | None
    last_fault: str | None


@routes.post("/endpoints", status_code=201, response_model=Endpoint)
async def register_endpoint(
    new: NewEndpoint, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """Register an endpoint. The secret that signs is shown in this answer and never again."""
    department = mine(principal)
    if department not in (None, new.department):
        raise Invalid("A department registers endpoints of its own.", pointer="/department")
    unknown = sorted(set(new.types) - set(TYPES))
    if unknown:
        raise Invalid(f"No such event type: {', '.join(unknown)}.", pointer="/types")
    check_url(new.url, hosts_of(resources.settings.webhooks.allow_hosts))
    secret = show_secret(secrets.token_bytes(SECRET_BYTES))
    endpoint = Endpoint(**new.model_dump(), id=uuid4(), created_at=resources.clock.now())

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        await EndpointStore(connection).add({**endpoint.model_dump(exclude_none=True), "secret": secret})
        return endpoint, {}

    return await _with_secret(await commands.run(work, 201), resources)


async def _with_secret(answer: Response, resources: Resources) -> Response:
    """Add the secret to an answer, which is kept without it for the same Idempotency-Key."""
    endpoint = Endpoint.model_validate_json(bytes(answer.body))
    async with resources.database.transaction() as connection:
        secret = await EndpointStore(connection).secret(endpoint.id)
    shown = endpoint.model_copy(update={"secret": secret})
    return Response(shown.model_dump_json(), answer.status_code, media_type=answer.media_type)


@routes.get("/endpoints")
async def list_endpoints(principal: PrincipalDep, resources: ResourcesDep) -> list[Endpoint]:
    """List endpoints; a department sees its own."""
    async with resources.database.transaction() as connection:
        rows = await EndpointStore(connection).of(mine(principal))
    return [Endpoint.model_validate({**row._mapping, "secret": None}) for row in rows]


@routes.delete("/endpoints/{endpoint_id}", status_code=204)
async def end_endpoint(endpoint_id: UUID, principal: PrincipalDep, resources: ResourcesDep) -> None:
    """End an endpoint; what it still waited for becomes a dead letter."""
    async with resources.database.transaction() as connection:
        await EndpointStore(connection).disable(
            endpoint_id, resources.clock.now(), "ended by its owner", mine(principal)
        )


@routes.get("/deliveries")
async def list_deliveries(
    principal: PrincipalDep,
    resources: ResourcesDep,
    before: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = 50,
) -> list[Delivery]:
    """List deliveries, newest first; `before` takes the last id of the page before."""
    async with resources.database.transaction() as connection:
        rows = await DeliveryStore(connection).latest(mine(principal), before, limit)
    return [_shown(row) for row in rows]


def _shown(row: Any) -> Delivery:
    known = {name: row._mapping[name] for name in Delivery.model_fields if name != "ticket"}
    return Delivery(**known, ticket=row.ticket_id)


def mine(principal: Principal) -> str | None:
    """Return the department a caller is held to, or None for those who see all."""
    return principal.department
