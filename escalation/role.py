"""Escalation at a glance."""

from escalation.api import routes
from escalation.consumer import supervision
from escalation.domain.ladder import ladder_faults, rung_times
from escalation.domain.policy import limit_faults
from escalation.domain.worktime import add
from escalation.rulebook import PublishedRules, seed
from escalation.timer import timer
from schemas.errors import Misconfigured
from services.resources import Resources
from services.roles import Role


async def rules_hold(resources: Resources) -> None:
    """
    Refuse to serve with limits that contradict, a ladder out of order or a calendar too short.

    Every limit, with every rung that follows it, must end inside the calendar
    when counted from now.
    """
    async with resources.database.transaction() as connection:
        rulebook = await resources.part(PublishedRules).current(connection)
    faults = [*limit_faults(rulebook.limits), *ladder_faults(rulebook.ladder)]
    if faults:
        raise Misconfigured(f"The rules are out of order: {'; '.join(faults)}.")
    now = resources.clock.now()
    for limit in rulebook.limits:
        due = add(now, limit.amount, rulebook.calendar)
        rung_times(
            rulebook.ladder,
            stage=limit.stage,
            start=now,
            due=due.at,
            limit=limit.amount,
            calendar=rulebook.calendar,
        )


escalation = Role(
    "escalation", faces=[routes], consumers=[supervision], loops=[timer], checks=[rules_hold], seeds=[seed]
)
