"""Consumer: where a limit for feedback repeats, the next is expected from each on."""

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.clocks import Clocks
from escalation.domain.policy import Clock, Stage, limits_of
from escalation.move import stop_new
from schemas.events import TicketFedBack
from services.resources import Resources
from services.tickets import TicketStore, matter_of


async def expect_feedback_again(
    event: TicketFedBack, clocks: Clocks, connection: AsyncConnection, resources: Resources
) -> None:
    """Start the clock of the next feedback; where this one came while clocks stand still, it does too."""
    matter = matter_of(await TicketStore(connection).get(event.ticket))
    limits = limits_of(clocks.rulebook.limits, Clock.DEPARTMENT, matter)
    if not any(each.repeats and each.stage is Stage.FEEDBACK for each in limits):
        return
    await clocks.start(
        matter,
        Clock.DEPARTMENT,
        (Stage.FEEDBACK,),
        event.time,
        assignment_id=event.data.assignment_id,
        department=event.data.department,
    )
    await stop_new(event, connection, resources)
