"""Rows of the jurisdiction table by version, published versions and special areas, within one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Row, cast, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from router.domain.area import Area
from router.domain.row import JurisdictionRow, Mode
from router.jurisdiction_tables import jurisdiction_areas, jurisdiction_versions, jurisdictions
from schemas.errors import UnknownVersion
from schemas.places import Basis

_LOCK = 0x12345_5A01

_ROW = [jurisdictions.c[each.name] for each in fields(JurisdictionRow)]


class JurisdictionStore:
    """The table's versions; one that is published is never changed."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def hold(self) -> None:
        """Let nobody else publish until this transaction ends."""
        await self._connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    async def rows(self, version: str) -> list[JurisdictionRow]:
        """Return the rows of a version or a draft, by id."""
        query = select(*_ROW).where(jurisdictions.c.version == version).order_by(jurisdictions.c.id)
        return [row_of(each) for each in await self._connection.execute(query)]

    async def put_rows(self, version: str, rows: Iterable[JurisdictionRow]) -> None:
        """Give a draft these rows instead of those it has."""
        await self._connection.execute(delete(jurisdictions).where(jurisdictions.c.version == version))
        await self.add_rows(version, [values_of(each) for each in rows])

    async def add_rows(self, version: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows to a version; columns that are left out are empty."""
        if rows:
            await self._connection.execute(
                insert(jurisdictions), [{**each, "version": version} for each in rows]
            )

    async def published(self, version: str) -> Row[Any] | None:
        """Return a published version, or None."""
        query = select(jurisdiction_versions).where(jurisdiction_versions.c.version == version)
        return (await self._connection.execute(query)).one_or_none()

    async def versions(self, zone: str) -> Sequence[Row[Any]]:
        """Return every published version with its first day, that which counts last first."""
        query = select(jurisdiction_versions, _first_day(zone).label("first_day"))
        return (await self._connection.execute(query.order_by(*_newest(zone)))).all()

    async def in_force(
        self, day: date, zone: str, at: datetime | None = None
    ) -> tuple[str, datetime | None] | None:
        """Return the version in force on a day, as published by a moment, and when areas last changed."""
        changed = select(func.max(jurisdiction_areas.c.changed_at)).scalar_subquery()
        query = select(jurisdiction_versions.c.version, changed).where(_first_day(zone) <= day)
        if at is not None:
            query = query.where(jurisdiction_versions.c.published_at <= at)
        found = (await self._connection.execute(query.order_by(*_newest(zone)).limit(1))).one_or_none()
        return (found[0], found[1]) if found else None

    async def publish(self, version: str, values: Mapping[str, Any]) -> None:
        """Make rows that are there a published version; every process reads it once it is in force."""
        await self._connection.execute(insert(jurisdiction_versions).values(version=version, **values))

    async def areas(self) -> list[Area]:
        """Return every special area, by code and first day."""
        query = select(jurisdiction_areas).order_by(
            jurisdiction_areas.c.code, jurisdiction_areas.c.valid_from
        )
        return [_area_of(each) for each in await self._connection.execute(query)]

    async def seed_areas(self, areas: Sequence[Mapping[str, Any]], now: datetime) -> None:
        """Load the areas that ship; what the city has already is left as it is."""
        added = upsert(jurisdiction_areas).on_conflict_do_nothing()
        await self._connection.execute(added, [{**each, "changed_at": now} for each in areas])

    async def put_areas(self, areas: Sequence[Mapping[str, Any]], by: str, now: datetime) -> None:
        """Make areas what they are to be; every process reads them again with its next transaction."""
        added = upsert(jurisdiction_areas)
        keys = [each.name for each in jurisdiction_areas.primary_key]
        new = {each.name: each for each in added.excluded if each.name not in keys}
        put = added.on_conflict_do_update(index_elements=keys, set_=new)
        await self._connection.execute(put, [{**each, "changed_at": now, "changed_by": by} for each in areas])


async def publish(
    connection: AsyncConnection,
    version: str,
    table: Sequence[Mapping[str, Any]],
    source: str,
    now: datetime,
    valid_from: date | None = None,
) -> None:
    """Store rows and publish them at once, without a second person: for the table that ships."""
    store = JurisdictionStore(connection)
    await store.add_rows(version, table)
    await store.publish(version, {"published_at": now, "source": source, "valid_from": valid_from})


async def known_version(store: JurisdictionStore, version: str) -> Row[Any]:
    """Return a published version, or raise `UnknownVersion`."""
    found = await store.published(version)
    if found is None:
        raise UnknownVersion(f"There is no published version {version}.")
    return found


def row_of(stored: Any) -> JurisdictionRow:
    """Return a row from its columns, in the order of its fields."""
    values = list(stored)
    for at in _LISTS:
        values[at] = tuple(values[at])
    values[_MODE] = _MODES[values[_MODE]]
    values[_BASIS] = _BASES[values[_BASIS]]
    values[_ATTRIBUTES] = tuple(sorted(values[_ATTRIBUTES].items()))
    return JurisdictionRow(*values)


_NAMES = [each.name for each in fields(JurisdictionRow)]
_LISTS = [_NAMES.index(each) for each in ("keywords", "co_handlers", "cc")]
_MODE, _BASIS, _ATTRIBUTES = (_NAMES.index(each) for each in ("mode", "basis", "attributes"))
_MODES = {str(each): each for each in Mode}
_BASES = {str(each): each for each in Basis}


def values_of(row: JurisdictionRow) -> dict[str, Any]:
    """Return a row as its columns."""
    lists = {name: list(getattr(row, name)) for name in ("keywords", "co_handlers", "cc")}
    return {**asdict(row), **lists, "mode": str(row.mode), "attributes": dict(row.attributes)}


def _first_day(zone: str) -> Any:
    """The first day a version is in force: the day it says, else the city's day it was published on."""
    published_on = cast(func.timezone(zone, jurisdiction_versions.c.published_at), Date)
    return func.coalesce(jurisdiction_versions.c.valid_from, published_on)


def _newest(zone: str) -> tuple[Any, ...]:
    columns = jurisdiction_versions.c
    return _first_day(zone).desc(), columns.published_at.desc(), columns.number.desc()


def _area_of(stored: Row[Any]) -> Area:
    outline = tuple((float(x), float(y)) for x, y in stored.outline)
    return Area(
        stored.code, stored.name, tuple(stored.divisions), outline, stored.valid_from, stored.valid_to
    )
