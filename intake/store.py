"""Reference data, raw calls and imports, within one transaction."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import Row, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.defaults import rows, shipped_lines
from intake.domain.catalogue import Catalogue, Division
from intake.hotline_store import PUBLISHED, HotlineStore, today
from intake.shipped import shipped_gazetteer
from intake.tables import categories, divisions, import_rejects, imports, source_calls
from services.database import DriverConnection
from services.resources import Resources
from services.tables import NUMBER_BLOCK, ticket_numbers, tickets
from services.wakeups import DEPARTMENTS

LOOK_EVERY = 60.0

_NEXT_NUMBERS = "SELECT nextval($1::text::regclass) AS start FROM generate_series(1, $2::integer)"


async def seed(connection: AsyncConnection, now: datetime) -> None:
    """Load the reference data that ships; what the city has already is left as it is."""
    await HotlineStore(connection).seed(shipped_lines(), now)
    await connection.execute(upsert(categories).on_conflict_do_nothing(), rows("categories"))
    await connection.execute(upsert(divisions).on_conflict_do_nothing(), rows("divisions"))


class Reference:
    """This process's snapshot of hotlines, categories, divisions and departments; read again on a change."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._database = resources.database
        self._changed = [resources.wakeups.bell(name) for name in (PUBLISHED, DEPARTMENTS)]
        self._catalogue: Catalogue | None = None
        self._version = 0
        self._look_again = 0.0

    async def catalogue(self) -> Catalogue:
        """Return the snapshot of today."""
        day = today(self._resources)
        if self._catalogue is None or self._catalogue.day != day or await self._is_old():
            async with self._database.transaction() as connection:
                store = HotlineStore(connection)
                self._version = await store.latest()
                known = tuple(Division(*row) for row in await connection.execute(select(divisions)))
                self._catalogue = Catalogue.of(
                    await store.lines(self._version),
                    {row.code: row.name for row in await connection.execute(select(categories))},
                    known,
                    day,
                    shipped_gazetteer(known),
                    await _departments(connection),
                )
        return self._catalogue

    async def _is_old(self) -> bool:
        """Say whether lines were published or a department is new; a bell that was lost costs a minute."""
        now = asyncio.get_running_loop().time()
        if now < self._look_again and not any(bell.is_set() for bell in self._changed):
            return False
        for bell in self._changed:
            bell.clear()
        async with self._database.transaction() as connection:
            latest = await HotlineStore(connection).latest()
            departments = await _departments(connection)
        self._look_again = now + LOOK_EVERY
        return (
            latest != self._version or self._catalogue is None or departments != self._catalogue.departments
        )


async def _departments(connection: AsyncConnection) -> frozenset[str]:
    """Return the codes of all departments; the table is the router's, so it is only read."""
    return frozenset(await connection.scalars(text("SELECT code FROM departments")))


class NumberBlock:
    """Ticket numbers drawn fifty at a time; what a process leaves unused is a gap, never a repeat."""

    def __init__(self, _resources: Resources) -> None:
        self._left: list[int] = []

    async def draw(self, connection: DriverConnection, count: int) -> list[int]:
        """Return that many numbers nobody else has, by one round trip at most unless others draw too."""
        while (lacking := count - len(self._left)) > 0:
            blocks = ceil(lacking / NUMBER_BLOCK)
            for row in await connection.fetch(_NEXT_NUMBERS, ticket_numbers.name, blocks):
                self._left += range(row["start"], row["start"] + NUMBER_BLOCK)
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def put_back(self, numbers: list[int]) -> None:
        """Take back numbers that were drawn, and for certain given to no ticket."""
        self._left = numbers + self._left


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

    async def find(self, digest: bytes) -> Row[Any] | None:
        """Return the import of this file as it stands, if it was begun."""
        query = select(imports).where(imports.c.digest == digest)
        return (await self._connection.execute(query)).one_or_none()

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
