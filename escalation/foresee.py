"""Use case: which open deadlines a draft would move, from when to when; nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.draft_store import DraftStore, token_of
from escalation.recompute_store import OpenDeadlines
from escalation.recount import Recount, Recounting, drafted
from escalation.rulebook import ALLOWANCES, PublishedRules
from services.resources import Resources

PAGE = 200
SHOWN = 200
"""Moves are listed until there are so many, those of a ticket together."""


@dataclass
class Foreseen:
    """
    What would become of open deadlines: how many of each, some of them, and what this is known by.

    `after`: the last ticket whose moves are listed, where those of others follow.
    """

    token: str
    in_force: str
    deadlines: int = 0
    moved: int = 0
    kept: int = 0
    confirmed: int = 0
    over: int = 0
    begun: int = 0
    moves: list[Recount] = field(default_factory=list)
    after: str | None = None


async def foresee(
    connection: AsyncConnection, kind: str, version: str, resources: Resources, after: str = ""
) -> Foreseen:
    """
    Try a draft on everything that runs, which allowances leave alone; raises `UnknownVersion`.

    All are counted; listed are moves of tickets that come after this one.
    """
    await connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    draft = await DraftStore(connection, kind).get(version)
    rulebook = await resources.part(PublishedRules).current(connection)
    found = Foreseen(token_of(kind, draft.content, rulebook.versions), rulebook.versions[kind])
    if kind == ALLOWANCES:
        return found
    would_be = drafted(rulebook, kind, version, draft.content)
    recounting = Recounting(kind, would_be, connection, resources, resources.clock.now())
    place, running = "", OpenDeadlines(connection)
    while ticket_ids := await running.tickets_after(place, PAGE):
        rows = await running.of(ticket_ids, lock=False)
        found.deadlines += len(rows)
        recounts = await recounting.of(rows)
        _count(found, recounts)
        _list(found, [each for each in recounts if each.differs and each.row.ticket_id > after])
        place = ticket_ids[-1]
    return found


def _count(found: Foreseen, recounts: Sequence[Recount]) -> None:
    for each in recounts:
        found.moved += each.moved
        found.kept += each.kept
        found.over += each.gone
        found.begun += each.new
        found.confirmed += each.goes_on and not (each.moved or each.kept) and each.differs


def _list(found: Foreseen, moves: Sequence[Recount]) -> None:
    for each in sorted(moves, key=lambda move: move.row.ticket_id):
        last = found.moves[-1].row.ticket_id if found.moves else None
        if found.after is None and (len(found.moves) < SHOWN or each.row.ticket_id == last):
            found.moves.append(each)
        elif found.after is None:
            found.after = last


def shown(each: Recount) -> dict[str, Any]:
    """Return a deadline that would change or begin, as the API shows it."""
    row, outcome = each.row, each.outcome
    return {
        "ticket": row.ticket_id,
        "clock": row.clock,
        "stage": row.stage,
        "department": row.department,
        "was_due_at": None if each.new else row.due_at,
        "due_at": None if each.gone else outcome.due.at,
        "provisional": outcome.due.provisional,
        "would_be_due_at": outcome.kept,
    }
