"""Stages for which a publication gives a limit to assignments under way that had none."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.clock_store import steps_of
from escalation.domain.ending import ending
from escalation.domain.policy import Clock, Stage
from services.database import driver_of

NO_LIMIT = "no limit"
"""What is noted as the reason when a stage has no limit any more."""

MAY_BE_NEW = (Stage.SIGN, Stage.CONTACT, Stage.FEEDBACK)
"""What a department does before it is done; the desk's stages begin with the next step that asks for them."""

_HAD = """
SELECT d.ticket_id, min(h.version) AS since,
  array_agg(d.stage) FILTER (WHERE d.settled_because IS DISTINCT FROM $2) AS stages
FROM deadlines AS d JOIN tickets AS t ON t.id = d.ticket_id AND t.assignment_id = d.assignment_id
JOIN ticket_history AS h ON h.ticket_id = d.ticket_id AND h.event_id = d.opened_by
WHERE d.ticket_id = ANY($1::text[]) AND d.clock = 'department' GROUP BY d.ticket_id
"""
"""By ticket the stages its assignment has or had a limit for, and with which version that began."""


async def new_to(
    connection: AsyncConnection, wanted: Mapping[str, Sequence[Stage]]
) -> dict[str, list[Stage]]:
    """Return those of the stages wanted by ticket that its assignment never had, and has not done yet."""
    found: dict[str, list[Stage]] = {}
    if not wanted:
        return found
    had = await (await driver_of(connection)).fetch(_HAD, list(wanted), NO_LIMIT)
    steps = await steps_of(connection, [row["ticket_id"] for row in had])
    for ticket, since, stages in had:
        later = [(each.step, each.at) for each in steps[ticket] if each.version > since]
        found[ticket] = [
            stage
            for stage in wanted[ticket]
            if stage not in (stages or ()) and ending(Clock.DEPARTMENT, stage, later) is None
        ]
    return found
