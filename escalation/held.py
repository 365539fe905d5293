"""A ticket and its open deadlines, locked, while somebody changes what time it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.policy import JOBS, Clock, is_promise
from escalation.move import hold_clocks
from schemas.base import Schema
from schemas.errors import Invalid, NotTheLead, TicketNotFound, Unavailable
from schemas.events import DeadlinesMoved, DepartmentStep, Event, Moved, TicketDeadlinesMoved
from schemas.lifecycle import Status, Step, advance
from services.access import leads, may_see
from services.resources import Resources
from services.security import Principal
from services.steps import check_step
from services.tickets import TicketRow, TicketStore


@dataclass
class Held:
    """A locked ticket with its open deadlines, and who would change what time it has."""

    ticket: TicketRow
    clocks: Sequence[Any]
    connection: AsyncConnection
    resources: Resources
    actor: str
    now: datetime
    principal: Principal | None = None

    @property
    def status(self) -> Status:
        """Where the ticket stands."""
        return Status(self.ticket.status)

    @property
    def department_clocks(self) -> list[Any]:
        """The open deadlines of the assignment the ticket has."""
        mine = Clock.DEPARTMENT, self.ticket.assignment_id
        return [each for each in self.clocks if (each.clock, each.assignment_id) == mine]

    @property
    def callers_clocks(self) -> list[Any]:
        """The open deadlines that say what the caller was promised, and those of who was joined to it."""
        return [each for each in self.clocks if is_promise(each)]

    @property
    def job(self) -> Any:
        """The deadline by which the department is to be done; raises `Unavailable` until it is opened."""
        found = [each for each in self.department_clocks if each.stage in JOBS]
        if not found:
            raise Unavailable("The clock of this department is not opened yet; try again.")
        return found[0]

    def may(self, step: Step) -> None:
        """Raise unless the lifecycle lets who holds the ticket take this step now."""
        if self.principal is None:
            advance(self.status, step)
        else:
            check_step(self.ticket, step, self.principal)

    def check_told(self, told: str | None) -> None:
        """Raise `Invalid` unless the caller was told, or left no name to be told by."""
        if told is None and not self.ticket.caller["anonymous"]:
            raise Invalid("Say what the caller was told.", pointer="/told")

    def said(self, note: str | None) -> dict[str, Any]:
        """Return what the event of a step says of the department."""
        ticket = self.ticket
        step = DepartmentStep(assignment_id=ticket.assignment_id, department=ticket.department, note=note)
        return step.model_dump()

    async def step(
        self, step: Step, event: type[Event], data: Schema, note: str, before: str | None = None
    ) -> TicketRow:
        """Take a step and return the ticket as it then is."""
        store = TicketStore(self.connection)
        await store.advance(
            self.ticket, step, event, data, at=self.now, actor=self.actor, note=note, before=before
        )
        self.ticket = await store.get(self.ticket.id)
        return self.ticket

    async def tell_joined(self, moved: Sequence[tuple[str, Moved]], because: str) -> None:
        """Note on the tickets joined to this one that their callers were promised another due."""
        notes = [
            (
                TicketDeadlinesMoved(
                    ticket=number, time=self.now, data=DeadlinesMoved(moved=[each], because=because)
                ),
                Step.MOVE_DEADLINE,
                because,
            )
            for number, each in moved
            if number != self.ticket.id
        ]
        await TicketStore(self.connection).note(notes, actor=self.actor)


async def hold(
    ticket_id: str,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> Held:
    """
    Lock a ticket of this caller's with its open deadlines.

    Raises `TicketNotFound` for another's, `NotTheLead` for one it only helps with, and `Stale`.
    """
    store = TicketStore(connection)
    seen = (await store.get(ticket_id))._asdict()
    if not may_see(seen, principal):
        raise TicketNotFound(f"There is no ticket {ticket_id}.")
    if not leads(seen, principal):
        raise NotTheLead(f"{seen['department_name']} leads; you answer to it.", lead=seen["department"])
    clocks = await hold_clocks(ticket_id, connection, resources)
    ticket = await store.lock(ticket_id, version=version)
    if not leads(ticket._asdict(), principal):
        raise TicketNotFound(f"There is no ticket {ticket_id}.")
    return Held(ticket, clocks, connection, resources, principal.actor, resources.clock.now(), principal)
