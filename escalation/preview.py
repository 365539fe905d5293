"""Part of a preview: every limit a matter would have if it were registered and assigned now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.commitments import with_promises
from escalation.domain.policy import Clock, LimitRule, Stage, limits_of
from escalation.domain.reason import also_granted, because_of
from escalation.domain.reckoning import Terms, reckon
from escalation.domain.workcalendar import WorkCalendar
from escalation.reopen import ASSIGNED_STAGES, open_clocks
from escalation.rulebook import PublishedRules, Rulebook
from schemas.events import Matter
from schemas.preview import LikelyDeadline
from services.resources import Resources
from services.tickets import Case

REGISTERED_STAGES = (Stage.DISPATCH, Stage.COMPLETION)


async def likely_deadlines(
    case: Case, found: Mapping[str, Any], connection: AsyncConnection, resources: Resources
) -> list[LikelyDeadline]:
    """
    Return the limits in force, computed as the clocks will be, in the order they would end.

    Those of the department are by its own days and promises, by the city's where a person must say who.
    """
    matter, department = case.matter, found["department"].department
    rulebook = await resources.part(PublishedRules).current(connection)
    foreseen = _Foreseen(matter, rulebook, connection)
    await foreseen.open(Clock.CITIZEN, None, REGISTERED_STAGES, matter.accepted_at)
    open_for = partial(foreseen.open, Clock.DEPARTMENT, department)
    if department is None:
        await open_for(ASSIGNED_STAGES, matter.accepted_at)
    else:
        await open_clocks(matter, department, matter.accepted_at, open_for, connection, resources)
    return sorted(foreseen.deadlines, key=lambda each: (each.due_at, each.clock, each.stage))


@dataclass
class _Foreseen:
    """The clocks of a matter that nobody has registered, opened on paper."""

    matter: Matter
    rulebook: Rulebook
    connection: AsyncConnection
    deadlines: list[LikelyDeadline] = field(default_factory=list)

    async def open(
        self,
        clock: Clock,
        department: str | None,
        stages: Sequence[str],
        at: datetime,
        *,
        kept: Terms | None = None,
        **_: Any,
    ) -> None:
        """Note the deadlines `escalation.clocks.Clocks.start` would keep."""
        calendar = self.rulebook.calendar_of(department)
        every = limits_of(self.rulebook.limits, clock, self.matter)
        wanted = [each for each in every if each.stage in stages]
        limits = await with_promises(wanted, department, self.matter, at, calendar, self.connection)
        self.deadlines += [self._deadline(each, at, kept, calendar) for each in limits]

    def _deadline(
        self, limit: LimitRule, at: datetime, kept: Terms | None, calendar: WorkCalendar
    ) -> LikelyDeadline:
        terms = replace(kept or Terms(at, limit.amount), start=at, limit=limit.amount)
        due = reckon(terms, calendar)
        because = because_of(limit, at.astimezone(self.rulebook.calendar.zone), self.rulebook.versions)
        return LikelyDeadline(
            clock=limit.clock,
            stage=limit.stage,
            due_at=due.at,
            provisional=due.provisional,
            rule=limit.rule,
            because=because + also_granted(terms),
        )
