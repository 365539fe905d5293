"""Faces: departments register where their events go, change its secret, and try it out."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Response
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Schema
from schemas.errors import Invalid
from schemas.webhook_errors import TooManyOldSecrets
from schemas.webhooks import Endpoint, NewEndpoint, Queued, RotateRequest, SampleRequest
from services.authorization import PrincipalDep
from services.commands import CommandsDep
from services.http import ResourcesDep
from services.resources import Resources
from services.security import Principal
from services.webhooks.announce import TYPES, USUAL, body
from services.webhooks.domain.circuit import is_open
from services.webhooks.domain.signing import MOST_OLD_SECRETS, SECRET_BYTES, after_rotation, show_secret
from services.webhooks.endpoint_store import BY_OWNER, CHANGED, EndpointStore
from services.webhooks.guard import check_url, hosts_of
from services.webhooks.replay import queued
from services.webhooks.samples import sample

KEPT_BACK = ("secret", "old_secrets", "circuit")

routes = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


@routes.post("/endpoints", status_code=201, response_model=Endpoint)
async def register_endpoint(
    new: NewEndpoint, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """Register an endpoint. The secret that signs is shown in this answer and never again."""
    department = mine(principal)
    if department not in (None, new.department):
        raise Invalid("A department registers endpoints of its own.", pointer="/department")
    _check_types(new.types or (), "/types")
    check_url(new.url, hosts_of(resources.settings.webhooks.allow_hosts))
    row = {
        **new.model_dump(mode="json"),
        "types": [] if new.post == "B" else new.types or list(USUAL),
        "id": uuid4(),
        "created_at": resources.clock.now(),
    }

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        await EndpointStore(connection).add({**row, "secret": _new_secret()})
        return Endpoint.model_validate(row), {}

    return await _with_secret(await commands.run(work, 201), resources)


@routes.post("/endpoints/{endpoint_id}/rotate", response_model=Endpoint)
async def rotate_secret(
    endpoint_id: UUID,
    asked: RotateRequest,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """
    Give an endpoint a new secret, shown in this answer and never again.

    Until the overlap ends every post is signed by both, so the receiver may change over in its time.
    Eight old secrets may sign at once; an overlap of 0 ends them all.
    """
    now = resources.clock.now()
    until_at = now + timedelta(hours=asked.overlap_hours)

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        store = EndpointStore(connection)
        row = await store.alive(endpoint_id, mine(principal), CHANGED)
        old = after_rotation(row.secret, row.old_secrets, now, until_at)
        _check_number(old)
        await store.rotate(endpoint_id, _new_secret(), old, now)
        return shown(await store.get(endpoint_id, None)), {}

    return await _with_secret(await commands.run(work), resources)


@routes.post("/endpoints/{endpoint_id}/test", status_code=202, response_model=Queued)
async def send_samples(
    endpoint_id: UUID,
    asked: SampleRequest,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """
    Send an example of an event, or of every type there is, whatever the endpoint wants.

    It is tried once, at once and before all that waits, also where nothing else is posted because
    too much has failed. How it went says `GET /v1/webhooks/deliveries/{id}`.
    """
    _check_types([asked.type] if asked.type else (), "/type")

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        store = EndpointStore(connection)
        row = await store.alive(endpoint_id, mine(principal))
        await store.let_try(endpoint_id)
        return await queued(connection, _samples(row, asked.type, resources)), {}

    return await commands.run(work, 202)


def _samples(endpoint: Row[Any], wanted: str | None, resources: Resources) -> list[dict[str, Any]]:
    now = resources.clock.now()
    events = [sample(each, endpoint.department, now) for each in ([wanted] if wanted else TYPES)]
    return [
        {
            "endpoint_id": endpoint.id,
            "event_id": event.id,
            "ticket_id": event.ticket,
            "type": event.type,
            "body": body(event, {"test": True}),
            "kind": "test",
            "created_at": now,
            "next_attempt_at": endpoint.created_at,  # earlier than anything that waits
        }
        for event in events
    ]


@routes.get("/endpoints")
async def list_endpoints(principal: PrincipalDep, resources: ResourcesDep) -> list[Endpoint]:
    """List endpoints and how they do; a department sees its own."""
    async with resources.database.transaction() as connection:
        rows = await EndpointStore(connection).of(mine(principal))
    return [shown(row) for row in rows]


@routes.delete("/endpoints/{endpoint_id}", status_code=204)
async def end_endpoint(endpoint_id: UUID, principal: PrincipalDep, resources: ResourcesDep) -> None:
    """End an endpoint; what it still waited for becomes a dead letter."""

    async def work(connection: AsyncConnection) -> None:
        store = EndpointStore(connection)
        await store.get(endpoint_id, mine(principal))
        await store.disable(endpoint_id, resources.clock.now(), BY_OWNER)

    await resources.database.run(work)


def shown(row: Row[Any]) -> Endpoint:
    """Return an endpoint as it is shown: without its secrets."""
    known = {name: row._mapping[name] for name in Endpoint.model_fields if name not in KEPT_BACK}
    return Endpoint.model_validate({**known, "circuit": "open" if is_open(row.failures) else "closed"})


async def _with_secret(answer: Response, resources: Resources) -> Response:
    """
    Add the secret to an answer, which is kept without it for the same Idempotency-Key.

    An answer that comes again after the next rotation shows none: its secret is an old one.
    """
    endpoint = Endpoint.model_validate_json(bytes(answer.body))
    async with resources.database.transaction() as connection:
        row = await EndpointStore(connection).get(endpoint.id, None)
    if row.rotated_at == endpoint.rotated_at:
        endpoint = endpoint.model_copy(update={"secret": row.secret})
    return Response(endpoint.model_dump_json(), answer.status_code, media_type=answer.media_type)


def _check_number(old: list[dict[str, str]]) -> None:
    if len(old) > MOST_OLD_SECRETS:
        first = min(each["until_at"] for each in old)
        raise TooManyOldSecrets(
            f"{MOST_OLD_SECRETS} old secrets still sign: wait, or end them by an overlap of 0.",
            first_ends_at=first,
        )


def _check_types(types: Any, pointer: str) -> None:
    if unknown := sorted(set(types) - set(TYPES)):
        raise Invalid(f"No such event type: {', '.join(unknown)}.", pointer=pointer)


def _new_secret() -> str:
    return show_secret(secrets.token_bytes(SECRET_BYTES))


def mine(principal: Principal) -> str | None:
    """Return the department a caller is held to, or None for those who see all."""
    return principal.department
