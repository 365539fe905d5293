"""What the auditor reads, page by page, and how far it is, within one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.claims import hold_timers
from escalation.domain.policy import JOBS
from escalation.domain.schedule import Place
from escalation.store import TIMED
from escalation.tables import audits, deadlines, escalations
from services.tables import ticket_history, tickets

Spot = tuple[datetime, UUID]
_D, _E, _H, _T = deadlines.c, escalations.c, ticket_history.c, tickets.c
_OPEN = (
    TIMED.add_columns(_T.ended_at, _T.historical, _T.reopens)
    .join(tickets, _T.id == _D.ticket_id)
    .where(_D.settled_at.is_(None))
    .order_by(_D.due_at, _D.id)
)
"""In the order of the index that holds only open deadlines."""


class AuditStore:
    """Rounds of the auditor, and the pages it looks at."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open_after(self, spot: Spot | None, until: datetime | None, limit: int) -> Sequence[Row[Any]]:
        """Return open deadlines from a place on, earliest due first, with what matters of their tickets."""
        query = _OPEN if until is None else _OPEN.where(_D.due_at < until)
        if spot is not None:
            query = query.where(tuple_(_D.due_at, _D.id) > spot)
        return (await self._connection.execute(query.limit(limit))).all()

    async def hold(self, ids: Iterable[UUID]) -> Sequence[Row[Any]]:
        """Lock those of deadlines that are open, with their timers, and return them as they then are."""
        these = select(_D.id).where(_D.id.in_(ids), _D.settled_at.is_(None))
        locked = these.order_by(_D.ticket_id, _D.id).with_for_update(key_share=True)
        held = (await self._connection.scalars(locked)).all()
        await hold_timers(self._connection, held)
        return (await self._connection.execute(_OPEN.where(_D.id.in_(held)))).all()

    async def climbed(self, ticket_ids: Iterable[str]) -> Mapping[str, Sequence[Any]]:
        """Return the standing rungs of tickets, and when their clocks began."""
        # A join would be planned as one with every clock there is, once these are many.
        began = select(_D.started_at).where(_D.id == _E.deadline_id).scalar_subquery()
        query = select(
            *(_E.ticket_id, _E.deadline_id, _E.clock, _E.department, _E.stage, _E.level, _E.fell_due_at),
            began.label("started_at"),
        )
        these = query.where(_E.ticket_id.in_(set(ticket_ids)), _E.withdrawn_at.is_(None))
        found: dict[str, list[Any]] = defaultdict(list)
        for row in await self._connection.execute(these):
            found[row.ticket_id].append(row)
        return found

    async def without_clock(self, after: datetime, until: datetime) -> Sequence[str]:
        """Return tickets assigned in that time that have a department and no clock of its completion."""
        clock = exists().where(
            _D.ticket_id == _T.id,
            _D.assignment_id == _T.assignment_id,
            _D.stage.in_(JOBS),
        )
        query = (
            select(_T.id)
            .join(ticket_history, _H.ticket_id == _T.id)
            .where(_H.at > after, _H.at <= until, _H.step == "assign")
            .where(_T.assignment_id.is_not(None), _T.ended_at.is_(None), ~clock)
        )
        return (await self._connection.scalars(query.distinct())).all()

    async def under_way(self) -> Row[Any] | None:
        """Return the round that has not ended."""
        query = select(audits).where(audits.c.finished_at.is_(None))
        return (await self._connection.execute(query.order_by(audits.c.number).limit(1))).one_or_none()

    async def latest(self, limit: int) -> Sequence[Row[Any]]:
        """Return rounds, the newest first."""
        return (
            await self._connection.execute(select(audits).order_by(audits.c.number.desc()).limit(limit))
        ).all()

    async def begin(self, now: datetime, sampled: Spot | None) -> None:
        """Begin a round, whose sample goes on where the one before ended."""
        at, identity = sampled or (None, None)
        row = {"began_at": now, "phase": "overdue", "sampled_at": at, "sampled_id": identity}
        await self._connection.execute(insert(audits).values(row))

    async def note(self, number: int, **values: Any) -> None:
        """Note how far a round is, and what it has found."""
        await self._connection.execute(update(audits).where(audits.c.number == number).values(values))


def places(rungs: Iterable[Row[Any]]) -> tuple[Place, ...]:
    """Return rungs as level and date."""
    return tuple((each.level, each.fell_due_at) for each in rungs)
