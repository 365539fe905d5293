"""Answers to whoever must know a limit before its clock runs: the return window, a co-handler's time."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.co_handling import LeadClock, default_due, latest_due
from escalation.domain.policy import Clock, LimitRule, Stage, limits_of
from escalation.domain.worktime import add
from escalation.rulebook import PublishedRules, Rulebook
from escalation.store import DeadlineStore
from schemas.errors import Misconfigured
from schemas.events import Matter
from services.limits import CoDue, Keeper, Lead
from services.resources import Resources


async def return_until(
    matter: Matter, department: str, assigned_at: datetime, connection: AsyncConnection, resources: Resources
) -> datetime | None:
    """Return when a department's return window ends, in its own days; None for a matter that has none."""
    rulebook = await resources.part(PublishedRules).current(connection)
    limit = limit_of(matter, Stage.RETURN_WINDOW, rulebook)
    return None if limit is None else add(assigned_at, limit.amount, rulebook.calendar_of(department)).at


async def co_due(
    lead: Lead, department: str, asked_at: datetime, connection: AsyncConnection, resources: Resources
) -> CoDue:
    """
    Return a co-handler's time by the lead's clock, also before that clock is opened.

    The time it is given counts its own days; what the lead must keep of its limit, the lead's.
    """
    rulebook = await resources.part(PublishedRules).current(connection)
    limit = limit_of(lead.matter, Stage.COMPLETION, rulebook)
    if limit is None:
        raise Misconfigured("A matter has no limit to complete it.")
    due = await DeadlineStore(connection).completion_of(lead.assignment_id)
    leads = rulebook.calendar_of(lead.department)
    clock = LeadClock(lead.since, due or add(lead.since, limit.amount, leads).at, limit.amount)
    latest = latest_due(clock, leads)
    return CoDue(default_due(asked_at, clock, latest, rulebook.calendar_of(department)), latest)


def limit_of(matter: Matter, stage: Stage, rulebook: Rulebook) -> LimitRule | None:
    """Return a department's limit for a stage of a matter."""
    limits = limits_of(rulebook.limits, Clock.DEPARTMENT, matter)
    return next((each for each in limits if each.stage is stage), None)


keeper = Keeper(return_until=return_until, co_due=co_due)
