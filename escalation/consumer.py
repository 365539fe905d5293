"""Consumer: events open and close deadlines."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.clock_store import ClockStore
from escalation.clocks import Clocks
from escalation.co_handling import HANDLERS
from escalation.corrected import on_corrected
from escalation.counted_rungs import count, count_barred_return, count_return
from escalation.domain.ladder import Counted
from escalation.domain.policy import DEPARTMENT_STAGES, Clock, Stage
from escalation.domain.told import RUNS_ON
from escalation.feedback import expect_feedback_again
from escalation.move import hold_clocks, run_on
from escalation.reopen import ASSIGNED_STAGES, on_redo_ordered, open_clocks
from escalation.request_store import TimeRequestStore
from escalation.several import Start, settle_all, start_all
from escalation.store import EscalationStore
from escalation.suspend import end_suspension
from schemas.events import (
    Assignment,
    TicketAdjudicated,
    TicketAssigned,
    TicketCalledBack,
    TicketClosed,
    TicketContacted,
    TicketDisputeOpened,
    TicketFedBack,
    TicketHandedOver,
    TicketJoined,
    TicketParked,
    TicketParted,
    TicketRecalled,
    TicketRegistered,
    TicketResolved,
    TicketReturned,
    TicketReturnGranted,
    TicketReturnRefused,
    TicketSigned,
    TicketTransferred,
    TicketWithdrawn,
)
from schemas.lifecycle import Step
from services.bus import Subscription
from services.bus.handling import about
from services.resources import Resources
from services.tickets import TicketStore, matter_of

DESK_STAGES = ("dispatch", "triage", "return_review", "adjudication")
FOLLOWING = {"ticket.resolved": Stage.CALLBACK, "ticket.closed": Stage.ARCHIVE}
"""What is still to be done in time once a ticket has ended so."""


async def on_registered(
    events: Sequence[TicketRegistered], connection: AsyncConnection, resources: Resources
) -> None:
    """Start the caller's clock, which nothing resets, and the desk's clock to dispatch."""
    stages = ("completion", "dispatch")
    starts = [Start(each, each.data, Clock.CITIZEN, stages, each.data.accepted_at) for each in events]
    await start_all(starts, connection, resources)


async def on_parked(event: TicketParked, connection: AsyncConnection, resources: Resources) -> None:
    """The machine has decided that a person must: the desk has a limit of its own for that."""
    clocks = await Clocks.of(event, connection, resources)
    await clocks.settle(Clock.CITIZEN, ("dispatch",), "parked")
    await clocks.start(event.data.matter, Clock.CITIZEN, ("triage",), event.time)


async def on_assigned(
    events: Sequence[TicketAssigned], connection: AsyncConnection, resources: Resources
) -> None:
    """Start the departments' clocks at the assignment, not at its signing."""
    usual = [each for each in events if _is_usual(each.data)]
    await settle_all(usual, Clock.CITIZEN, DESK_STAGES, "assigned", connection, resources)
    starts = [
        Start(
            each,
            each.data.matter,
            Clock.DEPARTMENT,
            ASSIGNED_STAGES,
            each.data.assigned_at,
            each.data.assignment_id,
            each.data.department,
        )
        for each in usual
    ]
    await start_all(starts, connection, resources)
    for event in events:
        if not _is_usual(event.data):
            with about(event):
                await _on_assigned_otherwise(event, connection, resources)


def _is_usual(given: Assignment) -> bool:
    """Say whether nobody has had the matter before, as far as a clock is concerned."""
    before = (given.binding, given.counts_from_at, given.matter.reopens)
    return not given.matter.historical and before == (None, None, None)


