"""Why the deadlines of a ticket are when they are, by the versions that decided each."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.account import account
from escalation.domain.explanation import Count, explain
from escalation.domain.workcalendar import WorkCalendar
from escalation.rulebook import CALENDAR, PublishedRules
from escalation.terms import terms_of
from schemas.base import Instant, Schema
from schemas.errors import CalendarExhausted, DeadlineUnreadable, Misconfigured
from services.resources import Resources

NONSENSE = (CalendarExhausted, Misconfigured, LookupError, TypeError, ValueError, OverflowError)
"""What reckoning raises for a row that was not written by this service."""

log = structlog.get_logger()


class Counted(Schema):
    """
    How the limit, or one extension, was used up: together the segments are the amount.

    Of minutes their lengths add up to it; of days there is one for each day counted, which
    `days` names.
    """

    amount: int
    unit: str
    segments: list[tuple[Instant, Instant]]
    days: list[date] | None = Field(description="Only of limits in days.")


class DeadlineExplanation(Schema):
    """
    From what a deadline is reckoned, by its own rule and calendar also after they were replaced.

    `counted` is the limit and then each extension, nothing where the due was set (`fixed`);
    `skipped` are the pauses before the due, merged.
    """

    sentence: str
    rule: str
    source: str
    calendar: str = Field(description="The version of the calendar that decided it.")
    due: Instant
    provisional: bool
    fixed: bool
    counted: list[Counted]
    skipped: list[tuple[Instant, Instant]]


async def explained(
    rows: Sequence[Any], connection: AsyncConnection, resources: Resources
) -> list[DeadlineExplanation]:
    """Return an explanation for each deadline, by its row; raises `DeadlineUnreadable`."""
    return [await _of(row, connection, resources) for row in rows]


async def _of(row: Any, connection: AsyncConnection, resources: Resources) -> DeadlineExplanation:
    try:
        calendars = await resources.part(PublishedRules).calendars(connection, row.versions[CALENDAR])
        return _explained(row, calendars.of(row.department), resources.settings.zone)
    except NONSENSE as fault:
        log.warning("deadline_unreadable", deadline=str(row.id), fault=str(fault))
        raise DeadlineUnreadable(
            f"时限{row.id}的记录有误,无法解释。", deadline=str(row.id), stage=row.stage
        ) from fault


def _explained(row: Any, calendar: WorkCalendar, zone: ZoneInfo) -> DeadlineExplanation:
    terms = terms_of(row)
    told = explain(terms, calendar)
    source = f"({row.source})" if row.source else ""
    return DeadlineExplanation(
        sentence=account(told, terms, f"依据{row.rule}{source},日历{calendar.version}", zone, row.paused_at),
        rule=row.rule,
        source=row.source,
        calendar=calendar.version,
        due=told.due.at,
        provisional=told.due.provisional,
        fixed=terms.fixed is not None,
        counted=[_counted(each) for each in told.counts],
        skipped=[(each.begins, each.ends) for each in told.skipped],
    )


def _counted(count: Count) -> Counted:
    amount = count.amount
    days = list(count.days) if amount.unit.counts_days else None
    return Counted(amount=amount.count, unit=amount.unit, segments=list(count.segments), days=days)
