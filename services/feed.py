"""
The feed of each department: what a webhook brings it, to be fetched by who has none.

Ids commit out of order, so a cursor over them would step over the late ones. Each event gets its
number, the next of its department, when somebody first reads it: what commits later comes later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import Field
from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    LargeBinary,
    Row,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Instant, Schema
from schemas.errors import BadCursor
from services.authorization import PrincipalDep
from services.bulk import insert_new
from services.database import driver_of, metadata
from services.departments import check_own
from services.http import ResourcesDep
from services.paging import Limit
from services.tables import Instant as Moment

feed = Table(
    "department_feed",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("department", Text, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("ticket_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("made_at", Moment, nullable=False, index=True),
    Column("number", BigInteger, comment="Its place in the department's feed; null: nobody has read it."),
    UniqueConstraint("department", "event_id"),
    Index(
        "ix_department_feed_numbered",
        "department",
        "number",
        unique=True,
        postgresql_where=text("number IS NOT NULL"),
    ),
    Index("ix_department_feed_unread", "department", "id", postgresql_where=text("number IS NULL")),
)

readings = Table(
    "department_feed_readings",
    metadata,
    Column("department", Text, primary_key=True),
    Column("last", BigInteger, nullable=False, comment="The number given last."),
)

LARGEST = 2**63 - 1

routes = APIRouter(prefix="/v1/departments", tags=["hooks"])


class FeedItem(Schema):
    """An event; `body` is the very text a webhook brings, under `id` as its `webhook-id`."""

    number: int
    id: UUID
    type: str
    ticket: str
    made_at: Instant
    body: str


class FeedPage(Schema):
    """
    Some events in their order; `next` is the next page's `after`, `more` says whether to ask at once.

    `missing` is not 0 when the reader comes too late: so many between `after` and `next` are not kept
    any more, and what they told must be asked for elsewhere.
    """

    items: list[FeedItem]
    next: int
    more: bool
    missing: int = Field(0, ge=0, description="How many between `after` and `next` are not kept any more.")
    kept_since_at: Instant


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as departments' feeds are to have it."""

    event: Any
    departments: Sequence[str]
    body: bytes


class FeedStore:
    """The feeds, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, event: Any, departments: Sequence[str], body: bytes, now: datetime) -> None:
        """Put an event into these departments' feeds; once, also when it is handled again."""
        await self.add_all([Entry(event, departments, body)], now)

    async def add_all(self, entries: Sequence[Entry], now: datetime) -> None:
        """Put events into departments' feeds; once, also when they are handled again."""
        rows = [
            {
                "department": each,
                "event_id": entry.event.id,
                "ticket_id": entry.event.ticket,
                "type": entry.event.type,
                "body": entry.body,
                "made_at": now,
            }
            for entry in entries
            for each in sorted(set(entry.departments))
        ]
        await insert_new(await driver_of(self._connection), feed, rows)

    async def after(self, department: str, number: int, limit: int) -> tuple[Sequence[Row[Any]], int]:
        """
        Return a department's events after a number, in their order, and the number to go on from.

        Those nobody has read are numbered. What lies between and is not returned is not kept any more.
        Raises `BadCursor` for a number that was not given yet.
        """
        last = await self._hold(department)
        if number > last:
            raise BadCursor(f"The feed has only come to {last}.", pointer="query:after", last=last)
        numbered = select(feed).where(feed.c.department == department, feed.c.number > number)
        found = list((await self._connection.execute(numbered.order_by(feed.c.number).limit(limit))).all())
        if len(found) < limit:
            given = await self._number(department, last, limit - len(found))
            return [*found, *given], last + len(given)
        return found, found[-1].number

    async def _hold(self, department: str) -> int:
        """Return the number given last, and give numbers of this department alone until the end."""
        query = select(readings.c.last).where(readings.c.department == department).with_for_update()
        last = await self._connection.scalar(query)
        if last is None:
            first = insert(readings).values(department=department, last=0).on_conflict_do_nothing()
            await self._connection.execute(first)
            last = await self._connection.scalar(query)
        return int(last or 0)

    async def _number(self, department: str, last: int, limit: int) -> list[Row[Any]]:
        unread = select(feed.c.id).where(feed.c.department == department, feed.c.number.is_(None))
        first = unread.order_by(feed.c.id).limit(limit).subquery()
        ranked = select(first.c.id, func.row_number().over(order_by=first.c.id).label("rank")).subquery()
        given = update(feed).where(feed.c.id == ranked.c.id).values(number=last + ranked.c.rank)
        rows = list((await self._connection.execute(given.returning(feed))).all())
        if rows:
            come = update(readings).where(readings.c.department == department).values(last=last + len(rows))
            await self._connection.execute(come)
        return sorted(rows, key=lambda each: each.number)

    async def clear(self, before: datetime, batch: int) -> int:
        """
        Delete some of what was made before that moment; return how many.

        What nobody has read takes a number with it, so that whoever reads later finds it missing.
        """
        waiting = select(feed.c.id, feed.c.department).where(feed.c.made_at < before).limit(batch)
        rows = (await self._connection.execute(waiting)).all()
        departments = sorted({row.department for row in rows})
        for each in departments:  # held before their rows, and in one order, as a reader does
            await self._hold(each)
        asked = {"ids": [row.id for row in rows]}
        return int(await self._connection.scalar(_CLEAR, asked) or 0) if rows else 0


_CLEAR = text(
    """
    WITH gone AS (
        DELETE FROM department_feed WHERE id = ANY(:ids) RETURNING department, number
    ), unread AS (
        UPDATE department_feed_readings AS reading SET last = reading.last + counted.rows
        FROM (
            SELECT department, count(*) AS rows FROM gone WHERE number IS NULL GROUP BY department
        ) AS counted
        WHERE reading.department = counted.department
    )
    SELECT count(*) FROM gone
    """
)


@routes.get("/{code}/feed")
async def read_feed(
    code: Annotated[str, Path(max_length=41)],
    principal: PrincipalDep,
    resources: ResourcesDep,
    after: Annotated[int, Query(ge=0, le=LARGEST, description="`next` of the page before.")] = 0,
    limit: Limit = 50,
) -> FeedPage:
    """
    Fetch what a department is told, in its order and whether or not it has webhooks.

    Numbers run without a gap. What is older than `kept_since_at` is not kept: `missing` counts it.
    """
    check_own(code, principal)

    async def fetch(connection: AsyncConnection) -> tuple[Sequence[Row[Any]], int]:
        return await FeedStore(connection).after(code, after, limit)

    rows, following = await resources.database.run(fetch)
    kept = resources.clock.now() - timedelta(days=resources.settings.retention.feed_days)
    items = [_item(row) for row in rows]
    return FeedPage(
        items=items,
        next=following,
        more=len(items) == limit,
        missing=following - after - len(items),
        kept_since_at=kept,
    )


def _item(row: Row[Any]) -> FeedItem:
    return FeedItem(
        number=row.number,
        id=row.event_id,
        type=row.type,
        ticket=row.ticket_id,
        made_at=row.made_at,
        body=row.body.decode(),
    )
