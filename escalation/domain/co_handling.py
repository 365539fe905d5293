"""Until when a department that helps must answer its lead (协办): earlier than the lead must answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from escalation.domain.ladder import share_of
from escalation.domain.worktime import (
    Amount,
    Unit,
    WorkCalendar,
    add_working_days,
    subtract_working_days,
    working_days_between,
)

SHARE = 60
LEADS_OWN_DAYS = 1
LEADS_OWN_SHARE = 25


@dataclass(frozen=True, slots=True)
class LeadClock:
    """The lead's limit: since when it runs, until when, what it counts."""

    start: datetime
    due: datetime
    limit: Amount


def latest_due(lead: LeadClock, calendar: WorkCalendar) -> datetime:
    """
    Return the latest a co-handler may be given.

    The lead keeps its last working day, of a limit in minutes the last quarter: what is left
    when its own yellow card falls due.
    """
    if lead.limit.unit.counts_days:
        return subtract_working_days(lead.due, LEADS_OWN_DAYS, calendar)
    return share_of(lead.start, lead.due, 100 - LEADS_OWN_SHARE, lead.limit.unit, calendar)


def default_due(asked: datetime, lead: LeadClock, latest: datetime, calendar: WorkCalendar) -> datetime:
    """
    Return until when a co-handler has if nobody says: 60 % of the lead's limit, never later than the latest.

    The calendar is the co-handler's. Where an adjudication comes so late that the latest has
    passed, it has one working day.
    """
    if lead.limit.unit.counts_days:
        days = max(1, lead.limit.count * SHARE // 100)
        wanted = add_working_days(asked, days, calendar).at
    else:
        wanted = asked + (lead.due - lead.start) * SHARE / 100
    due = min(wanted, latest)
    return due if due > asked else add_working_days(asked, 1, calendar).at


def amount_between(start: datetime, due: datetime, unit: Unit, calendar: WorkCalendar) -> Amount:
    """Return how much time that is, in days where the lead's limit counts days."""
    if unit.counts_days:
        return Amount(max(0, working_days_between(start, due, calendar)), Unit.WORKING_DAYS)
    return Amount(max(0, (due - start) // timedelta(minutes=1)), Unit.WALL_MINUTES)
