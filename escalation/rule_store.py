"""The rules by kind and version, within one transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.tables import rules
from schemas.errors import Misconfigured

_LOCK = 0x12345_E5C1
_FIRST_DAY = func.coalesce(rules.c.valid_from, literal(date.min))
_COUNTS_LAST = (_FIRST_DAY.desc(), rules.c.published_at.desc(), rules.c.number.desc())


class RuleStore:
    """The calendar, the limits and the ladder, each by version."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def hold(self) -> None:
        """Let nobody else publish until this transaction ends."""
        await self._connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    async def publish(
        self, kind: str, version: str, content: Any, source: str, now: datetime, **more: Any
    ) -> None:
        """
        Publish a version; one that is there already stays as it is.

        It is in force from `valid_from` on; without one it is what ships, and gives way to any other.
        """
        row = {"kind": kind, "version": version, "content": content, "source": source, "published_at": now}
        await self._connection.execute(upsert(rules).values({**row, **more}).on_conflict_do_nothing())

    async def latest(self, on: date = date.max) -> dict[str, str]:
        """Return the version of each kind in force on a day."""
        return {row.kind: row.version for row in await self._newest(on)}

    async def sources(self) -> dict[str, str]:
        """Return who published the version in force of each kind."""
        return {row.kind: row.source for row in await self._newest(date.max)}

    async def versions(self, kind: str) -> Sequence[Any]:
        """Return every published version of a kind without its content, that which counts last first."""
        columns = [each for each in rules.c if each.name != "content"]
        query = select(*columns, _FIRST_DAY.label("first_day")).where(rules.c.kind == kind)
        found = await self._connection.execute(query.order_by(*_COUNTS_LAST))
        return list(found.all())

    async def _newest(self, on: date) -> Sequence[Any]:
        newest = select(rules.c.kind, rules.c.version, rules.c.source).ext(distinct_on(rules.c.kind))
        query = newest.where(on >= _FIRST_DAY).order_by(rules.c.kind, *_COUNTS_LAST)
        return (await self._connection.execute(query)).all()

    async def content(self, kind: str, version: str) -> Any:
        """Return the rows of one version; raises `Misconfigured` for one never published."""
        query = select(rules.c.content).where(rules.c.kind == kind, rules.c.version == version)
        found = (await self._connection.execute(query)).one_or_none()
        if found is None:
            raise Misconfigured(f"There is no version {version} of the {kind}.")
        return found.content
