"""A department's people and its commitments, within one transaction."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from router.department_tables import commitments, department_absences, department_posts, duty_shifts
from schemas.departments import CommitmentNew, People
from schemas.duty import Absence, Person, Shift, Staff


class PeopleStore:
    """Posts, absences, duty roster and commitments of departments."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def staff(self, code: str) -> Staff:
        """Return a department's people."""
        posts = {row.post: Person(row.name, row.phone) for row in await self._of(department_posts, code)}
        absences = await self._of(department_absences, code)
        shifts = await self._of(duty_shifts, code)
        return Staff(
            posts.get("A"),
            posts.get("B"),
            tuple(Absence(row.starts_at, row.ends_at, row.because) for row in absences),
            tuple(Shift(Person(row.name, row.phone), row.starts_at, row.ends_at) for row in shifts),
        )

    async def put(self, code: str, people: People) -> None:
        """Make a department's people these and no others."""
        posts = {post: each for post, each in (("A", people.a), ("B", people.b)) if each is not None}
        rows = {
            department_posts: [{"post": post, **each.model_dump()} for post, each in posts.items()],
            department_absences: [each.model_dump() for each in people.absences],
            duty_shifts: [each.model_dump() for each in people.shifts],
        }
        for table, new in rows.items():
            await self._connection.execute(delete(table).where(table.c.department == code))
            if new:
                await self._connection.execute(insert(table), [{"department": code, **row} for row in new])

    async def commitments(self, code: str) -> Sequence[Row[Any]]:
        """Return every commitment a department has published, the newest of each matter first."""
        query = select(commitments).where(commitments.c.department == code)
        order = (commitments.c.category, commitments.c.kind, commitments.c.version.desc())
        return (await self._connection.execute(query.order_by(*order))).all()

    async def commit(self, code: str, new: CommitmentNew, by: str, now: datetime) -> Row[Any]:
        """Publish a commitment; the earlier ones for the same category and kind end the day before."""
        kind = str(new.kind or "")
        same = and_(
            commitments.c.department == code,
            commitments.c.category == new.category,
            commitments.c.kind == kind,
        )
        last = await self._connection.scalar(select(func.max(commitments.c.version)).where(same)) or 0
        await self._end(same, new.valid_from - timedelta(days=1))
        row = {
            **new.model_dump(exclude={"kind"}),
            "department": code,
            "kind": kind,
            "version": last + 1,
            "published_at": now,
            "published_by": by,
        }
        made = insert(commitments).values(row).returning(commitments)
        return (await self._connection.execute(made)).one()  # type: ignore[no-any-return]

    async def end_commitments(self, code: str, last: date) -> None:
        """End a department's commitments with its last day."""
        await self._end(commitments.c.department == code, last)

    async def _end(self, which: Any, last: date) -> None:
        later = or_(commitments.c.valid_to.is_(None), commitments.c.valid_to > last)
        await self._connection.execute(update(commitments).where(which, later).values(valid_to=last))

    async def _of(self, table: Any, code: str) -> Sequence[Row[Any]]:
        query = select(table).where(table.c.department == code).order_by(*table.primary_key.columns)
        return (await self._connection.execute(query)).all()
