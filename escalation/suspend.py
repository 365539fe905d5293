"""Use case: clocks stand still while nobody can work (挂起), by the hotline's leave, and run on again."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.allowances import allowances_in_force
from escalation.climb import WORKER
from escalation.domain import told
from escalation.domain.allowance import lateness, suspension_refusal, suspension_rule
from escalation.domain.worktime import Amount, Unit
from escalation.extend import check_none_waits, request_row, said_moves, waiting
from escalation.held import Held, hold
from escalation.move import hold_clocks, run_on, stop
from escalation.request_store import RENEWAL, SUSPENSION, SuspensionStore, TimeRequestStore
from escalation.rulebook import PublishedRules
from schemas.errors import AlreadySuspended, NotSuspended
from schemas.events import (
    Resumed,
    Suspended,
    TicketResumed,
    TicketSuspended,
    TicketSuspensionAsked,
    TicketSuspensionRefused,
    TimeAsked,
    TimeRefused,
)
from schemas.lifecycle import Status, Step
from schemas.time_requests import Resumption, SuspensionRequest, TimeDecision, TimeRefusal
from services.clock import rest_until
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketRow, TicketStore

BELL = "suspensions"
BATCH = 100
POLL_SECONDS = 30.0


async def ask_suspension(
    ticket_id: str,
    said: SuspensionRequest,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """
    Ask that the clocks stand still; return the ticket. They run until the hotline has agreed.

    Raises `AlreadySuspended`, `NotSuspendable`, `AskedTooLate`, `AlreadyAsked`.
    """
    held = await hold(ticket_id, principal, version, connection, resources)
    held.may(Step.ASK_SUSPENSION)
    if (standing := await SuspensionStore(connection).open(ticket_id)) is not None:
        raise _suspended_already(standing)
    _check_not_late(held)
    return await _ask(held, said, "suspension", "申请挂起", renewed=0)


async def ask_renewal(
    ticket_id: str,
    said: SuspensionRequest,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """
    Ask that clocks which stand still do so longer; return the ticket.

    Raises `NotSuspended`, `NotSuspendable`, `AlreadyAsked`.
    """
    held = await hold(ticket_id, principal, version, connection, resources)
    standing = await _standing(held)
    return await _ask(held, said, "renewal", "申请续挂", renewed=standing.renewed + 1)


async def grant_suspension(
    ticket_id: str,
    said: TimeDecision,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """
    Agree that the clocks stand still, from this moment on, or do so longer; return the ticket.

    Raises `NothingAsked`, and `AskedTooLate` where the due has passed before it was decided.
    """
    held = await hold(ticket_id, principal, version, connection, resources)
    held.may(Step.SUSPEND)
    asked = await waiting(held, SUSPENSION)
    await TimeRequestStore(connection).decide(asked.id, "granted", held.now, held.actor, said.note)
    if asked.kind == "renewal":
        return await _renew(held, asked, said)
    _check_not_late(held)
    return await _begin(held, asked, said)


async def refuse_suspension(
    ticket_id: str,
    said: TimeRefusal,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """Refuse that the clocks stand still, or do so longer; return the ticket."""
    held = await hold(ticket_id, principal, version, connection, resources)
    held.may(Step.REFUSE_SUSPENSION)
    asked = await waiting(held, SUSPENSION)
    await TimeRequestStore(connection).decide(asked.id, "refused", held.now, held.actor, said.note)
    data = TimeRefused(**held.said(said.note), request_id=asked.id)
    return await held.step(Step.REFUSE_SUSPENSION, TicketSuspensionRefused, data, f"不同意挂起:{said.note}")


async def resume(
    ticket_id: str,
    said: Resumption,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """Let the clocks run on; return the ticket, which goes back to where it stood. Raises `NotSuspended`."""
    held = await hold(ticket_id, principal, version, connection, resources)
    return await _resume(held, await _standing(held), "by_hand", said.note)


async def end_suspension(event: Any, connection: AsyncConnection, resources: Resources) -> None:
    """
    Let the clocks run on of a ticket that has ended or was taken from its department.

    What was asked for and not decided is dropped.
    """
    ticket_id, at = event.ticket, event.time
    because = event.type.removeprefix("ticket.")
    store = SuspensionStore(connection)
    standing = await store.open(ticket_id)
    if standing is not None and standing.from_at <= at:
        rows = await hold_clocks(ticket_id, connection, resources)
        await run_on(rows, min(at, standing.until_at), told.RUNS_ON, connection, resources)
        await store.end(standing.id, min(at, standing.until_at), because)
    await TimeRequestStore(connection).drop(ticket_id, at, WORKER, because)


async def resume_due(connection: AsyncConnection, resources: Resources) -> int:
    """Resume some tickets whose time to stand still is up, each as of that moment; return how many."""
    resumed = 0
    for each in await SuspensionStore(connection).over(resources.clock.now(), BATCH):
        clocks = await hold_clocks(each.ticket_id, connection, resources)
        ticket = await TicketStore(connection).lock(each.ticket_id)
        standing = await SuspensionStore(connection).open(each.ticket_id)
        held = Held(ticket, clocks, connection, resources, WORKER, resources.clock.now())
        if ticket.status == Status.SUSPENDED and standing is not None and standing.until_at <= held.now:
            await _resume(held, standing, "time_is_up", None)
            resumed += 1
    return resumed


async def resuming(resources: Resources) -> None:
    """Loop: resume what stood still as long as it may; a moment is kept, never the beat of this loop."""
    bell = resources.wakeups.bell(BELL)
    while True:
        looked_at = resources.clock.now()
        resumed, until = await resources.database.run(lambda connection: _look(connection, resources))
        if not resumed:
            await rest_until(resources.clock, looked_at, until, bell, POLL_SECONDS)


async def _look(connection: AsyncConnection, resources: Resources) -> tuple[int, datetime | None]:
    """Resume what is due; return how many, and when the next is."""
    resumed = await resume_due(connection, resources)
    return resumed, await SuspensionStore(connection).next_until()


async def _ask(held: Held, said: SuspensionRequest, kind: str, words: str, *, renewed: int) -> TicketRow:
    held.check_told(said.told)
    await check_none_waits(held, SUSPENSION)
    rulebook = await held.resources.part(PublishedRules).current(held.connection)
    allowed = (await allowances_in_force(held.connection, rulebook)).suspensions
    stood = await SuspensionStore(held.connection).stood(held.ticket.id, said.reason)
    fault = suspension_refusal(said.days, renewed, suspension_rule(allowed, said.reason), stood)
    if fault is not None:
        raise fault
    days = Amount(said.days, Unit.CALENDAR_DAYS)
    row = request_row(held, kind, said.reason, days, said.note, said.told)
    await TimeRequestStore(held.connection).add(row)
    data = TimeAsked(
        **held.said(said.note),
        request_id=row["id"],
        reason=said.reason,
        amount=days.count,
        unit=str(days.unit),
    )
    why = f"{words}{told.much(days)}({told.SUSPENDED[said.reason]})"
    sentence = f"{why}:{said.note}{told.to_caller(said.told)}"
    return await held.step(Step.ASK_SUSPENSION, TicketSuspensionAsked, data, sentence)


async def _begin(held: Held, asked: Row[Any], said: TimeDecision) -> TicketRow:
    until = held.now + timedelta(days=asked.amount)
    row = {
        "id": uuid4(),
        "ticket_id": held.ticket.id,
        "assignment_id": held.ticket.assignment_id,
        "department": held.ticket.department,
        "reason": asked.reason,
        "status_before": held.ticket.status,
        "from_at": held.now,
        "until_at": until,
    }
    await SuspensionStore(held.connection).begin(row)
    await stop([*held.department_clocks, *held.callers_clocks], held.now, held.connection)
    return await _suspended(held, asked, said, held.now, until, "挂起")


async def _renew(held: Held, asked: Row[Any], said: TimeDecision) -> TicketRow:
    standing = await _standing(held)
    until = standing.until_at + timedelta(days=asked.amount)
    await SuspensionStore(held.connection).renew(standing.id, until)
    return await _suspended(held, asked, said, standing.from_at, until, "续挂")


async def _suspended(
    held: Held, asked: Row[Any], said: TimeDecision, since: datetime, until: datetime, word: str
) -> TicketRow:
    data = Suspended(
        **held.said(said.note),
        reason=asked.reason,
        from_at=since,
        until_at=until,
        renewed=asked.kind == "renewal",
    )
    until_said = told.moment(until, held.resources.settings.zone)
    why = f"同意{word}({told.SUSPENDED[asked.reason]}),时限停止计算,最迟{until_said}恢复"
    return await held.step(Step.SUSPEND, TicketSuspended, data, f"{why}{told.to_caller(asked.told)}")


async def _resume(
    held: Held, standing: Row[Any], because: Literal["by_hand", "time_is_up"], note: str | None
) -> TicketRow:
    at, zone = min(held.now, standing.until_at), held.resources.settings.zone
    why = f"挂起{told.moment(standing.from_at, zone)}至{told.moment(at, zone)},不计入时限"
    moved = await run_on(held.clocks, at, why, held.connection, held.resources)
    await SuspensionStore(held.connection).end(standing.id, at, because)
    await TimeRequestStore(held.connection).drop(held.ticket.id, held.now, held.actor, "resumed", RENEWAL)
    data = Resumed(
        **held.said(note),
        because=because,
        from_at=at,
        moved=[each for number, each in moved if number == held.ticket.id],
    )
    word = "恢复办理" if because == "by_hand" else "挂起期满,自动恢复办理"
    sentence = f"{word}:{said_moves(held, data.moved)}" + (f";{note}" if note else "")
    await held.tell_joined(moved, why)
    before = standing.status_before
    return await held.step(Step.RESUME, TicketResumed, data, sentence, before)


async def _standing(held: Held) -> Row[Any]:
    """Return the suspension that lasts; raises `NotSuspended` where none does, or its time is up."""
    standing = await SuspensionStore(held.connection).open(held.ticket.id)
    if standing is None or held.status is not Status.SUSPENDED:
        raise NotSuspended("The clocks of this ticket are running.")
    return standing


def _suspended_already(standing: Row[Any]) -> AlreadySuspended:
    return AlreadySuspended(
        "The clocks of this ticket stand still already; ask for a renewal.",
        since_at=standing.from_at.isoformat(),
        until_at=standing.until_at.isoformat(),
    )


def _check_not_late(held: Held) -> None:
    if (late := lateness(held.job.due_at, held.now, held.resources.settings.zone)) is not None:
        raise late
