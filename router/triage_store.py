"""What waits at the triage desk, what was decided there and what a model may decide, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, case, column, delete, func, insert, select, table, true, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from router.domain.proposals import Lesson
from router.tables import parkings
from router.triage_tables import lessons, proposals_decided, suggestion_thresholds
from schemas.codes import category_prefixes
from schemas.errors import TicketNotFound
from services.tables import ticket_claims, tickets

URGENCIES = ("urgent", "livelihood", "general", "complex")

_deadlines = table("deadlines", column("ticket_id"), column("stage"), column("due_at"), column("settled_at"))
"""The table is escalation's: it is only read."""

_OPEN_AT_DESK = and_(_deadlines.c.stage == "triage", _deadlines.c.settled_at.is_(None))
# As a filter of what is found by the ticket: as a condition it draws in the index of all open deadlines.
_desk = (
    select(func.min(_deadlines.c.due_at).filter(_OPEN_AT_DESK).label("due_at"))
    .where(_deadlines.c.ticket_id == parkings.c.ticket_id)
    .correlate(parkings)
    .lateral("desk")
)
_DUE = func.coalesce(_desk.c.due_at, tickets.c.due_at, parkings.c.parked_at)
_RANK = case(
    *((tickets.c.urgency == each, rank) for rank, each in enumerate(URGENCIES)), else_=len(URGENCIES)
)

Place = tuple[datetime, int, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the queue is asked for; `sees_all` says whether what is in confidence may be seen."""

    sees_all: bool
    reason: str | None = None
    district: str | None = None
    category: str | None = None
    urgency: str | None = None
    held_by: UUID | None = None


class TriageStore:
    """The triage desk."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def queue(
        self, wanted: Wanted, now: datetime, after: Place | None, limit: int
    ) -> Sequence[Row[Any]]:
        """Return what waits, by the desk's clock, then by urgency."""
        query = _filtered(_waiting(now), wanted).order_by(_DUE, _RANK, tickets.c.id).limit(limit)
        if after is not None:
            query = query.where(tuple_(_DUE, _RANK, tickets.c.id) > after)
        return (await self._connection.execute(query)).all()  # type: ignore[no-any-return]

    async def parked(self, ticket_id: str, now: datetime, *, sees_all: bool) -> Row[Any]:
        """Return one ticket of the desk; raises `TicketNotFound` for one that may not be seen, too."""
        query = _filtered(_waiting(now), Wanted(sees_all)).where(tickets.c.id == ticket_id)
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            raise TicketNotFound(f"No ticket {ticket_id} waits at the desk.")
        return row  # type: ignore[no-any-return]

    async def learn(self, row: dict[str, Any]) -> None:
        """Keep what a person decided."""
        await self._connection.execute(insert(lessons).values(row))

    async def reason_of(self, ticket_id: str) -> str | None:
        """Return why a ticket waits at the desk; None when it does not."""
        query = select(parkings.c.reason).where(
            parkings.c.ticket_id == ticket_id, parkings.c.ended_at.is_(None)
        )
        return await self._connection.scalar(query)

    async def decided_before(
        self, category: str, district: str, since: datetime
    ) -> Sequence[tuple[str, int]]:
        """Return whom people gave tickets of a category and district to, and how many, most first."""
        query = (
            select(lessons.c.to_department, func.count().label("tickets"))
            .where(
                lessons.c.category == category,
                lessons.c.at >= since,
                func.coalesce(lessons.c.division, "").startswith(district),
            )
            .group_by(lessons.c.to_department)
            .order_by(func.count().desc(), lessons.c.to_department)
        )
        return [(row.to_department, row.tickets) for row in await self._connection.execute(query)]

    async def lessons_since(self, since: datetime) -> list[Lesson]:
        """Return what people decided, in the order they did."""
        query = (
            select(lessons.c.ticket_id, lessons.c.category, lessons.c.division, lessons.c.to_department)
            .where(lessons.c.at >= since)
            .order_by(lessons.c.at, lessons.c.version)
        )
        return [Lesson(*row) for row in await self._connection.execute(query)]

    async def rows_decided(self) -> set[tuple[str, str, str]]:
        """Return the proposed rows somebody has accepted or dismissed."""
        key = (proposals_decided.c.category, proposals_decided.c.division, proposals_decided.c.department)
        return {tuple(row) for row in await self._connection.execute(select(*key))}

    async def decide_row(self, row: dict[str, Any]) -> None:
        """Keep that a proposed row was accepted or dismissed; the last word counts."""
        statement = upsert(proposals_decided).values(row)
        keys = [each.name for each in proposals_decided.primary_key]
        last = {name: value for name, value in row.items() if name not in keys}
        await self._connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=last))

    async def thresholds(self) -> Sequence[Row[Any]]:
        """Return every threshold, by category."""
        query = select(suggestion_thresholds).order_by(suggestion_thresholds.c.category)
        return (await self._connection.execute(query)).all()

    async def threshold_for(self, category: str | None) -> Row[Any] | None:
        """Return the threshold of the longest prefix of a category; None is never."""
        query = (
            select(suggestion_thresholds)
            .where(suggestion_thresholds.c.category.in_(category_prefixes(category)))
            .order_by(func.length(suggestion_thresholds.c.category).desc())
        )
        return (await self._connection.execute(query.limit(1))).one_or_none()

    async def set_threshold(self, row: dict[str, Any]) -> None:
        """Set a category's threshold; without a confidence it is taken away."""
        category = row["category"]
        if row["confidence"] is None:
            gone = delete(suggestion_thresholds).where(suggestion_thresholds.c.category == category)
            await self._connection.execute(gone)
            return
        statement = upsert(suggestion_thresholds).values(row)
        changed = statement.on_conflict_do_update(index_elements=["category"], set_=row)
        await self._connection.execute(changed)


def _waiting(now: datetime) -> Select[Any]:
    claim = and_(ticket_claims.c.ticket_id == tickets.c.id, ticket_claims.c.held_until > now)
    return (
        select(
            tickets,
            parkings.c.parked_at,
            parkings.c.reason,
            parkings.c.because,
            parkings.c.candidates,
            _desk.c.due_at.label("desk_due_at"),
            _DUE.label("place_at"),
            _RANK.label("rank"),
            ticket_claims.c.held_by,
            ticket_claims.c.held_as,
            ticket_claims.c.held_until,
        )
        .select_from(parkings)
        .join(tickets, tickets.c.id == parkings.c.ticket_id)
        .join(_desk, true())
        .outerjoin(ticket_claims, claim)
        .where(parkings.c.ended_at.is_(None))
    )


def _filtered(query: Select[Any], wanted: Wanted) -> Select[Any]:
    if not wanted.sees_all:
        query = query.where(~tickets.c.confidential)
    if wanted.reason is not None:
        query = query.where(parkings.c.reason == wanted.reason)
    if wanted.district is not None:
        query = query.where(tickets.c.division.startswith(wanted.district))
    if wanted.category is not None:
        query = query.where(tickets.c.category.startswith(wanted.category))
    if wanted.urgency is not None:
        query = query.where(tickets.c.urgency == wanted.urgency)
    if wanted.held_by is not None:
        query = query.where(ticket_claims.c.held_by == wanted.held_by)
    return query
