"""Reference data, raw calls and imports, within one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.defaults import rows
from intake.domain.catalogue import Catalogue, Division, Hotline
from intake.tables import categories, divisions, hotlines, import_rejects, imports, source_calls
from services.resources import Resources
from services.tables import NUMBER_BLOCK, ticket_numbers, tickets


async def seed(connection: AsyncConnection, _now: datetime) -> None:
    """Load the reference data that ships; what the city has already is left as it is."""
    shipped = [{key: row[key] for key in ("number", "name", "owner", "mode")} for row in rows("hotlines")]
    await connection.execute(upsert(hotlines).on_conflict_do_nothing(), shipped)
    await connection.execute(upsert(categories).on_conflict_do_nothing(), rows("categories"))
    await connection.execute(upsert(divisions).on_conflict_do_nothing(), rows("divisions"))


class Reference:
    """This process's snapshot of hotlines, categories and divisions, read at first use."""

    def __init__(self, resources: Resources) -> None:
        self._database = resources.database
        self._catalogue: Catalogue | None = None

    async def catalogue(self) -> Catalogue:
        """Return the snapshot."""
        if self._catalogue is None:
            async with self._database.transaction() as connection:
                self._catalogue = Catalogue.of(
                    [Hotline(*row) for row in await connection.execute(select(hotlines))],
                    {row.code: row.name for row in await connection.execute(select(categories))},
                    [Division(*row) for row in await connection.execute(select(divisions))],
                )
        return self._catalogue


class NumberBlock:
    """Ticket numbers drawn fifty at a time; what a process leaves unused is a gap, never a repeat."""

    def __init__(self, _resources: Resources) -> None:
        self._left: list[int] = []

    async def take(self, connection: AsyncConnection, count: int) -> list[int]:
        """Return that many numbers nobody else has."""
        while len(self._left) < count:
            start: int = (await connection.execute(select(ticket_numbers.next_value()))).scalar_one()
            self._left += range(start, start + NUMBER_BLOCK)
        taken, self._left = self._left[:count], self._left[count:]
        return taken


class CallStore:
    """Calls as they came."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(self, calls: Sequence[dict[str, Any]]) -> None:
        """Keep raw calls for good."""
        if calls:
            await self._connection.execute(insert(source_calls), calls)

    async def registered(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Row[Any]]:
        """Return the tickets already registered under these (hotline, source number) pairs."""
        if not pairs:
            return {}
        query = select(tickets).where(tuple_(tickets.c.hotline, tickets.c.source_number).in_(pairs))
        return {(row.hotline, row.source_number): row for row in await self._connection.execute(query)}


class ImportStore:
    """How far a file was read, so that a killed import goes on where it was."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self, digest: bytes, file: str, *, historical: bool, now: datetime) -> Row[Any]:
        """Return the import of this file and hold it: two at once would count twice."""
        fresh = {"digest": digest, "file": file, "historical": historical, "started_at": now}
        zero = dict.fromkeys(("read", "registered", "merged", "rejected"), 0)
        await self._connection.execute(upsert(imports).values(**fresh, **zero).on_conflict_do_nothing())
        query = select(imports).where(imports.c.digest == digest).with_for_update()
        return (await self._connection.execute(query)).one()

    async def count(self, digest: bytes, counts: dict[str, int], finished_at: datetime | None = None) -> None:
        """Note how far it is, in the transaction that did it."""
        changed = update(imports).where(imports.c.digest == digest)
        await self._connection.execute(changed.values(**counts, finished_at=finished_at))

    async def reject(self, rejects: Sequence[dict[str, Any]]) -> None:
        """Keep the records that became no call, with line and reason."""
        if rejects:
            await self._connection.execute(insert(import_rejects), rejects)

    async def rejects(self, digest: bytes) -> Sequence[Row[Any]]:
        """Return the rejected records of a file, in its order."""
        query = select(import_rejects).where(import_rejects.c.digest == digest)
        return (await self._connection.execute(query.order_by(import_rejects.c.line))).all()
