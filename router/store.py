"""Departments, assignments and parked tickets, within one transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from router.defaults import rows
from router.department_store import UnitStore
from router.domain.units import acting
from router.shipped import seed_table
from router.tables import assignments, departments, parkings
from schemas.errors import UnknownDepartment
from services.bulk import insert_together
from services.database import driver_of, once_per_transaction


async def seed(connection: AsyncConnection, now: datetime) -> None:
    """Load the example that ships when the city has no table of its own yet."""
    await connection.execute(upsert(departments).on_conflict_do_nothing(), rows("departments"))
    await seed_table(connection, now)


class DepartmentStore:
    """The departments."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def in_force(self, code: str, day: date, pointer: str = "/department") -> Row[Any]:
        """Return a department in force on that day, or raise `UnknownDepartment`."""
        found = await self._known(code, day)
        if found is None:
            raise UnknownDepartment(f"There is no department {code} in force.", pointer=pointer)
        return found

    async def _known(self, code: str, day: date) -> Row[Any] | None:
        asked = (DepartmentStore, code, day)
        return await once_per_transaction(self._connection, asked, lambda: self._find(code, day))

    async def _find(self, code: str, day: date) -> Row[Any] | None:
        query = select(departments).where(
            departments.c.code == code,
            departments.c.valid_from <= day,
            or_(departments.c.valid_to.is_(None), departments.c.valid_to >= day),
        )
        return (await self._connection.execute(query)).one_or_none()

    async def acting(self, code: str, day: date) -> Row[Any]:
        """Return a department in force on that day, or who has its matters since; or `UnknownDepartment`."""
        if await self._known(code, day) is None:
            units = await UnitStore(self._connection).units()
            code = found.code if (found := acting(code, units, day)) else code
        return await self.in_force(code, day)

    async def name(self, code: str) -> str:
        """Return what a department is called, in force or not; its code for one not known."""
        query = select(departments.c.name).where(departments.c.code == code)
        return (await self._connection.scalar(query)) or code


class AssignmentStore:
    """Who had a ticket, and what waits for a person."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Record assignments; a ticket has at most one that is open."""
        if rows:
            await insert_together(await driver_of(self._connection), {assignments: rows})

    async def end(self, ticket_id: str, at: datetime, because: str) -> None:
        """End the open assignment of a ticket."""
        await self._connection.execute(
            update(assignments)
            .where(assignments.c.ticket_id == ticket_id, assignments.c.ended_at.is_(None))
            .values(ended_at=at, ended_because=because)
        )

    async def end_one(self, assignment_id: UUID, at: datetime, because: str) -> None:
        """End this assignment, unless it has ended."""
        await self._connection.execute(
            update(assignments)
            .where(assignments.c.id == assignment_id, assignments.c.ended_at.is_(None))
            .values(ended_at=at, ended_because=because)
        )

    async def open(self, ticket_id: str) -> Row[Any]:
        """Return the open assignment of a ticket that has one."""
        query = select(assignments).where(
            assignments.c.ticket_id == ticket_id, assignments.c.ended_at.is_(None)
        )
        return (await self._connection.execute(query)).one()

    async def last(self, ticket_id: str) -> Row[Any] | None:
        """Return the assignment a ticket has or had last, if any."""
        query = select(assignments).where(assignments.c.ticket_id == ticket_id)
        newest = query.order_by(assignments.c.assigned_at.desc(), assignments.c.ended_at.desc()).limit(1)
        return (await self._connection.execute(newest)).one_or_none()

    async def redone(self, ticket_id: str) -> int:
        """Return how often a ticket was done again so far."""
        query = select(func.count()).where(
            assignments.c.ticket_id == ticket_id, assignments.c.binding == "redo"
        )
        return int(await self._connection.scalar(query) or 0)

    async def returned_by(self, ticket_id: str) -> frozenset[str]:
        """Return the departments whose return of this ticket was granted."""
        query = select(assignments.c.department).where(
            assignments.c.ticket_id == ticket_id, assignments.c.ended_because == "returned"
        )
        return frozenset((await self._connection.scalars(query)).all())

    async def park(self, row: dict[str, Any]) -> None:
        """Put a ticket on the triage desk."""
        await self._connection.execute(insert(parkings).values(row))

    async def park_otherwise(
        self, ticket_id: str, reason: str, because: str, candidates: Sequence[str], **failed: str | None
    ) -> None:
        """Give a parked ticket another reason, and the row that `failed`; since when it waits stays."""
        await self._connection.execute(
            update(parkings)
            .where(parkings.c.ticket_id == ticket_id, parkings.c.ended_at.is_(None))
            .values(reason=reason, because=because, candidates=candidates, **failed)
        )

    async def unpark(self, ticket_id: str, at: datetime) -> None:
        """Take a ticket off the triage desk."""
        await self._connection.execute(
            update(parkings)
            .where(parkings.c.ticket_id == ticket_id, parkings.c.ended_at.is_(None))
            .values(ended_at=at)
        )
