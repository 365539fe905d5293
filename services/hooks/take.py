"""Use case: take one command of a department's system, once, and answer with where its ticket stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import HotlineError, IdempotencyMismatch, TicketNotFound
from schemas.hook_errors import OccursInFuture, OlderThanApplied, RestsOnFuture, UnknownCommand
from services.access import may_see
from services.acting import act_as
from services.hooks.domain.sequence import Place, is_older
from services.hooks.domain.signature import TOLERANCE
from services.hooks.envelope import CommandAnswer, CommandIn, Order, Outcome, Standing, read
from services.hooks.figures import HookFigures
from services.hooks.store import InboxStore
from services.http import problem_body
from services.resources import Resources
from services.security import Principal
from services.steps import taken
from services.ticket_commands import TicketCommand, TicketCommands
from services.tickets import TicketStore

log = structlog.get_logger()

DATA = "/data"
"""Where in a message stands what its command's route takes as its body."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a message: the department by the secret that signed it."""

    principal: Principal
    department: str
    message_id: str


async def take(order: Order, sender: Sender, resources: Resources) -> bytes:
    """
    Return a command's answer, a `CommandAnswer`, or the one it had when it first came.

    What is refused is an answer. Raised is only what lets the same command succeed later.
    """
    answer, outcome = await resources.database.run(lambda each: _once(order, sender, each, resources))
    resources.part(HookFigures).decided(outcome)
    return answer


async def _once(
    order: Order, sender: Sender, connection: AsyncConnection, resources: Resources
) -> tuple[bytes, str]:
    inbox, now = InboxStore(connection, sender.department), resources.clock.now()
    try:
        known = await inbox.claim(order, sender.message_id, now)
    except IdempotencyMismatch as fault:
        return _written(CommandAnswer(id=order.id, outcome="refused", **_of(fault))), "repeated"
    if known is not None:
        return known, "repeated"
    answer, command = await _Taking(order, sender, connection, resources).decide(now)
    written = _written(answer)
    await inbox.decided(
        order.id,
        **_kept(command),
        outcome=answer.outcome,
        code=answer.problem and answer.problem["code"],
        answer=written,
    )
    return written, answer.outcome


class _Taking:
    """One command while it is decided about, in one transaction."""

    def __init__(
        self, order: Order, sender: Sender, connection: AsyncConnection, resources: Resources
    ) -> None:
        self._order, self._sender = order, sender
        self._connection, self._resources = connection, resources

    async def decide(self, now: datetime) -> tuple[CommandAnswer, CommandIn | None]:
        """Apply a command or refuse it; return the answer, and the command as far as it could be read."""
        said: CommandIn | None = None
        outcome: Outcome = "applied"
        fault: HotlineError | None = None
        try:
            said = self._read()
            await self._apply(said, now)
        except HotlineError as refusal:
            if refusal.status >= 500:
                _point_into_data(refusal)
                raise
            fault, outcome = refusal, "stale" if isinstance(refusal, OlderThanApplied) else "refused"
            log.info("hook_command_refused", department=self._sender.department, code=refusal.code)
        answer = CommandAnswer(
            id=self._order.id,
            command=said and said.command,
            ticket=said and said.ticket,
            outcome=outcome,
            state=said and await self._standing(said.ticket),
            **_of(fault),
        )
        return answer, said

    def _read(self) -> CommandIn:
        if self._order.fault is not None:
            raise self._order.fault
        said: CommandIn = read(CommandIn, self._order.said)
        return said

    async def _apply(self, said: CommandIn, now: datetime) -> None:
        with structlog.contextvars.bound_contextvars(ticket_id=said.ticket):
            command = self._command(said.command)
            data = read(command.says, said.data, DATA)
            await self._check_sequence(said, now)
            principal, resources = self._sender.principal, self._resources
            try:
                act_as(self._connection, principal, said.by)
                async with self._connection.begin_nested():  # what it wrote before it was refused is undone
                    await command.run(
                        said.ticket, data, principal, said.if_match, self._connection, resources
                    )
            except HotlineError as refusal:
                if command.when_refused is not None and refusal.status < 500:
                    await command.when_refused(refusal, said.ticket, principal, self._connection, resources)
                _point_into_data(refusal)
                raise

    def _command(self, name: str) -> TicketCommand:
        known = self._resources.part(TicketCommands).by_name
        if name not in known:
            raise UnknownCommand(f"There is no command {name}.", pointer="/command", known=sorted(known))
        return known[name]

    async def _check_sequence(self, said: CommandIn, now: datetime) -> None:
        """Lock the ticket and raise `OlderThanApplied` for what was done before what is applied."""
        ticket = await TicketStore(self._connection).lock(said.ticket)
        if not may_see(ticket._asdict(), self._sender.principal):
            raise TicketNotFound(f"There is no ticket {said.ticket}.")
        if said.occurred_at is not None and said.occurred_at > now + TOLERANCE:
            raise OccursInFuture(
                "It was done later than now.", pointer="/occurred_at", now_at=now.isoformat()
            )
        if said.version is not None and said.version > ticket.version:
            raise RestsOnFuture(
                f"The ticket is at version {ticket.version}.", pointer="/version", version=ticket.version
            )
        place, applied_at = await InboxStore(self._connection, self._sender.department).applied(ticket.id)
        if is_older(Place(said.occurred_at, said.version), place):
            raise _older(said, place, applied_at)

    async def _standing(self, ticket_id: str) -> Standing | None:
        try:
            ticket = await TicketStore(self._connection).get(ticket_id)
        except TicketNotFound:
            return None
        principal = self._sender.principal
        if not may_see(ticket._asdict(), principal):
            return None
        step, _ = await taken(ticket, principal, self._connection, self._resources)
        return Standing(**dict(step), due_at=ticket.due_at, return_until_at=ticket.return_until_at)


def _point_into_data(refusal: HotlineError) -> None:
    """Let a refusal point to its place in the message, not in the body the route would take."""
    place = refusal.facts.get("pointer")
    if isinstance(place, str) and place.startswith("/"):
        refusal.facts["pointer"] = DATA + place


def _older(said: CommandIn, place: Place, applied_at: datetime | None) -> OlderThanApplied:
    facts: dict[str, Any] = {
        "occurred_at": said.occurred_at and said.occurred_at.isoformat(),
        "last_occurred_at": place.occurred_at and place.occurred_at.isoformat(),
        "version": said.version,
        "last_version": place.version,
        "last_applied_at": applied_at and applied_at.isoformat(),
    }
    return OlderThanApplied("A later command of yours is applied to this ticket.", **facts)


def _of(fault: HotlineError | None) -> dict[str, Any]:
    return {"status": 200} if fault is None else {"status": fault.status, "problem": problem_body(fault)}


def _written(answer: CommandAnswer) -> bytes:
    return answer.model_dump_json().encode()


def _kept(said: CommandIn | None) -> dict[str, Any]:
    if said is None:
        return {}
    return {
        "command": said.command,
        "ticket_id": said.ticket,
        "occurred_at": said.occurred_at,
        "version": said.version,
        "by": said.by and said.by.model_dump(),
    }
