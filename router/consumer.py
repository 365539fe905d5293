"""Consumer: a registered ticket, or one whose return was granted, is dispatched."""

from sqlalchemy.ext.asyncio import AsyncConnection

from router.assign import dispatch
from schemas.events import TicketRegistered, TicketReturnGranted
from schemas.lifecycle import Status
from services.bus import Subscription
from services.resources import Resources
from services.tickets import TicketStore


async def on_waiting(
    event: TicketRegistered | TicketReturnGranted, connection: AsyncConnection, resources: Resources
) -> None:
    """Dispatch a ticket that waits for it; one a person has dispatched meanwhile is left alone."""
    ticket = await TicketStore(connection).lock(event.ticket)
    if ticket.status == Status.REGISTERED:
        await dispatch(ticket, connection, resources)


router = Subscription("router", {"ticket.registered": on_waiting, "ticket.return_granted": on_waiting})
