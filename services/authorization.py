"""Checks each request's key against the table of routes, before any route runs."""

import asyncio
import time
from typing import Annotated

from fastapi import Depends, Request

from schemas.errors import BadApiKey, Forbidden
from services.access import PUBLIC, ROUTES
from services.resources import Resources
from services.security import KeyStore, Principal

REMEMBER_SECONDS = 5.0


class Keyring:
    """Keys this process has seen lately; a revoked key works for five seconds at most."""

    def __init__(self, resources: Resources) -> None:
        self._database = resources.database
        self._pepper = resources.settings.api_key_pepper.get_secret_value()
        self._seen: dict[str, tuple[Principal, float]] = {}
        self._asked: dict[str, asyncio.Task[Principal | None]] = {}

    async def holder(self, key: str) -> Principal | None:
        """Return who holds a key; of many who ask at the same moment one looks it up."""
        remembered = self._seen.get(key)
        if remembered and remembered[1] > time.monotonic():
            return remembered[0]
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._look_up(key))
        return await asyncio.shield(self._asked[key])

    async def _look_up(self, key: str) -> Principal | None:
        try:
            self._seen.pop(key, None)
            async with self._database.transaction() as connection:
                found = await KeyStore(connection, self._pepper).holder(key)
            if found:
                self._seen[key] = (found, time.monotonic() + REMEMBER_SECONDS)
            return found
        finally:
            del self._asked[key]


async def authorize(request: Request) -> None:
    """Let the request pass and note who calls; raises `BadApiKey` (401) or `Forbidden` (403)."""
    roles = ROUTES[request.method, request.scope["route"].path]
    if roles == PUBLIC:
        return
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise BadApiKey("Send your key as `Authorization: Bearer …`.")
    principal = await request.app.state.resources.part(Keyring).holder(key.strip())
    if principal is None:
        raise BadApiKey("This key was never issued, or is revoked.")
    if principal.role not in roles:
        raise Forbidden(f"A key of role {principal.role} may not do this.")
    request.state.principal = principal


def principal_of(request: Request) -> Principal:
    """Return who calls; only for routes that need a key."""
    return request.state.principal  # type: ignore[no-any-return]


async def _principal(request: Request) -> Principal:  # FastAPI runs plain functions in a thread
    return principal_of(request)


PrincipalDep = Annotated[Principal, Depends(_principal)]
