"""Drafts of the jurisdiction table, within one transaction."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from router.domain.row import JurisdictionRow
from router.domain.sheet import write_sheet
from router.jurisdiction_tables import jurisdiction_drafts, jurisdiction_versions, jurisdictions
from schemas.errors import UnknownVersion


class DraftStore:
    """What was drafted, by whom, and what was tried out before it was published."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def is_taken(self, version: str) -> bool:
        """Say whether a version or a draft has this name."""
        published = exists().where(jurisdiction_versions.c.version == version)
        drafted = exists().where(jurisdiction_drafts.c.version == version)
        return bool(await self._connection.scalar(select(or_(published, drafted))))

    async def add(self, draft: dict[str, Any]) -> None:
        """Begin a draft."""
        await self._connection.execute(insert(jurisdiction_drafts).values(draft))

    async def lock(self, version: str) -> Row[Any]:
        """Return an open draft and hold it until the transaction ends, or raise `UnknownVersion`."""
        return await self._find(version, lock=True)

    async def get(self, version: str) -> Row[Any]:
        """Return an open draft, or raise `UnknownVersion`."""
        return await self._find(version, lock=False)

    async def _find(self, version: str, *, lock: bool) -> Row[Any]:
        query = select(jurisdiction_drafts).where(
            jurisdiction_drafts.c.version == version, jurisdiction_drafts.c.published_at.is_(None)
        )
        found = (await self._connection.execute(query.with_for_update() if lock else query)).one_or_none()
        if found is None:
            raise UnknownVersion(f"There is no draft {version}.")
        return found

    async def open(self) -> Sequence[Row[Any]]:
        """Return every draft that is neither published nor discarded, newest change first."""
        query = select(jurisdiction_drafts).where(jurisdiction_drafts.c.published_at.is_(None))
        return (await self._connection.execute(query.order_by(jurisdiction_drafts.c.changed_at.desc()))).all()

    async def change(self, version: str, **values: Any) -> None:
        """Set columns of a draft."""
        changed = update(jurisdiction_drafts).where(jurisdiction_drafts.c.version == version)
        await self._connection.execute(changed.values(values))

    async def discard(self, version: str) -> None:
        """Take an open draft away, with its rows."""
        for table in (jurisdictions, jurisdiction_drafts):
            await self._connection.execute(delete(table).where(table.c.version == version))


def digest_of(rows: Iterable[JurisdictionRow]) -> bytes:
    """Return what rows are known by, whatever their order."""
    lines = sorted("\t".join(line) for line in write_sheet(rows))
    return hashlib.sha256("\n".join(lines).encode()).digest()
