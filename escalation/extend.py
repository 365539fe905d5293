"""Use case: a department asks for more time (延期), and the hotline grants or refuses it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.allowances import allowances_in_force
from escalation.domain import told
from escalation.domain.allowance import (
    Extendable,
    ExtensionRule,
    by_law,
    extended,
    extension_refusal,
    extension_rule,
)
from escalation.domain.policy import Stage
from escalation.domain.worktime import Amount, Unit
from escalation.held import Held, hold
from escalation.move import Change, move
from escalation.procedure import statutory_limit
from escalation.request_store import EXTENSION, TimeRequestStore
from escalation.rulebook import PublishedRules, Rulebook
from escalation.terms import terms_of
from schemas.errors import AlreadyAsked, Forbidden, NotExtendable, NothingAsked
from schemas.events import (
    Extended,
    TicketExtensionAsked,
    TicketExtensionGranted,
    TicketExtensionRefused,
    TimeAsked,
    TimeRefused,
)
from schemas.lifecycle import Step
from schemas.ticket import Kind, Urgency
from schemas.time_requests import ExtensionReason, ExtensionRequest, TimeDecision, TimeRefusal
from services.resources import Resources
from services.security import CallerRole, Principal
from services.tickets import TicketRow, matter_of


async def ask_extension(
    ticket_id: str,
    said: ExtensionRequest,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """
    Ask for more time; return the ticket. The clock runs on until the hotline has granted it.

    Raises `AskedTooLate`, `NotExtendable`, `AlreadyAsked`, `Invalid` when the caller was not told.
    """
    held = await hold(ticket_id, principal, version, connection, resources)
    held.may(Step.ASK_EXTENSION)
    held.check_told(said.told)
    await check_none_waits(held)
    asked = Amount(said.amount, Unit(said.unit))
    await _check(held, asked, said.reason, held.now)
    row = request_row(held, "extension", said.reason, asked, said.note, said.told)
    await TimeRequestStore(connection).add(row)
    data = TimeAsked(**held.said(said.note), request_id=row["id"], **_asked(said.reason, asked))
    why = f"申请延期{told.much(asked)}({told.EXTENDED[said.reason]})"
    sentence = f"{why}:{said.note}{told.to_caller(said.told)}"
    return await held.step(Step.ASK_EXTENSION, TicketExtensionAsked, data, sentence)


async def grant_extension(
    ticket_id: str,
    said: TimeDecision,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """
    Grant the extension that waits; return the ticket. Its clock and its callers' move.

    It was asked for in time, so it may be granted later; what fell due meanwhile stays. Raises
    `NothingAsked`, and `Forbidden` for one that is not an agent's to decide.
    """
    held = await hold(ticket_id, principal, version, connection, resources)
    held.may(Step.GRANT_EXTENSION)
    asked = await waiting(held)
    amount = Amount(asked.amount, Unit(asked.unit))
    rule = await _check(held, amount, asked.reason, asked.asked_at)
    if rule.needs_supervisor(len(held.job.extensions)) and principal.role is CallerRole.AGENT:
        raise Forbidden("A further extension is for a supervisor to decide.")
    why = f"经批准延期{told.much(amount)}({told.EXTENDED[asked.reason]})"
    rulebook = await resources.part(PublishedRules).current(connection)
    changes = [
        Change(each, extended(terms_of(each), amount, rulebook.calendar_of(each.department)), why)
        for each in (held.job, *held.callers_clocks)
    ]
    moved = await move(changes, held.now, connection, resources)
    await TimeRequestStore(connection).decide(asked.id, "granted", held.now, held.actor, said.note)
    data = Extended(
        **held.said(said.note),
        request_id=asked.id,
        **_asked(asked.reason, amount),
        moved=[each for number, each in moved if number == ticket_id],
    )
    sentence = f"{why}:{said_moves(held, data.moved)}{told.to_caller(asked.told)}"
    await held.tell_joined(moved, f"主单{ticket_id}{why}")
    return await held.step(Step.GRANT_EXTENSION, TicketExtensionGranted, data, sentence)


async def refuse_extension(
    ticket_id: str,
    said: TimeRefusal,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    """Refuse the extension that waits; return the ticket. Its clock never stopped."""
    held = await hold(ticket_id, principal, version, connection, resources)
    held.may(Step.REFUSE_EXTENSION)
    asked = await waiting(held)
    await TimeRequestStore(connection).decide(asked.id, "refused", held.now, held.actor, said.note)
    data = TimeRefused(**held.said(said.note), request_id=asked.id)
    return await held.step(Step.REFUSE_EXTENSION, TicketExtensionRefused, data, f"不同意延期:{said.note}")


async def check_none_waits(held: Held, kinds: tuple[str, ...] = EXTENSION) -> None:
    """Raise `AlreadyAsked` while a request of these kinds waits."""
    found = await TimeRequestStore(held.connection).waiting_of(held.ticket.id, kinds)
    if found is not None:
        raise AlreadyAsked("A request waits for the hotline already.", request_id=str(found.id))


async def waiting(held: Held, kinds: tuple[str, ...] = EXTENSION) -> Row[Any]:
    """Return the request of these kinds that waits, of the assignment the ticket has; or `NothingAsked`."""
    found = await TimeRequestStore(held.connection).waiting_of(held.ticket.id, kinds)
    if found is None or found.assignment_id != held.ticket.assignment_id:
        raise NothingAsked("No such request of its department waits for a decision.")
    return found


def request_row(
    held: Held, kind: str, reason: str, amount: Amount, note: str, was_told: str | None
) -> dict[str, Any]:
    """Return a request as it is kept."""
    return {
        "id": uuid4(),
        "ticket_id": held.ticket.id,
        "assignment_id": held.ticket.assignment_id,
        "department": held.ticket.department,
        "kind": kind,
        "reason": str(reason),
        "amount": amount.count,
        "unit": str(amount.unit),
        "note": note,
        "told": was_told,
        "asked_at": held.now,
        "asked_by": held.actor,
        "due_at": held.job.due_at,
    }


def said_moves(held: Held, moved: list[Any]) -> str:
    """Say which deadlines of a ticket are another now."""
    zone = held.resources.settings.zone
    return told.moves([(each.clock, each.stage, each.was_due_at, each.due_at) for each in moved], zone)


def may_extend(
    ticket: Any,
    clock: Any,
    rulebook: Rulebook,
    allowed: Iterable[ExtensionRule],
    now: datetime,
    zone: ZoneInfo,
) -> bool:
    """Say whether any extension of a department's clock could still be given, for whatever reason."""
    rules = [_rule(ticket, clock, reason, rulebook, allowed) for reason in ExtensionReason]
    return any(
        extension_refusal(Amount(1, each.most.unit), _extendable(clock), each, now, zone) is None
        for each in rules
        if each is not None
    )


