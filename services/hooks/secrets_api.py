"""Faces: secrets departments' systems sign with: registered, rotated with an overlap, ended."""

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Response
from pydantic import Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Instant, Schema, Words
from schemas.errors import Invalid
from services.authorization import PrincipalDep
from services.commands import CommandsDep
from services.departments import check_own
from services.hooks.store import SecretStore
from services.http import ResourcesDep
from services.resources import Resources
from services.security import Principal
from services.webhooks.domain.signing import SECRET_BYTES, show_secret

routes = APIRouter(prefix="/v1/hooks/{department}/secrets", tags=["hooks"])

Code = Annotated[str, Path(max_length=41)]
Certificate = Annotated[
    Annotated[Words, StringConstraints(max_length=500)] | None,
    Field(description="The fingerprint or subject the client's certificate must have, as the proxy says it."),
]


class NewSecret(Schema):
    """A secret for one of a department's systems."""

    certificate: Certificate = None


class Rotation(NewSecret):
    """A secret in place of another, which signs for some hours more; 0 ends it at once."""

    overlap_hours: int = Field(24, ge=0, le=168)


class HookSecret(Schema):
    """A secret; `secret` itself is there in the first answer only."""

    id: UUID
    department: str
    certificate: str | None
    created_at: Instant
    created_by: str
    ends_at: Instant | None
    secret: str | None = None


@routes.post("", status_code=201, response_model=HookSecret)
async def register_secret(
    department: Code,
    new: NewSecret,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """Register a secret. It is shown in this answer and never again."""
    _check(department, new.certificate, principal, resources)

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        row = _row(department, new.certificate, principal, resources.clock.now())
        await SecretStore(connection).add(row, row["created_at"])
        return _shown(row), {}

    return await _with_secret(await commands.run(work, 201), resources)


@routes.post("/{secret_id}/rotate", status_code=201, response_model=HookSecret)
async def rotate_secret(
    department: Code,
    secret_id: UUID,
    said: Rotation,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """Put a new secret in the place of another; until the overlap is over both are valid."""
    _check(department, said.certificate, principal, resources)

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        store, now = SecretStore(connection), resources.clock.now()
        old = await store.end(department, secret_id, now + timedelta(hours=said.overlap_hours), now)
        row = _row(department, said.certificate or old.certificate, principal, now)
        await store.add(row, now)
        return _shown(row), {}

    return await _with_secret(await commands.run(work, 201), resources)


@routes.get("")
async def list_secrets(
    department: Code, principal: PrincipalDep, resources: ResourcesDep
) -> list[HookSecret]:
    """List the secrets a department has and had, oldest first."""
    check_own(department, principal)
    async with resources.database.transaction() as connection:
        rows = await SecretStore(connection).of(department)
    return [_shown(row._mapping) for row in rows]


@routes.delete("/{secret_id}", status_code=204)
async def end_secret(
    department: Code, secret_id: UUID, principal: PrincipalDep, resources: ResourcesDep
) -> None:
    """End a secret: what it signs from now on is refused."""
    check_own(department, principal)
    now = resources.clock.now()
    async with resources.database.transaction() as connection:
        await SecretStore(connection).end(department, secret_id, now, now)


def _check(department: str, certificate: str | None, principal: Principal, resources: Resources) -> None:
    check_own(department, principal)
    if certificate is not None and resources.settings.hooks.client_certificate_header is None:
        raise Invalid("This service is not told of clients' certificates.", pointer="/certificate")


def _row(department: str, certificate: str | None, principal: Principal, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "department": department,
        "secret": show_secret(secrets.token_bytes(SECRET_BYTES)),
        "certificate": certificate,
        "created_at": now,
        "created_by": principal.actor,
        "ends_at": None,
    }


def _shown(row: Any) -> HookSecret:
    return HookSecret(**{name: row[name] for name in HookSecret.model_fields if name != "secret"})


async def _with_secret(answer: Response, resources: Resources) -> Response:
    """Add the secret to an answer, which is kept without it for the same Idempotency-Key."""
    shown = HookSecret.model_validate_json(bytes(answer.body))
    async with resources.database.transaction() as connection:
        secret = await SecretStore(connection).secret(shown.id)
    body = shown.model_copy(update={"secret": secret}).model_dump_json()
    return Response(body, answer.status_code, media_type=answer.media_type)
