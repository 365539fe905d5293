"""Secrets, messages and commands of departments' systems, within one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import IdempotencyMismatch, NotFound
from schemas.hook_errors import TooManySecrets
from services.departments import check_known
from services.hooks.domain.sequence import Place
from services.hooks.domain.signature import Signed
from services.hooks.envelope import Order
from services.hooks.tables import commands, messages, secrets

MOST_SECRETS = 5
"""So many may sign for a department at a time: one for each of its systems, and one that is being rotated."""


class SecretStore:
    """What departments' systems sign with."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, row: Mapping[str, Any], now: datetime) -> None:
        """Keep a new secret; raises `UnknownDepartment` or `TooManySecrets`."""
        department = row["department"]
        await check_known(department, self._connection)
        # One at a time for a department, so that two cannot both be the last that fits.
        lock = func.pg_advisory_xact_lock(func.hashtext(f"hook_secrets:{department}"))
        await self._connection.execute(select(lock))
        if len(await self.valid(department, now)) >= MOST_SECRETS:
            raise TooManySecrets(f"A department has at most {MOST_SECRETS} secrets: end one first.")
        await self._connection.execute(insert(secrets).values(row))

    async def valid(self, department: str, now: datetime) -> Sequence[Row[Any]]:
        """Return what may sign for a department now, newest first."""
        query = select(secrets).where(secrets.c.department == department, _lasts(now))
        return (await self._connection.execute(query.order_by(secrets.c.created_at.desc()))).all()

    async def of(self, department: str) -> Sequence[Row[Any]]:
        """Return every secret a department has or had, oldest first."""
        query = select(secrets).where(secrets.c.department == department)
        return (await self._connection.execute(query.order_by(secrets.c.created_at))).all()

    async def secret(self, secret_id: UUID) -> str:
        """Return a secret as it is shown."""
        query = select(secrets.c.secret).where(secrets.c.id == secret_id)
        return str((await self._connection.execute(query)).scalar_one())

    async def end(self, department: str, secret_id: UUID, at: datetime, now: datetime) -> Row[Any]:
        """Let a secret sign no longer than until then; raises `NotFound` for one that signs no more."""
        ended = (
            update(secrets)
            .where(secrets.c.id == secret_id, secrets.c.department == department, _lasts(now))
            .values(ends_at=func.least(func.coalesce(secrets.c.ends_at, at), at))
            .returning(secrets)
        )
        row: Row[Any] | None = (await self._connection.execute(ended)).one_or_none()
        if row is None:
            raise NotFound("There is no such secret, or it has ended.")
        return row


class InboxStore:
    """What came with a good signature, and what became of it."""

    def __init__(self, connection: AsyncConnection, department: str) -> None:
        self._connection = connection
        self._department = department

    async def receive(self, message: Signed, secret_id: UUID, now: datetime) -> tuple[int, bytes] | None:
        """
        Keep a message as it came; return status and body of its answer when it has one already.

        Raises `IdempotencyMismatch` when another body came under its id.
        """
        row = {
            "department": self._department,
            "id": message.id,
            "secret_id": secret_id,
            "received_at": now,
            "body": message.body,
        }
        added = upsert(messages).values(row).on_conflict_do_nothing().returning(messages.c.id)
        if (await self._connection.execute(added)).one_or_none() is not None:
            return None
        query = select(messages).where(_is(messages, self._department, message.id))
        kept = (await self._connection.execute(query)).one()
        if kept.body != message.body:
            raise IdempotencyMismatch("Another body came under this webhook-id.")
        return None if kept.status is None else (kept.status, kept.answer)

    async def answered(self, message_id: str, status: int, answer: bytes) -> None:
        """Keep the answer a message was given, the first for good."""
        first = and_(_is(messages, self._department, message_id), messages.c.status.is_(None))
        await self._connection.execute(update(messages).where(first).values(status=status, answer=answer))

    async def claim(self, order: Order, message_id: str, now: datetime) -> bytes | None:
        """
        Claim a command for this transaction; return its answer when it has one already.

        One that another transaction holds is waited for. Raises `IdempotencyMismatch` when another
        command came under its id.
        """
        row = {
            "department": self._department,
            "id": order.id,
            "message_id": message_id,
            "digest": order.digest,
            "decided_at": now,
        }
        added = upsert(commands).values(row).on_conflict_do_nothing().returning(commands.c.id)
        if (await self._connection.execute(added)).one_or_none() is not None:
            return None
        query = select(commands).where(_is(commands, self._department, order.id))
        kept = (await self._connection.execute(query)).one()
        if kept.digest != order.digest:
            raise IdempotencyMismatch("Another command came under this id.")
        return bytes(kept.answer)

    async def decided(self, command_id: str, **what: Any) -> None:
        """Keep what became of a command that was claimed."""
        mine = _is(commands, self._department, command_id)
        await self._connection.execute(update(commands).where(mine).values(what))

    async def applied(self, ticket_id: str) -> tuple[Place, datetime | None]:
        """Return the furthest place of what was applied to a ticket, and when the last was applied here."""
        query = select(
            func.max(commands.c.occurred_at), func.max(commands.c.version), func.max(commands.c.decided_at)
        ).where(
            commands.c.department == self._department,
            commands.c.ticket_id == ticket_id,
            commands.c.outcome == "applied",
        )
        occurred_at, version, applied_at = (await self._connection.execute(query)).one()
        return Place(occurred_at, version), applied_at

    async def page(
        self, ticket_id: str | None, outcome: str | None, place: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Row[Any]]:
        """Return commands that were decided about, newest first, those after a place in that order."""
        query = select(commands).where(commands.c.department == self._department)
        if ticket_id is not None:
            query = query.where(commands.c.ticket_id == ticket_id)
        if outcome is not None:
            query = query.where(commands.c.outcome == outcome)
        if place is not None:
            query = query.where(tuple_(commands.c.decided_at, commands.c.id) < place)
        query = query.order_by(commands.c.decided_at.desc(), commands.c.id.desc()).limit(limit)
        return (await self._connection.execute(query)).all()


def _lasts(now: datetime) -> ColumnElement[bool]:
    return or_(secrets.c.ends_at.is_(None), secrets.c.ends_at > now)


def _is(table: Any, department: str, row_id: str) -> ColumnElement[bool]:
    return and_(table.c.department == department, table.c.id == row_id)
