"""This process's copies of the jurisdiction table: each version whole, the one in force chosen by the day."""

import asyncio
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from router.domain.area import Area
from router.domain.matching import JurisdictionTable
from router.jurisdiction_store import JurisdictionStore
from schemas.errors import Misconfigured
from services.database import once_per_transaction
from services.resources import Resources

Key = tuple[str, datetime | None]
"""A version, and when the areas last changed."""

KEPT = 4
"""Versions held at once: the one in force, the next, and a few old decisions are explained by."""


@dataclass(frozen=True)
class Snapshot:
    """A version of the table with the special areas as they were when it was read; never changed."""

    table: JurisdictionTable
    areas: tuple[Area, ...]

    @property
    def names(self) -> Mapping[str, str]:
        """The names of the areas by code."""
        return {each.code: each.name for each in self.areas}


class PublishedTable:
    """
    The versions this process has read.

    Which one is in force is asked of the database in every transaction, so all
    processes change over at the same commit or the same midnight, without a
    restart; a decision takes one snapshot, whole, and keeps it.
    """

    def __init__(self, resources: Resources) -> None:
        self._zone = resources.settings.time_zone
        self._kept: dict[Key, Snapshot] = {}
        self._reading = asyncio.Lock()

    async def in_force(self, connection: AsyncConnection, day: date) -> Snapshot:
        """Return the version in force on a day, or raise `Misconfigured`."""
        what = (PublishedTable, day)
        return await once_per_transaction(connection, what, lambda: self._in_force(connection, day))

    async def when(self, connection: AsyncConnection, at: datetime, today: date) -> Snapshot:
        """Return the version by which was decided at a moment; before there was any, today's."""
        day = at.astimezone(ZoneInfo(self._zone)).date()
        key = await JurisdictionStore(connection).in_force(day, self._zone, at)
        return await (self.in_force(connection, today) if key is None else self._get(connection, key))

    async def _in_force(self, connection: AsyncConnection, day: date) -> Snapshot:
        key = await JurisdictionStore(connection).in_force(day, self._zone)
        if key is None:
            raise Misconfigured("No jurisdiction table is in force: run `hotline migrate`.")
        return await self._get(connection, key)

    async def _get(self, connection: AsyncConnection, key: Key) -> Snapshot:
        if (known := self._kept.pop(key, None)) is not None:
            self._kept[key] = known  # what was not asked for longest stands first, and goes first
            return known
        async with self._reading:  # many transactions meet a new version at once; one reads it
            if key not in self._kept:
                await self._read(connection, key)
            return self._kept[key]

    async def _read(self, connection: AsyncConnection, key: Key) -> None:
        store = JurisdictionStore(connection)
        with uncollected():
            rows, areas = await store.rows(key[0]), await store.areas()
            table = await asyncio.to_thread(JurisdictionTable.of, key[0], rows)
        while len(self._kept) >= KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = Snapshot(table, tuple(areas))


@contextmanager
def uncollected() -> Iterator[None]:
    """
    Let the garbage collector rest while a table is read.

    Of the hundred thousand objects that are made none is garbage: to look at them
    again and again took longer than to make them.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
