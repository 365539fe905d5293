"""Consumers for the tests: each event leaves a row, and trouble comes after the work, before the commit."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events import DepartmentStep, TicketSigned
from services.bus import Handler, Subscription
from services.resources import Resources
from tests.services.bus.buses import Bus
from tests.services.bus.waiting import until

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

Trouble = Callable[[TicketSigned], Awaitable[None]]

EFFECTS = """
    CREATE TABLE effects (
        number bigserial PRIMARY KEY, consumer text, process text, ticket text, version int, event_id uuid
    )
"""
NOTE = text(
    "INSERT INTO effects (consumer, process, ticket, version, event_id) "
    "VALUES (:consumer, :process, :ticket, :version, :event_id)"
)


def signed(ticket: str, version: int = 1) -> TicketSigned:
    """An event of a ticket, numbered by its version."""
    step = DepartmentStep(assignment_id=uuid4(), department="water", note="已签收")
    return TicketSigned(ticket=ticket, time=MORNING, version=version, data=step)


async def none(_: TicketSigned) -> None:
    """No trouble."""


class Clerk:
    """A consumer by name; its effects are rows, kept in the handler's own transaction."""

    def __init__(self, bus: Bus, name: str = "clerk") -> None:
        self.name = name
        self.trouble: Trouble = none
        self._bus = bus

    def subscription(self, process: str = "first") -> Subscription:
        return Subscription(self.name, {"ticket.signed": self._handler(process)})

    def _handler(self, process: str) -> Handler:
        async def handle(event: Any, connection: AsyncConnection, _: Resources) -> None:
            values = {"ticket": event.ticket, "version": event.version, "event_id": event.id}
            await connection.execute(NOTE, {"consumer": self.name, "process": process, **values})
            await self.trouble(event)

        return handle

    async def effects(self) -> list[Any]:
        """What it did, in the order it did it."""
        query = "SELECT * FROM effects WHERE consumer = :name ORDER BY number"
        return await self._bus.rows(query, name=self.name)

    async def count(self, process: str = "%") -> int:
        """How many effects it had, in all processes or in one."""
        query = "SELECT count(*) FROM effects WHERE consumer = :name AND process LIKE :process"
        return int((await self._bus.rows(query, name=self.name, process=process))[0][0])

    async def handles(self, *events: TicketSigned) -> None:
        """Wait until these events, and no others, took effect once each."""
        await until(self.count, lambda count: count >= len(events))
        assert sorted(row.event_id for row in await self.effects()) == sorted(each.id for each in events)