async def _on_assigned_otherwise(
    event: TicketAssigned, connection: AsyncConnection, resources: Resources
) -> None:
    """
    Start a department's clock where it does not simply begin.

    In a back file it is not known when the first was made; a later one is of our own time.
    Who had returned what was its matter goes on with the time it had: signing anew, not counted anew.
    """
    clocks = await Clocks.of(event, connection, resources)
    given = event.data
    of_old = given.matter.historical and await clocks.is_first(Step.ASSIGN)
    start = given.matter.accepted_at if of_old else given.assigned_at
    await clocks.settle(Clock.CITIZEN, DESK_STAGES, "assigned")
    open_for = partial(
        clocks.start,
        given.matter,
        Clock.DEPARTMENT,
        assignment_id=given.assignment_id,
        department=given.department,
    )
    if given.binding == "redo":
        await count(Counted.REDOS, event, given.department, given.assignment_id, connection, resources)
    if given.counts_from_at is None:
        redone = event.ticket if given.binding == "redo" else None
        await open_clocks(
            given.matter, given.department, start, open_for, connection, resources, redone=redone
        )
    else:
        climbed = await EscalationStore(connection).climbed(event.ticket, given.counts_from_at)
        had = await ClockStore(connection).terms(event.ticket, given.counts_from_at)
        await open_for([each for each in ASSIGNED_STAGES if each != "completion"], start)
        await open_for(("completion",), given.counts_from_at, climbed=climbed, kept=had)


async def on_handed_over(event: TicketHandedOver, connection: AsyncConnection, resources: Resources) -> None:
    """Its department was merged into another: the same clocks run on, under the other's name."""
    clocks = await Clocks.of(event, connection, resources)
    await clocks.hand_over(event.data)
    await TimeRequestStore(connection).hand_over(event.ticket, event.data)


async def on_signed(event: TicketSigned, connection: AsyncConnection, resources: Resources) -> None:
    """Signed: that clock stops."""
    await (await Clocks.of(event, connection, resources)).settle(Clock.DEPARTMENT, ("sign",), "signed")


async def on_contacted(event: TicketContacted, connection: AsyncConnection, resources: Resources) -> None:
    """The caller was contacted."""
    clocks = await Clocks.of(event, connection, resources)
    await clocks.settle(Clock.DEPARTMENT, ("sign", "contact"), "contacted")


async def on_fed_back(event: TicketFedBack, connection: AsyncConnection, resources: Resources) -> None:
    """The department has said what it is doing; that tells that it signed, not that it called."""
    clocks = await Clocks.of(event, connection, resources)
    await clocks.settle(Clock.DEPARTMENT, ("sign", "feedback"), "fed back")
    await expect_feedback_again(event, clocks, connection, resources)


async def on_returned(event: TicketReturned, connection: AsyncConnection, resources: Resources) -> None:
    """The hotline must say whether it agrees; the department's clock runs on until it does."""
    matter = matter_of(await TicketStore(connection).get(event.ticket))
    clocks = await Clocks.of(event, connection, resources)
    await clocks.start(matter, Clock.CITIZEN, ("return_review",), event.time)
    await count_return(event, connection, resources)


async def on_taken_away(
    event: TicketReturnGranted | TicketRecalled, connection: AsyncConnection, resources: Resources
) -> None:
    """The department is out of it; the desk must dispatch again. The caller's clock runs on."""
    await end_suspension(event, connection, resources)
    clocks = await Clocks.of(event, connection, resources)
    because = "returned" if isinstance(event, TicketReturnGranted) else "recalled"
    await clocks.settle(Clock.DEPARTMENT, DEPARTMENT_STAGES, because)
    await clocks.settle(Clock.CITIZEN, ("return_review",), "returned")
    await clocks.start(event.data.matter, Clock.CITIZEN, ("dispatch",), event.time)


async def on_return_refused(
    event: TicketReturnRefused, connection: AsyncConnection, resources: Resources
) -> None:
    """The same assignment goes on, as signed; no time is given back."""
    clocks = await Clocks.of(event, connection, resources)
    await clocks.settle(Clock.DEPARTMENT, ("sign",), "return refused")
    await clocks.settle(Clock.CITIZEN, ("return_review",), "return refused")


