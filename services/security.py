"""API keys and the roles of those who call."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import Invalid, NotFound
from services.tables import api_keys

KEY_PREFIX = "hk_"


class CallerRole(StrEnum):
    """Who calls the API: an agent of the call centre, a department's system, a supervisor, an admin."""

    AGENT = "agent"
    DEPARTMENT = "department"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a key; `department` is set for departments only, `person` where it is one person's."""

    id: UUID
    name: str
    role: CallerRole
    department: str | None
    person: str | None = None
    post: str | None = None

    @property
    def actor(self) -> str:
        """The name this caller has in a ticket's history."""
        return f"{self.role}:{self.department or self.name}"


def hash_key(key: str, pepper: str) -> bytes:
    """Return what is stored of a key. Keys are 32 random bytes, so one SHA-256 is enough."""
    return hashlib.sha256(f"{pepper}{key}".encode()).digest()


class KeyStore:
    """API keys, within one transaction."""

    def __init__(self, connection: AsyncConnection, pepper: str) -> None:
        self._connection = connection
        self._pepper = pepper

    async def add(
        self,
        name: str,
        role: CallerRole,
        department: str | None,
        now: datetime,
        person: str | None = None,
        post: str | None = None,
    ) -> tuple[UUID, str]:
        """Make a key; return its id and the key itself, which is never stored nor shown again."""
        if (role is CallerRole.DEPARTMENT) != (department is not None):
            raise Invalid("A department's key, and only that, names its department.")
        key, key_id = KEY_PREFIX + secrets.token_urlsafe(32), uuid4()
        row = {"id": key_id, "name": name, "role": str(role), "department": department}
        row |= {"person": person, "post": post}
        digest = hash_key(key, self._pepper)
        await self._connection.execute(insert(api_keys).values(**row, hash=digest, created_at=now))
        return key_id, key

    async def holder(self, key: str) -> Principal | None:
        """Return who holds a key, or None when it was never issued or is revoked."""
        digest = hash_key(key, self._pepper)
        query = select(api_keys).where(api_keys.c.hash == digest, api_keys.c.revoked_at.is_(None))
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            return None
        return Principal(row.id, row.name, CallerRole(row.role), row.department, row.person, row.post)

    async def all(self) -> Sequence[Row[Any]]:
        """Return every key's id, name, role and dates, oldest first."""
        return (await self._connection.execute(select(api_keys).order_by(api_keys.c.created_at))).all()

    async def revoke(self, key_id: UUID, now: datetime) -> None:
        """End a key; processes that know it stop taking it within seconds."""
        ended = await self._connection.execute(
            update(api_keys)
            .where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        if ended.rowcount == 0:
            raise NotFound(f"There is no open key {key_id}.")
