"""The registry of lines, version by version, within one transaction."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.domain.hotline import Hotline
from intake.tables import hotline_versions, hotlines
from services.database import ring_after_commit
from services.resources import Resources

PUBLISHED = "hotlines_published"
SHIPPED_BY = "hotline"
MIGRATED_BY = "migration"
_LOCK = 123450

_COLUMNS = [hotlines.c[each.name] for each in fields(Hotline)]


class HotlineStore:
    """Lines by version; a version is published whole and never changed."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def seed(self, shipped: Sequence[Hotline], now: datetime) -> None:
        """Publish the lines that ship, unless the city has published some of its own."""
        query = select(hotline_versions.c.published_by).where(hotline_versions.c.published_by != MIGRATED_BY)
        if await self._connection.scalar(query.limit(1)) is None:
            await self.publish(shipped, SHIPPED_BY, "随系统附带,待市里确认", now)

    async def hold(self) -> None:
        """Let nobody else publish until this transaction ends."""
        await self._connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    async def latest(self) -> int:
        """Return the number of the newest version, 0 when there is none."""
        return await self._connection.scalar(select(func.max(hotline_versions.c.version))) or 0

    async def publish(self, lines: Sequence[Hotline], by: str, source: str, now: datetime) -> int:
        """Publish the whole registry as a new version and return its number."""
        version = await self.latest() + 1
        row = {"version": version, "published_at": now, "published_by": by, "source": source}
        await self._connection.execute(insert(hotline_versions).values(row))
        await self._connection.execute(
            insert(hotlines), [{**asdict(each), "version": version} for each in lines]
        )
        ring_after_commit(self._connection, PUBLISHED)
        return version

    async def lines(self, version: int | None = None) -> list[Hotline]:
        """Return every line of a version, of the newest without one, by number and day."""
        wanted = version if version is not None else await self.latest()
        query = select(*_COLUMNS).where(hotlines.c.version == wanted)
        ordered = query.order_by(hotlines.c.number, hotlines.c.valid_from)
        return [Hotline(*row) for row in await self._connection.execute(ordered)]

    async def line_at(self, number: str, moment: datetime, resources: Resources) -> Hotline | None:
        """Return a line as the registry had it at a moment, or as the first version had it before that."""
        published = select(func.max(hotline_versions.c.version)).where(
            hotline_versions.c.published_at <= moment
        )
        version = await self._connection.scalar(published) or 1
        day = moment.astimezone(ZoneInfo(resources.settings.time_zone)).date()
        lines = [each for each in await self.lines(version) if each.number == number]
        return next((each for each in lines if each.in_force(day)), None)

    async def versions_of(
        self, number: str
    ) -> list[tuple[Row[tuple[int, datetime, str, str]], list[Hotline]]]:
        """Return every version in which a line is not as it was in the one before, newest first."""
        query = select(hotlines.c.version, *_COLUMNS).where(hotlines.c.number == number)
        by_version: dict[int, list[Hotline]] = {}
        for version, *row in await self._connection.execute(query.order_by(hotlines.c.valid_from)):
            by_version.setdefault(version, []).append(Hotline(*row))
        published = await self._connection.execute(
            select(hotline_versions).order_by(hotline_versions.c.version)
        )
        changed: list[tuple[Row[tuple[int, datetime, str, str]], list[Hotline]]] = []
        before: list[Hotline] = []
        for each in published:
            if (now := by_version.get(each.version, [])) != before:
                changed.append((each, now))
            before = now
        return changed[::-1]


def today(resources: Resources) -> date:
    """Return the day it is in the city."""
    return resources.clock.now().astimezone(ZoneInfo(resources.settings.time_zone)).date()
