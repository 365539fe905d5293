"""Use case: try a version of the table on past tickets: how many move, from where to where, which ones."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from router.domain.area import Area
from router.domain.inquiry import Inquiry
from router.domain.replay import Replay
from router.inquire import inquiry_of
from services.resources import Resources
from services.tables import tickets
from services.tickets import case_of

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Past:
    """A ticket of the past: what is asked about it, and who has or had it."""

    id: str
    asked: Inquiry
    department: str | None


async def past_tickets(
    connection: AsyncConnection,
    since: datetime,
    until: datetime,
    day: date,
    areas: Sequence[Area],
    resources: Resources,
) -> AsyncIterator[list[Past]]:
    """
    Yield tickets accepted from one moment until before another, some thousand at a time, oldest first.

    Reports in confidence are left out, as no table sends them anywhere, and so are
    those a sub-centre keeps. Each is asked as of the day the table is tried for.
    """
    columns = tickets.c
    place = tuple_(columns.accepted_at, columns.id)
    query = (
        select(tickets)
        .where(columns.accepted_at >= since, columns.accepted_at < until)
        .where(~columns.confidential, columns.kept_by.is_(None))
        .order_by(columns.accepted_at, columns.id)
        .limit(BATCH)
    )
    after = None
    while True:
        page = query if after is None else query.where(place > tuple_(*after))
        rows = (await connection.execute(page)).all()
        if not rows:
            return
        yield [
            Past(each.id, inquiry_of(case_of(each), day, areas, resources.settings), each.department)
            for each in rows
        ]
        after = (rows[-1].accepted_at, rows[-1].id)


def replay(page: Sequence[Past], told: Replay) -> None:
    """Judge a page of tickets by both tables."""
    for each in page:
        told.add(each.id, each.asked, each.department)
