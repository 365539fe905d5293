"""What a caller may do with tickets now: what the lifecycle lets them, less what is known to be refused."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.lifecycle import Step
from services.access import steps_for
from services.resources import Resources
from services.security import Principal
from services.tables import ticket_claims

Rows = Sequence[Mapping[str, Any]]
Refused = Mapping[str, Collection[Step]]
"""The steps that would be refused, by the ticket's number."""

AT_THE_DESK = frozenset({Step.ASSIGN, Step.JOIN, Step.PART, Step.TRANSFER})
NOT_IN_CONFIDENCE = frozenset({Step.CO_ASSIGN, Step.ADJUDICATE})


@dataclass(frozen=True, slots=True)
class Refuses:
    """Who knows of some `steps`, without what would be said with them, that they would be refused."""

    steps: frozenset[Step]
    ask: Callable[[Rows, Principal, AsyncConnection, Resources], Awaitable[Refused]]


class Offers:
    """
    What is offered of tickets, asked of all who know of a guard (`schemas.guards`) that it does not hold.

    The composition root adds those of every role, also of roles this process does not run.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._known = [Refuses(AT_THE_DESK, _held_by_others)]

    def add(self, known: Iterable[Refuses]) -> None:
        """Take what a role knows."""
        self._known += [each for each in known if each not in self._known]

    async def of(
        self, tickets: Rows, principal: Principal, connection: AsyncConnection
    ) -> dict[str, list[Step]]:
        """Return the steps this caller may take now, by the ticket's number; one question for all of them."""
        now = self._resources.clock.now()
        offered = {each["id"]: steps_for(each, principal) for each in tickets}
        refused: dict[str, set[Step]] = {each["id"]: set(_by_itself(each, now)) for each in tickets}
        for each in self._known:
            asked = [ticket for ticket in tickets if each.steps & set(offered[ticket["id"]])]
            if asked:
                known = await each.ask(asked, principal, connection, self._resources)
                for ticket_id, steps in known.items():
                    refused[ticket_id] |= set(steps)
        return {
            ticket_id: [each for each in steps if each not in refused[ticket_id]]
            for ticket_id, steps in offered.items()
        }


async def offered(
    ticket: Mapping[str, Any], principal: Principal, connection: AsyncConnection, resources: Resources
) -> list[Step]:
    """Return the steps this caller may take on a ticket now, by its row."""
    return (await resources.part(Offers).of([ticket], principal, connection))[ticket["id"]]


def _by_itself(ticket: Mapping[str, Any], now: datetime) -> Iterable[Step]:
    """Return what a ticket's own row refuses."""
    until = ticket.get("return_until_at")
    if until is not None and now > until:
        yield Step.RETURN
    if ticket["confidential"]:
        yield from NOT_IN_CONFIDENCE


async def _held_by_others(
    tickets: Rows, principal: Principal, connection: AsyncConnection, resources: Resources
) -> Refused:
    held = ticket_claims.c
    query = select(held.ticket_id).where(
        held.ticket_id.in_([each["id"] for each in tickets]),
        held.held_by != principal.id,
        held.held_until > resources.clock.now(),
    )
    return dict.fromkeys(await connection.scalars(query), AT_THE_DESK)