async def on_disputed(event: TicketDisputeOpened, connection: AsyncConnection, resources: Resources) -> None:
    """The hotline must adjudicate; the clock of the department that has it runs on until it does."""
    clocks = await Clocks.of(event, connection, resources)
    await clocks.start(event.data.matter, Clock.CITIZEN, ("adjudication",), event.time)
    await count_return(event, connection, resources)


async def on_adjudicated(event: TicketAdjudicated, connection: AsyncConnection, resources: Resources) -> None:
    """It is decided: who leads gets an assignment, and with it a clock, of its own."""
    await end_suspension(event, connection, resources)
    clocks = await Clocks.of(event, connection, resources)
    await clocks.settle(Clock.DEPARTMENT, DEPARTMENT_STAGES, "adjudicated")
    await clocks.settle(Clock.CITIZEN, ("adjudication",), "adjudicated")


async def on_joined(event: TicketJoined, connection: AsyncConnection, resources: Resources) -> None:
    """It is handled with its parent: the desk is done with it, its own caller's clock runs on."""
    clocks = await Clocks.of(event, connection, resources)
    await clocks.settle(Clock.CITIZEN, DESK_STAGES, "joined")


async def on_parted(event: TicketParted, connection: AsyncConnection, resources: Resources) -> None:
    """It is a matter of its own again, which the desk must dispatch; what stood still with it runs on."""
    await run_on(
        await hold_clocks(event.ticket, connection, resources), event.time, RUNS_ON, connection, resources
    )
    clocks = await Clocks.of(event, connection, resources)
    matter = matter_of(await TicketStore(connection).get(event.ticket))
    await clocks.start(matter, Clock.CITIZEN, ("dispatch",), event.time)


async def on_called_back(event: TicketCalledBack, connection: AsyncConnection, resources: Resources) -> None:
    """The caller was asked; who did not answer is still to be, and what is unfounded to be decided."""
    if event.data.outcome != "unreachable" and not event.data.unfounded:
        clocks = await Clocks.of(event, connection, resources)
        await clocks.settle(Clock.CITIZEN, (Stage.CALLBACK,), "called back")


async def on_ended(
    event: TicketResolved | TicketClosed | TicketWithdrawn | TicketTransferred,
    connection: AsyncConnection,
    resources: Resources,
) -> None:
    """Every clock stops. The caller of what was resolved is to be asked, what was closed to be archived."""
    await end_suspension(event, connection, resources)
    clocks = await Clocks.of(event, connection, resources)
    because = event.type.removeprefix("ticket.")
    await clocks.settle(Clock.DEPARTMENT, DEPARTMENT_STAGES, because)
    await clocks.settle(Clock.CITIZEN, ("completion", "statutory", *DESK_STAGES, Stage.CALLBACK), because)
    following = FOLLOWING.get(event.type)
    if following is None:
        return
    matter = matter_of(await TicketStore(connection).get(event.ticket))
    if following is not Stage.CALLBACK or matter.kept_by is None:  # a sub-centre asks its own callers
        await clocks.start(matter, Clock.CITIZEN, (following,), event.time)


supervision = Subscription(
    "escalation",
    {
        "ticket.parked": on_parked,
        "ticket.handed_over": on_handed_over,
        "ticket.signed": on_signed,
        "ticket.contacted": on_contacted,
        "ticket.fed_back": on_fed_back,
        "ticket.returned": on_returned,
        "ticket.return_granted": on_taken_away,
        "ticket.recalled": on_taken_away,
        "ticket.corrected": on_corrected,
        "ticket.redo_ordered": on_redo_ordered,
        "ticket.joined": on_joined,
        "ticket.parted": on_parted,
        "ticket.return_refused": on_return_refused,
        "ticket.dispute_opened": on_disputed,
        "ticket.adjudicated": on_adjudicated,
        **HANDLERS,
        "ticket.return_barred": count_barred_return,
        "ticket.called_back": on_called_back,
        "ticket.resolved": on_ended,
        "ticket.closed": on_ended,
        "ticket.withdrawn": on_ended,
        "ticket.transferred": on_ended,
    },
    together={"ticket.registered": on_registered, "ticket.assigned": on_assigned},
)
