"""Consumer: once a ticket's matter was corrected, its open clocks go by the limits it has now."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.climb import WORKER
from escalation.clocks import Clocks
from escalation.commitments import with_promises
from escalation.domain import told
from escalation.domain.policy import Clock, LimitRule, Stage, limits_of
from escalation.domain.reason import also_granted, because_of
from escalation.move import Change, MovedOf, hold_clocks, move, stop_new
from escalation.new_stages import MAY_BE_NEW
from escalation.store import DeadlineStore
from escalation.terms import terms_of
from schemas.events import DeadlinesMoved, Matter, Moved, TicketCorrected, TicketDeadlinesMoved
from schemas.lifecycle import Step
from services.resources import Resources
from services.tickets import TicketRow, TicketStore, matter_of


async def on_corrected(event: TicketCorrected, connection: AsyncConnection, resources: Resources) -> None:
    """
    Recount the open clocks of a ticket from where each began, every pause and extension kept.

    What its matter has no limit for any more ends; what it has one for now, its department does
    from the correction on. What a law says of a case stays. A date that a publication kept was
    that of the matter as it was, and is not kept for another.
    """
    held = await hold_clocks(event.ticket, connection, resources)
    ticket = await TicketStore(connection).get(event.ticket)
    clocks = await Clocks.of(event, connection, resources)
    following = _Following(ticket, clocks, event, connection, resources)
    rows = [each for each in held if _follows(each, event)]
    moved = await following.recount(rows)
    await following.open_what_is_new()
    if moved:
        await following.tell(moved)


def _follows(row: Any, event: TicketCorrected) -> bool:
    own = row.ticket_id == event.ticket and row.clock in (Clock.CITIZEN, Clock.DEPARTMENT)
    return own and row.stage != Stage.STATUTORY


class _Following:
    """A corrected ticket's clocks, while they follow its matter."""

    def __init__(
        self,
        ticket: TicketRow,
        clocks: Clocks,
        event: TicketCorrected,
        connection: AsyncConnection,
        resources: Resources,
    ) -> None:
        self._ticket, self._clocks, self._event = ticket, clocks, event
        self._connection, self._resources = connection, resources
        self._matter: Matter = matter_of(ticket)
        self._limits = {
            (clock, each.stage): each
            for clock in (Clock.CITIZEN, Clock.DEPARTMENT)
            for each in limits_of(clocks.rulebook.limits, clock, self._matter)
        }

    async def recount(self, rows: Sequence[Any]) -> list[MovedOf]:
        changes = []
        for row in rows:
            limit = self._limits.get((row.clock, row.stage))
            if limit is None:
                await self._clocks.settle(row.clock, (row.stage,), "corrected", row.assignment_id)
            elif (limit := await self._kept(limit, row)).amount != terms_of(row).limit:
                changes.append(self._change(row, limit))
        return await move(changes, self._event.time, self._connection, self._resources)

    async def open_what_is_new(self) -> None:
        """Open the stages the department has a limit for only since the correction, counted from it."""
        mine = [
            each.stage
            for each in await DeadlineStore(self._connection).of(self._ticket.id)
            if each.clock == Clock.DEPARTMENT and each.assignment_id == self._ticket.assignment_id
        ]
        new = [each for each in MAY_BE_NEW if (Clock.DEPARTMENT, each) in self._limits and each not in mine]
        if mine and new and self._ticket.assignment_id is not None:
            await self._clocks.start(
                self._matter,
                Clock.DEPARTMENT,
                new,
                self._event.time,
                assignment_id=self._ticket.assignment_id,
                department=self._ticket.department,
            )
            await stop_new(self._event, self._connection, self._resources)

    async def tell(self, moved: Sequence[MovedOf]) -> None:
        """Note in one entry what moved, from when to when, and why."""
        these: list[Moved] = [each for _, each in moved]
        zone = self._resources.settings.zone
        said = told.moves([(each.clock, each.stage, each.was_due_at, each.due_at) for each in these], zone)
        because = f"更正后时限重算({self._event.data.because}):{said}"
        news = TicketDeadlinesMoved(
            ticket=self._ticket.id,
            time=self._event.time,
            data=DeadlinesMoved(moved=these, because=because, department=self._ticket.department),
        )
        await TicketStore(self._connection).note([(news, Step.MOVE_DEADLINE, because)], actor=WORKER)

    async def _kept(self, limit: LimitRule, row: Any) -> LimitRule:
        calendar = self._clocks.rulebook.calendar_of(row.department)
        (kept,) = await with_promises(
            [limit], row.department, self._matter, row.started_at, calendar, self._connection
        )
        return kept

    def _change(self, row: Any, limit: LimitRule) -> Change:
        rulebook, zone = self._clocks.rulebook, self._resources.settings.zone
        terms = replace(terms_of(row), limit=limit.amount, fixed=None)
        because = because_of(limit, row.started_at.astimezone(zone), rulebook.versions) + also_granted(terms)
        also = {
            "rule": limit.rule,
            "layer": str(limit.layer),
            "source": limit.source,
            "versions": {**row.versions, **rulebook.versions},
        }
        return Change(row, terms, because, also)
