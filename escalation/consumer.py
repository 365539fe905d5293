"""Consumer: events open and close deadlines."""

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.supervise import CITIZEN, DEPARTMENT, Clocks
from schemas.events import (
    TicketAssigned,
    TicketClosed,
    TicketContacted,
    TicketParked,
    TicketRegistered,
    TicketResolved,
    TicketReturnGranted,
    TicketReturnRefused,
    TicketSigned,
)
from services.bus import Subscription
from services.resources import Resources

DESK_STAGES = ("dispatch", "triage")
DEPARTMENT_STAGES = ("sign", "contact", "feedback", "completion")


async def on_registered(event: TicketRegistered, connection: AsyncConnection, resources: Resources) -> None:
    """Start the caller's clock, which nothing resets, and the desk's clock to dispatch."""
    clocks = await Clocks.of(event, connection, resources)
    await clocks.start(event.data, CITIZEN, ("completion", "dispatch"), event.data.accepted_at)


async def on_parked(event: TicketParked, connection: AsyncConnection, resources: Resources) -> None:
    """The machine has decided that a person must: the desk has a limit of its own for that."""
    clocks = await Clocks.of(event, connection, resources)
    await clocks.settle(CITIZEN, ("dispatch",), "parked")
    await clocks.start(event.data.matter, CITIZEN, ("triage",), event.time)


async def on_assigned(event: TicketAssigned, connection: AsyncConnection, resources: Resources) -> None:
    """Start the department's clock at the assignment, not at its signing."""
    clocks = await Clocks.of(event, connection, resources)
    given = event.data
    start = given.matter.accepted_at if given.matter.historical else given.assigned_at
    await clocks.settle(CITIZEN, DESK_STAGES, "assigned")
    await clocks.start(
        given.matter,
        DEPARTMENT,
        DEPARTMENT_STAGES,
        start,
        assignment_id=given.assignment_id,
        department=given.department,
    )


async def on_signed(event: TicketSigned, connection: AsyncConnection, resources: Resources) -> None:
    """Signed: that clock stops."""
    await (await Clocks.of(event, connection, resources)).settle(DEPARTMENT, ("sign",), "signed")


async def on_contacted(event: TicketContacted, connection: AsyncConnection, resources: Resources) -> None:
    """The caller was contacted."""
    clocks = await Clocks.of(event, connection, resources)
    await clocks.settle(DEPARTMENT, ("sign", "contact"), "contacted")


async def on_return_granted(
    event: TicketReturnGranted, connection: AsyncConnection, resources: Resources
) -> None:
    """The department is out of it; the desk must dispatch again. The caller's clock runs on."""
    clocks = await Clocks.of(event, connection, resources)
    await clocks.settle(DEPARTMENT, DEPARTMENT_STAGES, "returned")
    await clocks.start(event.data.matter, CITIZEN, ("dispatch",), event.time)


async def on_return_refused(
    event: TicketReturnRefused, connection: AsyncConnection, resources: Resources
) -> None:
    """The same assignment goes on, as signed; no time is given back."""
    clocks = await Clocks.of(event, connection, resources)
    await clocks.settle(DEPARTMENT, ("sign",), "return refused")


async def on_ended(
    event: TicketResolved | TicketClosed, connection: AsyncConnection, resources: Resources
) -> None:
    """Resolved or closed: every clock stops."""
    clocks = await Clocks.of(event, connection, resources)
    because = event.type.removeprefix("ticket.")
    await clocks.settle(DEPARTMENT, DEPARTMENT_STAGES, because)
    await clocks.settle(CITIZEN, ("completion", *DESK_STAGES), because)


supervision = Subscription(
    "escalation",
    {
        "ticket.registered": on_registered,
        "ticket.parked": on_parked,
        "ticket.assigned": on_assigned,
        "ticket.signed": on_signed,
        "ticket.contacted": on_contacted,
        "ticket.return_granted": on_return_granted,
        "ticket.return_refused": on_return_refused,
        "ticket.resolved": on_ended,
        "ticket.closed": on_ended,
    },
)
