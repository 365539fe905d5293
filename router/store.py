"""Departments, the jurisdiction table, assignments and parked tickets, within one transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from router.defaults import SHIPPED_VERSION, rows
from router.domain.matching import JurisdictionRow, JurisdictionTable, Mode
from router.tables import assignments, departments, jurisdiction_versions, jurisdictions, parkings
from schemas.errors import Misconfigured, UnknownDepartment
from services.database import once_per_transaction
from services.resources import Resources
from services.tables import tickets


async def seed(connection: AsyncConnection, now: datetime) -> None:
    """Load the example that ships when the city has no table of its own yet."""
    await connection.execute(upsert(departments).on_conflict_do_nothing(), rows("departments"))
    if await connection.scalar(select(jurisdiction_versions.c.version).limit(1)) is not None:
        return
    await publish(connection, SHIPPED_VERSION, rows("jurisdictions"), "示例,待市里确认", now)


async def publish(
    connection: AsyncConnection, version: str, table: Sequence[dict[str, Any]], source: str, now: datetime
) -> None:
    """Make a version of the table the one in force."""
    await connection.execute(
        insert(jurisdiction_versions).values(version=version, published_at=now, source=source)
    )
    await connection.execute(insert(jurisdictions), [{**row, "version": version} for row in table])


class PublishedTable:
    """This process's copy of the table in force; read again when another version is published."""

    def __init__(self, _resources: Resources) -> None:
        self._table: JurisdictionTable | None = None

    async def current(self, connection: AsyncConnection) -> JurisdictionTable:
        """Return the version in force, whole."""
        return await once_per_transaction(connection, PublishedTable, lambda: self._read(connection))

    async def _read(self, connection: AsyncConnection) -> JurisdictionTable:
        latest = select(jurisdiction_versions.c.version).order_by(
            jurisdiction_versions.c.published_at.desc(), jurisdiction_versions.c.version.desc()
        )
        version = (await connection.execute(latest.limit(1))).scalar_one_or_none()
        if version is None:
            raise Misconfigured("No jurisdiction table is published: run `hotline migrate`.")
        if self._table is None or self._table.version != version:
            query = select(jurisdictions).where(jurisdictions.c.version == version)
            found = (await connection.execute(query)).all()
            self._table = JurisdictionTable.of(version, map(_row, found))
        return self._table


def _row(row: Row[Any]) -> JurisdictionRow:
    return JurisdictionRow(
        row.id,
        row.category,
        row.division,
        row.department,
        Mode(row.mode),
        row.legal_basis,
        row.valid_from,
        row.valid_to,
    )


class DepartmentStore:
    """The departments."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def in_force(self, code: str, day: date) -> Row[Any]:
        """Return a department in force on that day, or raise `UnknownDepartment`."""
        found = await once_per_transaction(
            self._connection, (DepartmentStore, code, day), lambda: self._find(code, day)
        )
        if found is None:
            raise UnknownDepartment(f"There is no department {code} in force.", pointer="/department")
        return found

    async def _find(self, code: str, day: date) -> Row[Any] | None:
        query = select(departments).where(
            departments.c.code == code,
            departments.c.valid_from <= day,
            or_(departments.c.valid_to.is_(None), departments.c.valid_to >= day),
        )
        return (await self._connection.execute(query)).one_or_none()

    async def all(self) -> Sequence[Row[Any]]:
        """Return every department, by code."""
        return (await self._connection.execute(select(departments).order_by(departments.c.code))).all()


class AssignmentStore:
    """Who had a ticket, and what waits for a person."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, row: dict[str, Any]) -> None:
        """Record an assignment; a ticket has at most one that is open."""
        await self._connection.execute(insert(assignments).values(row))

    async def end(self, ticket_id: str, at: datetime, because: str) -> None:
        """End the open assignment of a ticket."""
        await self._connection.execute(
            update(assignments)
            .where(assignments.c.ticket_id == ticket_id, assignments.c.ended_at.is_(None))
            .values(ended_at=at, ended_because=because)
        )

    async def returned_by(self, ticket_id: str) -> frozenset[str]:
        """Return the departments whose return of this ticket was granted."""
        query = select(assignments.c.department).where(
            assignments.c.ticket_id == ticket_id, assignments.c.ended_because == "returned"
        )
        return frozenset((await self._connection.scalars(query)).all())

    async def park(self, row: dict[str, Any]) -> None:
        """Put a ticket on the triage desk."""
        await self._connection.execute(insert(parkings).values(row))

    async def unpark(self, ticket_id: str, at: datetime) -> None:
        """Take a ticket off the triage desk."""
        await self._connection.execute(
            update(parkings)
            .where(parkings.c.ticket_id == ticket_id, parkings.c.ended_at.is_(None))
            .values(ended_at=at)
        )

    async def parked(self, after: tuple[datetime, str] | None, limit: int) -> Sequence[Row[Any]]:
        """Return what waits for a person, longest waiting first."""
        query = (
            select(parkings, tickets.c.title, tickets.c.category, tickets.c.division, tickets.c.urgency)
            .join(tickets)
            .where(parkings.c.ended_at.is_(None))
            .order_by(parkings.c.parked_at, parkings.c.ticket_id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(tuple_(parkings.c.parked_at, parkings.c.ticket_id) > after)
        return (await self._connection.execute(query)).all()
