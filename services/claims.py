"""Who works on a ticket at the desk just now: a lease that ends by itself, held by the holder of one key."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import HeldByAnother
from services.security import Principal
from services.tables import ticket_claims as claims


class ClaimStore:
    """Claims on tickets, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def take(
        self, ticket_id: str, principal: Principal, now: datetime, until: datetime, *, over: bool = False
    ) -> Row[Any]:
        """
        Claim a ticket, or go on with a claim of one's own; of two at once the second waits and is refused.

        Raises `HeldByAnother` when somebody else has it; `over` takes it from them.
        """
        new = {"held_by": principal.id, "held_as": principal.actor, "held_until": until}
        free = or_(claims.c.held_by == principal.id, claims.c.held_until <= now)
        statement = (
            upsert(claims)
            .values(ticket_id=ticket_id, **new)
            .on_conflict_do_update(
                index_elements=[claims.c.ticket_id], set_=new, where=None if over else free
            )
            .returning(claims)
        )
        taken: Row[Any] | None = (await self._connection.execute(statement)).one_or_none()
        if taken is None:
            await self.refuse_held(ticket_id, principal, now)
            raise HeldByAnother(f"Somebody else works on ticket {ticket_id}.")
        return taken

    async def release(self, ticket_id: str, principal: Principal) -> None:
        """End a claim of one's own; nothing happens without one."""
        mine = (claims.c.ticket_id == ticket_id, claims.c.held_by == principal.id)
        await self._connection.execute(delete(claims).where(*mine))

    async def refuse_held(self, ticket_id: str, principal: Principal, now: datetime) -> None:
        """Raise `HeldByAnother`, with who and until when, while somebody else has the ticket."""
        query = select(claims).where(
            claims.c.ticket_id == ticket_id, claims.c.held_by != principal.id, claims.c.held_until > now
        )
        if (other := (await self._connection.execute(query)).one_or_none()) is not None:
            until = other.held_until.isoformat()
            raise HeldByAnother(
                f"{other.held_as} works on ticket {ticket_id} until {until}.",
                held_by=other.held_as,
                held_until=until,
            )
