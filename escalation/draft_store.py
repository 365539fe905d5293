"""Drafts of calendars, limits and ladders, within one transaction."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.tables import rule_drafts, rules
from schemas.errors import UnknownVersion


class DraftStore:
    """Drafts of one kind of rule: what was drafted, and by whom."""

    def __init__(self, connection: AsyncConnection, kind: str) -> None:
        self._connection = connection
        self._kind = kind

    async def is_taken(self, version: str) -> bool:
        """Say whether a version or a draft has this name."""
        found = [
            exists().where(table.c.kind == self._kind, table.c.version == version)
            for table in (rules, rule_drafts)
        ]
        return bool(await self._connection.scalar(select(or_(*found))))

    async def add(self, draft: Mapping[str, Any]) -> None:
        """Begin a draft."""
        await self._connection.execute(insert(rule_drafts).values(kind=self._kind, **draft))

    async def get(self, version: str, *, lock: bool = False) -> Row[Any]:
        """Return a draft, held until the transaction ends if asked, or raise `UnknownVersion`."""
        query = select(rule_drafts).where(self._named(version))
        found = (await self._connection.execute(query.with_for_update() if lock else query)).one_or_none()
        if found is None:
            raise UnknownVersion(f"There is no draft {version} of the {self._kind}.")
        return found

    async def open(self) -> Sequence[Row[Any]]:
        """Return every draft, newest change first."""
        query = select(rule_drafts).where(rule_drafts.c.kind == self._kind)
        return (await self._connection.execute(query.order_by(rule_drafts.c.changed_at.desc()))).all()

    async def change(self, version: str, **values: Any) -> None:
        """Set columns of a draft."""
        await self._connection.execute(update(rule_drafts).where(self._named(version)).values(values))

    async def discard(self, version: str) -> None:
        """Take a draft away."""
        await self._connection.execute(delete(rule_drafts).where(self._named(version)))

    def _named(self, version: str) -> Any:
        return (rule_drafts.c.kind == self._kind) & (rule_drafts.c.version == version)


def token_of(kind: str, content: Any, in_force: Mapping[str, str]) -> str:
    """Return what a preview is known by: the draft as it was, against the rules as they were."""
    said = json.dumps([kind, content, dict(in_force)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()
