"""Use case: every rung climbed tells somebody by name, and what follows from it is on record; set by set."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.consequences import due_of
from escalation.domain.ladder import Rung, told_roles
from escalation.domain.receivers import Addressee, Directory, Reached, Whose, addressee, deliver_at, reach
from escalation.notice_store import ConsequenceStore, NoticeStore
from escalation.pulse import Pulse
from escalation.receiver_store import PublishedReceivers
from escalation.rulebook import PublishedRules
from services.database import to_json
from services.ids import ordered_ids
from services.resources import Resources

log = structlog.get_logger()


Card = dict[str, Any]
"""A rung that was climbed, as the row of its escalation."""

KEPT = tuple(each.name for each in fields(Addressee) if each.name != "quiet")
AS_JSON = ("addressee", "cc")
"""What is copied in as text."""
TAKEN = ("id", "ticket_id", "department", "deadline_id", "clock", "stage", "level", "name", "card")


class Kind(NamedTuple):
    """Rungs that agree in these tell the same people at the same moment."""

    ladder: str
    level: int
    department: str | None
    district: str | None
    urgent: bool
    unsigned: bool


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told, who besides, and when."""

    reached: Reached
    cc: tuple[Addressee, ...]
    at: datetime

    def row(self) -> dict[str, Any]:
        """Return it as a notice keeps it."""
        to = self.reached.addressee
        return {
            "addressee": to and shown(to),
            "cc": [shown(each) for each in self.cc],
            "roles": [str(each.role) for each in (to, *self.cc) if each is not None],
            "to_department": to and to.department,
            "missing": list(self.reached.missing),
            "deliver_at": self.at,
            "updated_at": self.at,
        }


async def tell(rungs: Sequence[tuple[Card, Kind]], connection: AsyncConnection, resources: Resources) -> None:
    """
    Write the notices of rungs that were just climbed, and what follows from them, in their own commit.

    Who is told is found once for all rungs of one kind. Where nobody holds the role, the
    next level's is told, and that is an alarm.
    """
    if not rungs:
        return
    now, kinds = resources.clock.now(), {kind for _, kind in rungs}
    departments = {each.department for each in kinds if each.department}
    directory = await resources.part(PublishedReceivers).directory(connection, now, departments)
    told = {}
    for kind in kinds:
        ladder = await resources.part(PublishedRules).ladder(connection, kind.ladder)
        who = whom(ladder, kind, directory, now)
        alarm(who.reached, kind.department, kind.level, resources)
        row = who.row()
        as_text = {name: to_json(row[name]) if row[name] is not None else None for name in AS_JSON}
        told[kind] = {"kind": "rung", "created_at": now, **row, **as_text}
    rows = [{**_taken(card), **told[kind]} for card, kind in rungs]
    await NoticeStore(connection).tell(rows)
    await _follow(rungs, now, connection, resources)


def _taken(card: Card) -> dict[str, Any]:
    """Return what a notice takes from its rung."""
    return {**{name: card[name] for name in TAKEN}, "says": card["effect"]}


async def take_back(ids: Sequence[UUID], connection: AsyncConnection, now: datetime) -> None:
    """Withdraw the notices of rungs that are withdrawn, and what of their consequences is not done yet."""
    if ids:
        await NoticeStore(connection).take_back(ids, now)
        await ConsequenceStore(connection).take_back(ids, now)


def whom(ladder: Sequence[Rung], kind: Kind, directory: Directory, now: datetime) -> Told:
    """Return who is told of rungs of a kind: by the ladder, and at the hour that suits them."""
    whose = Whose(kind.department, kind.district, unsigned=kind.unsigned)
    besides = next((each.cc for each in ladder if each.level == kind.level), ())
    roles = told_roles(ladder, kind.level)
    return find(roles, besides, whose, directory, now, urgent=kind.urgent)


def find(
    roles: Sequence[str],
    besides: Sequence[str],
    whose: Whose,
    directory: Directory,
    now: datetime,
    *,
    urgent: bool,
) -> Told:
    """Return who holds the first of these roles that somebody holds, and those told besides (抄送)."""
    reached = reach(roles, whose, directory, now)
    found = [addressee(role, whose, directory, now) for role in besides]
    cc = tuple(each for each in found if each is not None and each != reached.addressee)
    quiet = reached.addressee.quiet if reached.addressee else None
    return Told(reached, cc, deliver_at(now, quiet, directory.zone, urgent=urgent))


def shown(to: Addressee) -> dict[str, Any]:
    """Return an addressee as they are kept on a notice."""
    return {name: getattr(to, name) for name in KEPT}


async def _follow(
    rungs: Sequence[tuple[Card, Kind]], now: datetime, connection: AsyncConnection, resources: Resources
) -> None:
    published = resources.part(PublishedRules)
    follows: dict[tuple[str, int], list[tuple[str, datetime | None]]] = {}
    for ladder, level in {(kind.ladder, kind.level) for _, kind in rungs}:
        rung = await published.rung(connection, ladder, level)
        calendar = (await published.current(connection)).calendar
        follows[ladder, level] = [(str(each), due_of(each, now, calendar)) for each in rung.consequences]
    ids = ordered_ids(now)
    rows = [
        {"id": next(ids), **_consequence(card, each, due)}
        for card, kind in rungs
        for each, due in follows[kind.ladder, kind.level]
    ]
    await ConsequenceStore(connection).follow(rows)


def _consequence(card: Card, kind: str, due_at: datetime | None) -> dict[str, Any]:
    return {
        "escalation_id": card["id"],
        "kind": kind,
        "ticket_id": card["ticket_id"],
        "department": card["department"],
        "level": card["level"],
        "dated_at": card["fell_due_at"],
        "due_at": due_at,
        "state": "open",
    }


def alarm(reached: Reached, department: str | None, level: int | None, resources: Resources) -> None:
    """Say that a role nobody holds should have been told, if so: in the log, and to the monitor."""
    if reached.missing:
        resources.part(Pulse).nobody_to_tell()
        log.error(
            "nobody_to_tell",
            roles=list(reached.missing),
            department=department,
            level=level,
            told=reached.addressee and str(reached.addressee.role),
        )
