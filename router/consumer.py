"""Consumer: what waits is dispatched, what was corrected follows its matter, what ended is let go."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from router.assign import ROUTER, Dispatching, dispatch
from router.co_handling import Because, end_co_handling
from router.join import answer_children, hand_down, hold_matters, join_or_dispatch, part, with_neighbours
from router.redo import on_called_back, on_unfounded_refused
from router.reroute import reroute
from router.returns_store import ReturnStore
from router.store import AssignmentStore
from schemas.events import (
    TicketCorrected,
    TicketParted,
    TicketRegistered,
    TicketResolved,
    TicketReturnGranted,
    TicketTransferred,
    TicketWithdrawn,
)
from schemas.lifecycle import Status
from services.bus import Subscription
from services.bus.handling import about
from services.resources import Resources
from services.tickets import TicketStore

ROUTED_BY = frozenset({"category", "division", "places", "attributes"})
WORDS = frozenset({"title", "text"})
"""Rows may go by words too; whoever only mends a text is not told that nothing has moved."""


async def on_registered(
    events: Sequence[TicketRegistered], connection: AsyncConnection, resources: Resources
) -> None:
    """
    Join each ticket to the one that is about the same matter, or dispatch it.

    Those that have no other near them are dispatched in one go, the rest one after the other.
    """
    asked = [each.ticket for each in events]
    await hold_matters(connection, asked)
    store, dispatching = TicketStore(connection), Dispatching(connection, resources)
    locked = {each.id: each for each in await store.lock_all(asked)}
    crowded = await with_neighbours(list(locked.values()), connection, resources)
    for event in events:
        ticket = locked.get(event.ticket)
        if ticket is not None and ticket.id not in crowded and ticket.status == Status.REGISTERED:
            with about(event):
                await dispatching.add(ticket)
    await dispatching.write()
    for event in events:
        if event.ticket in locked and event.ticket not in crowded:
            continue
        with about(event):
            ticket = await store.lock(event.ticket)  # what another became may have changed it
            if ticket.status == Status.REGISTERED:
                await join_or_dispatch(ticket, connection, resources)


async def on_waiting(
    event: TicketReturnGranted | TicketParted, connection: AsyncConnection, resources: Resources
) -> None:
    """Dispatch a ticket that waits for it; one a person has dispatched meanwhile is left alone."""
    ticket = await TicketStore(connection).lock(event.ticket)
    if ticket.status == Status.REGISTERED:
        await dispatch(ticket, connection, resources)


async def on_corrected(event: TicketCorrected, connection: AsyncConnection, resources: Resources) -> None:
    """
    Move a ticket of which something was corrected that its department depends on, if it must move.

    What came into confidence tells nothing of what changed, and is answered with no other.
    """
    changed = event.data.changed.keys()
    if changed and not (ROUTED_BY | WORDS) & changed:
        return
    ticket = await TicketStore(connection).lock(event.ticket)
    if ticket.status == Status.JOINED and ticket.confidential:
        because = "更正后属于保密通道事项,单独办理"
        await part(ticket, because, connection, at=resources.clock.now())
    else:
        await reroute(ticket, connection, resources, quietly=bool(changed) and not ROUTED_BY & changed)


async def on_resolved(event: TicketResolved, connection: AsyncConnection, resources: Resources) -> None:
    """End what is open of a ticket whose sub-centre reported it resolved; of ours all ended with the step."""
    told = event.data
    if told.assignment_id is not None:
        await AssignmentStore(connection).end_one(told.assignment_id, event.time, "resolved")
    ticket = await TicketStore(connection).lock(event.ticket)
    await end_co_handling(ticket.id, "resolved", connection, at=event.time, actor=ROUTER)
    await answer_children(ticket, told, connection, resources.clock.now(), ROUTER)


async def on_gone(
    event: TicketWithdrawn | TicketTransferred, connection: AsyncConnection, resources: Resources
) -> None:
    """Nobody handles it any more: end its assignment, clear the desk, let its eldest child take its place."""
    because = event.type.removeprefix("ticket.")
    store = AssignmentStore(connection)
    await store.end(event.ticket, event.time, because)
    await store.unpark(event.ticket, event.time)
    await ReturnStore(connection).decide(
        event.ticket, "dropped", at=event.time, by=ROUTER, because=event.data.note
    )
    ended: Because = "withdrawn" if isinstance(event, TicketWithdrawn) else "transferred"
    await end_co_handling(event.ticket, ended, connection, at=event.time, actor=ROUTER)
    await hand_down(event.ticket, f"原主单{event.ticket}已撤回或移交", connection, resources.clock.now())


router = Subscription(
    "router",
    {
        "ticket.return_granted": on_waiting,
        "ticket.parted": on_waiting,
        "ticket.corrected": on_corrected,
        "ticket.called_back": on_called_back,
        "ticket.unfounded_refused": on_unfounded_refused,
        "ticket.resolved": on_resolved,
        "ticket.withdrawn": on_gone,
        "ticket.transferred": on_gone,
    },
    together={"ticket.registered": on_registered},
)
