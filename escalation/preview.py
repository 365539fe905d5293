"""Part of a preview: every limit a matter would have if it were registered and assigned now."""

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.consumer import ASSIGNED_STAGES
from escalation.domain.policy import Clock, LimitRule, limits_of
from escalation.domain.reason import because_of
from escalation.domain.worktime import add
from escalation.rulebook import PublishedRules, Rulebook
from schemas.events import Matter
from schemas.preview import LikelyDeadline
from services.resources import Resources
from services.tickets import Case

STAGES = {Clock.CITIZEN: ("dispatch", "completion"), Clock.DEPARTMENT: ASSIGNED_STAGES}
"""What begins with the registration and the assignment, when all goes as usual."""


async def likely_deadlines(
    case: Case, connection: AsyncConnection, resources: Resources
) -> list[LikelyDeadline]:
    """Return the limits in force, computed as the clocks will be, in the order they would end."""
    matter = case.matter
    rulebook = await resources.part(PublishedRules).current(connection)
    found = [
        _deadline(limit, matter, rulebook, resources)
        for clock in Clock
        for limit in limits_of(rulebook.limits, clock, matter)
        if limit.stage in STAGES[clock]
    ]
    return sorted(found, key=lambda each: (each.due_at, each.clock, each.stage))


def _deadline(limit: LimitRule, matter: Matter, rulebook: Rulebook, resources: Resources) -> LikelyDeadline:
    due = add(matter.accepted_at, limit.amount, rulebook.calendar)
    start = matter.accepted_at.astimezone(resources.settings.zone)
    return LikelyDeadline(
        clock=limit.clock,
        stage=limit.stage,
        due_at=due.at,
        provisional=due.provisional,
        rule=limit.rule,
        because=because_of(limit, start, rulebook.versions),
    )
