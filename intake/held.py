"""One agent's step on one ticket: once per key, at the version they read, answered with the ticket."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.view import ticket_of
from schemas.base import Schema
from schemas.errors import TicketNotFound
from schemas.events import Event
from schemas.lifecycle import Step
from schemas.ticket import Ticket
from services.access import may_see
from services.authorization import PrincipalDep
from services.commands import CommandsDep, VersionDep
from services.http import ResourcesDep
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketRow, TicketStore

Found = TypeVar("Found")


@dataclass
class Held:
    """A locked ticket, and what a step on it needs; `ticket` is as the last step left it."""

    ticket: TicketRow
    connection: AsyncConnection
    resources: Resources
    principal: Principal
    now: datetime

    async def step(
        self, step: Step, event: type[Event], data: Schema, note: str | None, **changes: Any
    ) -> None:
        """Take the step; raises `IllegalTransition` with the steps that are allowed."""
        store = TicketStore(self.connection)
        actor = self.principal.actor
        await store.advance(self.ticket, step, event, data, at=self.now, actor=actor, note=note, **changes)
        self.ticket = await store.get(self.ticket.id)


class Holding:
    """Holds a ticket while a step is taken on it."""

    def __init__(
        self,
        ticket_id: str,
        commands: CommandsDep,
        principal: PrincipalDep,
        resources: ResourcesDep,
        version: VersionDep,
    ) -> None:
        self._ticket_id = ticket_id
        self._commands = commands
        self._principal = principal
        self._resources = resources
        self._version = version

    async def run(
        self,
        work: Callable[[Held], Awaitable[Found]],
        answer: Callable[[Ticket, Found], Schema] = lambda ticket, _: ticket,
    ) -> Response:
        """Answer with the ticket after the work and what it found, or as the first time this key was used."""

        async def locked(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
            ticket = await TicketStore(connection).lock(self._ticket_id, version=self._version)
            if not may_see(ticket._asdict(), self._principal):
                raise TicketNotFound(f"There is no ticket {self._ticket_id}.")
            now = self._resources.clock.now()
            held = Held(ticket, connection, self._resources, self._principal, now)
            found = await work(held)
            row = held.ticket._asdict()
            shown = await ticket_of(row, self._principal, connection, self._resources)
            return answer(shown, found), {"etag": f'"{shown.version}"'}

        return await self._commands.run(locked)


HoldingDep = Annotated[Holding, Depends()]