async def _check(held: Held, asked: Amount, reason: str, at: datetime) -> ExtensionRule:
    rulebook = await held.resources.part(PublishedRules).current(held.connection)
    allowed = (await allowances_in_force(held.connection, rulebook)).extensions
    rule = _rule(held.ticket, held.job, reason, rulebook, allowed)
    fault = extension_refusal(asked, _extendable(held.job), rule, at, held.resources.settings.zone)
    if fault is not None:
        raise fault
    if rule is None:
        raise NotExtendable("No extension is given to such a matter.", why="none")
    return rule


def _extendable(clock: Any) -> Extendable:
    terms = terms_of(clock)
    return Extendable(terms.limit, terms.extensions, clock.due_at)


def _rule(
    ticket: Any, clock: Any, reason: str, rulebook: Rulebook, allowed: Iterable[ExtensionRule]
) -> ExtensionRule | None:
    """Return by which rule a ticket may be extended: in a statutory procedure by its law alone."""
    if clock.stage == Stage.STATUTORY:
        limit = statutory_limit(rulebook, matter_of(ticket), clock.rule)
        return by_law(limit) if limit is not None else None
    return extension_rule(allowed, Urgency(ticket.urgency), Kind(ticket.kind), reason)


def _asked(reason: str, amount: Amount) -> dict[str, Any]:
    return {"reason": str(reason), "amount": amount.count, "unit": str(amount.unit)}
