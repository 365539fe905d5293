"""Consumer: where a limit for feedback repeats, the next is expected from each on."""

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.clocks import Clocks
from escalation.domain.policy import Clock, Stage, limits_of
from escalation.move import hold_clocks, stop
from escalation.request_store import SuspensionStore
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
    standing = await SuspensionStore(connection).open(event.ticket)
    if standing is not None and standing.from_at <= event.time:
        rows = await hold_clocks(event.ticket, connection, resources)
        await stop([each for each in rows if each.opened_by == event.id], event.time, connection)
