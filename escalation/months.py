"""Use case and faces: once a month is over, who was latest in it is found, frozen and told."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlalchemy import Row, func, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.consequences import due_of
from escalation.domain.ladder import Rung
from escalation.domain.monthly import (
    Standing,
    closed_months,
    latest,
    month_before,
    months_in_a_row,
    rung_for,
    span_of,
)
from escalation.domain.policy import JOBS
from escalation.domain.receivers import Whose
from escalation.inform import Message, inform
from escalation.notice_store import ConsequenceStore
from escalation.notice_tables import monthly_rankings
from escalation.rulebook import PublishedRules
from escalation.tables import deadlines
from schemas.base import Instant, Schema
from schemas.errors import NotFound
from services.http import ResourcesDep
from services.resources import Resources
from services.tables import tickets

routes = APIRouter(prefix="/v1/supervision", tags=["escalation"])

_M = monthly_rankings.c


class Ranked(Schema):
    """A department's completions that fell due in a month: how many, and how many were late."""

    department: str
    overdue: int
    due: int


class Finding(Schema):
    """A department among the latest, for how many months in a row, and what was done: its notice."""

    department: str
    overdue: int
    due: int
    rank: int
    months: int
    level: int | None
    name: str | None
    notice: UUID | None


class Month(Schema):
    """A closed month as it stood when it was evaluated; it is never computed again."""

    month: str
    evaluated_at: Instant
    ranking: list[Ranked]
    findings: list[Finding]


@routes.get("/months")
async def list_months(
    resources: ResourcesDep, limit: Annotated[int, Query(ge=1, le=120)] = 24
) -> list[Month]:
    """List closed months with the departments that were latest, newest first."""
    query = select(monthly_rankings).order_by(_M.month_on.desc()).limit(limit)
    async with resources.database.transaction() as connection:
        rows = (await connection.execute(query)).all()
    return [_shown(row) for row in rows]


@routes.get("/months/{month}")
async def read_month(
    month: Annotated[str, Path(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")], resources: ResourcesDep
) -> Month:
    """Read a closed month as it was frozen."""
    query = select(monthly_rankings).where(_M.month_on == date.fromisoformat(f"{month}-01"))
    async with resources.database.transaction() as connection:
        row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"The month {month} is not evaluated.")
    return _shown(row)


async def close_months(connection: AsyncConnection, resources: Resources) -> int:
    """
    Evaluate every month that is over and was not evaluated, oldest first; return how many.

    However many processes wake, and however often, each month is evaluated once: its row is the proof.
    """
    now = resources.clock.now()
    last = (await connection.execute(select(func.max(_M.month_on)))).scalar_one()
    months = closed_months(last, now.astimezone(resources.settings.zone).date())
    done = 0
    for month in months:
        done += await _close(month, now, connection, resources)
    return done


async def _close(month: date, now: datetime, connection: AsyncConnection, resources: Resources) -> int:
    held = {"month_on": month, "evaluated_at": now, "ranking": [], "findings": []}
    mine = upsert(monthly_rankings).values(held).on_conflict_do_nothing().returning(_M.month_on)
    if (await connection.execute(mine)).one_or_none() is None:
        return 0
    standings = await _standings(span_of(month, resources.settings.zone), connection)
    ladder = (await resources.part(PublishedRules).current(connection)).ladder
    before = await _listed(month_before(month), connection)
    findings = []
    for rank, each in enumerate(latest(standings), start=1):
        months = months_in_a_row(each.department, before)
        rung = rung_for(months, ladder)
        notice = None if rung is None else await _tell(each, month, rung, connection, resources)
        findings.append(
            {
                **_counts(each),
                "rank": rank,
                "months": months,
                "level": rung and rung.level,
                "name": rung and rung.name,
                "notice": notice and str(notice),
            }
        )
    frozen = {"ranking": [_counts(each) for each in standings], "findings": findings}
    await connection.execute(monthly_rankings.update().where(_M.month_on == month).values(frozen))
    return 1


async def _standings(span: tuple[datetime, datetime], connection: AsyncConnection) -> Sequence[Standing]:
    """Count what fell due in that time by department; a clock that stands still has not fallen due."""
    late = or_(deadlines.c.settled_at.is_(None), deadlines.c.settled_at > deadlines.c.due_at)
    overdue = func.count().filter(late)
    query = (
        select(deadlines.c.department, overdue.label("overdue"), func.count().label("due"))
        .join(tickets, tickets.c.id == deadlines.c.ticket_id)
        .where(
            deadlines.c.clock == "department",
            deadlines.c.stage.in_(JOBS),
            deadlines.c.paused_at.is_(None),
            deadlines.c.due_at >= span[0],
            deadlines.c.due_at < span[1],
            tickets.c.historical.is_(False),
        )
        .group_by(deadlines.c.department)
        .order_by(overdue.desc(), deadlines.c.department)
    )
    return [Standing(row.department, row.overdue, row.due) for row in await connection.execute(query)]


async def _listed(month: date, connection: AsyncConnection) -> dict[str, int]:
    query = select(_M.findings).where(_M.month_on == month)
    found = (await connection.execute(query)).scalar_one_or_none()
    return {each["department"]: each["months"] for each in found or []}


async def _tell(
    each: Standing, month: date, rung: Rung, connection: AsyncConnection, resources: Resources
) -> UUID:
    words = f"{month:%Y年%m月}超期{each.overdue}件(应办结{each.due}件):{rung.effect}"
    message = Message("month", rung.name, words, (rung.receiver,), rung.cc, level=rung.level)
    row = await inform(message, Whose(each.department), connection, resources)
    now = resources.clock.now()
    calendar = (await resources.part(PublishedRules).current(connection)).calendar
    follows = [
        {
            "escalation_id": row["id"],
            "kind": str(kind),
            "department": each.department,
            "level": rung.level,
            "dated_at": span_of(month, resources.settings.zone)[1],
            "due_at": due_of(kind, now, calendar),
            "state": "open",
        }
        for kind in rung.consequences
    ]
    if follows:
        await ConsequenceStore(connection).add(follows)
    return row["id"]  # type: ignore[no-any-return]


def _counts(each: Standing) -> dict[str, Any]:
    return {"department": each.department, "overdue": each.overdue, "due": each.due}


def _shown(row: Row[Any]) -> Month:
    return Month(
        month=f"{row.month_on:%Y-%m}",
        evaluated_at=row.evaluated_at,
        ranking=[Ranked(**each) for each in row.ranking],
        findings=[Finding(**each) for each in row.findings],
    )
