"""Departments as a tree, what was changed of them, and what still hangs on one, within one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from router.department_tables import department_changes
from router.domain.units import Unit, succeeded
from router.jurisdiction_tables import jurisdictions
from router.tables import departments
from schemas.errors import DepartmentNotFound, Stale
from schemas.lifecycle import LED, Status
from services.database import once_per_transaction, ring_after_commit
from services.tables import tickets
from services.wakeups import DEPARTMENTS

HANDLED = (*LED, Status.RETURN_PENDING, Status.DISPUTED)
"""Where a ticket stands while a department has it."""
SHOWN = 20

_LOCK = 0x12345_0007
_FIELDS = [each.name for each in fields(Unit)]
_COLUMNS = [departments.c[name] for name in _FIELDS]


class UnitStore:
    """The units of the tree."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def hold(self) -> None:
        """Let nobody else change the tree until this transaction ends."""
        await self._connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    async def units(self) -> dict[str, Unit]:
        """Return every unit by its code."""
        rows = await self._connection.execute(select(*_COLUMNS).order_by(departments.c.code))
        return {row.code: unit_of(row) for row in rows}

    async def succeeded(self, day: date) -> dict[str, str]:
        """Return for each unit that is gone and whose matters another has on a day, that other's code."""
        return succeeded(await self.units(), day)

    async def versions(self) -> dict[str, int]:
        """Return the version of every unit."""
        rows = await self._connection.execute(select(departments.c.code, departments.c.version))
        return {row.code: row.version for row in rows}

    async def get(self, code: str, *, version: int | None = None) -> tuple[Unit, int]:
        """Return a unit and its version; raises `DepartmentNotFound`, or `Stale` at another version."""
        query = select(*_COLUMNS, departments.c.version).where(departments.c.code == code)
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            raise DepartmentNotFound(f"There is no department {code}.", pointer="/code")
        if version is not None and version != row.version:
            raise Stale(f"The department is at version {row.version}, not {version}.", version=row.version)
        return unit_of(row), row.version

    async def add(self, unit: Unit, by: str, now: datetime) -> None:
        """Make a unit, at version 1."""
        row = asdict(unit) | {"aliases": list(unit.aliases)}
        await self._connection.execute(insert(departments).values(row))
        await self._record(unit.code, 1, {}, row, by, now)
        ring_after_commit(self._connection, DEPARTMENTS)

    async def change(self, before: Unit, after: Unit, by: str, now: datetime) -> None:
        """Make a unit what it is to be; nothing happens when it is so already."""
        was, becomes = asdict(before), asdict(after)
        changed = {name: becomes[name] for name in _FIELDS if was[name] != becomes[name]}
        if changed:
            await self.touch(before.code, was, changed, by, now)

    async def touch(
        self, code: str, was: Mapping[str, Any], becomes: Mapping[str, Any], by: str, now: datetime
    ) -> int:
        """Note a change of what hangs on a unit, with its columns among it; return its new version."""
        columns = {name: becomes[name] for name in becomes if name in _FIELDS}
        if "aliases" in columns:
            columns["aliases"] = list(columns["aliases"])
        changed = (
            update(departments)
            .where(departments.c.code == code)
            .values(**columns, version=departments.c.version + 1)
            .returning(departments.c.version)
        )
        version = int((await self._connection.execute(changed)).scalar_one())
        await self._record(code, version, was, becomes, by, now)
        return version

    async def changes(self, code: str) -> Sequence[Row[Any]]:
        """Return what was changed of a unit, newest first."""
        query = select(department_changes).where(department_changes.c.department == code)
        return (await self._connection.execute(query.order_by(department_changes.c.version.desc()))).all()

    async def divisions(self) -> Collection[str]:
        """Return the codes of all divisions; the table is intake's, so it is only read."""
        return await once_per_transaction(self._connection, "divisions", self._divisions)

    async def open_tickets(self, *codes: str) -> tuple[int, list[str]]:
        """Return how many tickets departments have in hand, and some of them; none in confidence is named."""
        has = and_(tickets.c.department.in_(codes), tickets.c.status.in_(map(str, HANDLED)))
        count = await self._connection.scalar(select(func.count()).select_from(tickets).where(has))
        query = select(tickets.c.id).where(has, ~tickets.c.confidential).order_by(tickets.c.id)
        return count or 0, list(await self._connection.scalars(query.limit(SHOWN)))

    async def rows_naming(self, codes: Collection[str], versions: Collection[str], after: date) -> list[str]:
        """Return the rows of versions of the jurisdiction table that name a department after a day."""
        query = (
            select(jurisdictions.c.id)
            .where(
                jurisdictions.c.version.in_(versions),
                or_(
                    jurisdictions.c.department.in_(codes),
                    jurisdictions.c.co_handlers.overlap(list(codes)),
                    jurisdictions.c.cc.overlap(list(codes)),
                ),
                or_(jurisdictions.c.valid_to.is_(None), jurisdictions.c.valid_to > after),
            )
            .order_by(jurisdictions.c.id)
        )
        return list(await self._connection.scalars(query))

    async def city_name(self, division: str) -> str:
        """Return what a division is called; empty when nobody knows."""
        query = text("SELECT name FROM divisions WHERE code = :code")
        return await self._connection.scalar(query, {"code": division}) or ""

    async def _divisions(self) -> Collection[str]:
        return frozenset(await self._connection.scalars(text("SELECT code FROM divisions")))

    async def _record(
        self,
        code: str,
        version: int,
        was: Mapping[str, Any],
        becomes: Mapping[str, Any],
        by: str,
        now: datetime,
    ) -> None:
        changed = {name: [_plain(was.get(name)), _plain(each)] for name, each in becomes.items()}
        row = {"department": code, "version": version, "changed": changed, "at": now, "by": by}
        await self._connection.execute(upsert(department_changes).values(row))


def unit_of(row: Any) -> Unit:
    """Return a unit from its row."""
    values = {name: row._mapping[name] for name in _FIELDS}
    return Unit(**{**values, "aliases": tuple(values["aliases"])})


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
