"""Who may be told: the city's receivers, and the people of departments, which are the router's."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from importlib.resources import files
from typing import Any

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.receivers import Directory, Quiet, Receiver, Role
from escalation.notice_tables import receivers
from schemas.duty import Absence, Person, Shift, Staff
from services.resources import Resources

SHIPPED = "shipped"

_DEPARTMENTS = text(
    """
    SELECT code, name,
        (SELECT json_agg(json_build_array(post, name, phone)) FROM department_posts
            WHERE department = code) AS posts,
        (SELECT json_agg(json_build_array(starts_at, ends_at, because)) FROM department_absences
            WHERE department = code AND starts_at <= :now AND ends_at > :now) AS absences,
        (SELECT json_agg(json_build_array(name, phone, starts_at, ends_at) ORDER BY starts_at, name)
            FROM duty_shifts WHERE department = code AND starts_at <= :now AND ends_at > :now) AS shifts
    FROM departments WHERE :every OR code = ANY(:codes) ORDER BY code
    """
)
"""Departments with their people, as they are at a moment: one round trip, for every batch of rungs asks."""


async def seed(connection: AsyncConnection, now: datetime) -> None:
    """Load the receivers that ship, to be confirmed by the city, where it has never had any."""
    if not await connection.scalar(select(func.count()).select_from(receivers)):
        await ReceiverStore(connection).put(shipped(), SHIPPED, now)


def shipped() -> tuple[Receiver, ...]:
    """Return the receivers that ship for Haikou."""
    sheet = (files("escalation") / "reference" / "receivers.csv").read_text("utf-8")
    return tuple(_shipped(row) for row in csv.DictReader(sheet.splitlines()))


class ReceiverStore:
    """Who is told, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def in_force(self) -> Sequence[Row[Any]]:
        """Return everybody who is told now, by role and scope."""
        query = select(receivers).where(receivers.c.ended_at.is_(None))
        return (await self._connection.execute(query.order_by(receivers.c.role, receivers.c.scope))).all()

    async def put(self, new: Iterable[Receiver], by: str, now: datetime) -> None:
        """Enter receivers; whoever had the role in that scope ends, and stays on record."""
        rows = [_row(each, by, now) for each in new]
        for row in rows:
            await self.end(row["role"], row["scope"], by, now)
        await self._connection.execute(insert(receivers), rows)

    async def get(self, role: str, scope: str) -> Row[Any]:
        """Return who has a role in a scope now."""
        query = select(receivers).where(
            receivers.c.role == role, receivers.c.scope == scope, receivers.c.ended_at.is_(None)
        )
        return (await self._connection.execute(query)).one()

    async def end(self, role: str, scope: str, by: str, now: datetime) -> bool:
        """End a receiver; say whether there was one."""
        ended = update(receivers).where(
            receivers.c.role == role, receivers.c.scope == scope, receivers.c.ended_at.is_(None)
        )
        return (await self._connection.execute(ended.values(ended_at=now, ended_by=by))).rowcount > 0

    async def publication(self) -> tuple[int, int]:
        """Return what changes with every change: how many there ever were, and how many have ended."""
        query = select(func.count(), func.count(receivers.c.ended_at)).select_from(receivers)
        began, ended = (await self._connection.execute(query)).one()
        return began, ended


class PublishedReceivers:
    """This process's copy of the city's receivers, read again when they change; people are read anew."""

    def __init__(self, resources: Resources) -> None:
        self._zone = resources.settings.zone
        self._publication: tuple[int, int] | None = None
        self._receivers: Mapping[tuple[str, str], Receiver] = {}

    async def directory(
        self, connection: AsyncConnection, now: datetime, departments: Iterable[str] | None = None
    ) -> Directory:
        """Return who may be told now for these departments; for None, of every department there is."""
        store = ReceiverStore(connection)
        publication = await store.publication()
        if publication != self._publication:
            known = [receiver_of(row) for row in await store.in_force()]
            self._receivers = {(str(each.role), each.scope): each for each in known}
            self._publication = publication
        wanted = {"every": departments is None, "codes": sorted(departments or ()), "now": now}
        found = (await connection.execute(_DEPARTMENTS, wanted)).all()
        names = {row.code: row.name for row in found}
        return Directory(self._receivers, self._zone, {row.code: _staff(row) for row in found}, names)


def _staff(row: Row[Any]) -> Staff:
    """Return the people of a department, with the absences and shifts of that moment."""
    posts = {post: Person(name, phone) for post, name, phone in row.posts or ()}
    return Staff(
        posts.get("A"),
        posts.get("B"),
        tuple(Absence(_at(starts), _at(ends), because) for starts, ends, because in row.absences or ()),
        tuple(
            Shift(Person(name, phone), _at(starts), _at(ends))
            for name, phone, starts, ends in row.shifts or ()
        ),
    )


def _at(shown: str) -> datetime:
    return datetime.fromisoformat(shown)


def receiver_of(row: Any) -> Receiver:
    """Return a receiver from its row."""
    quiet = None if row.quiet_from is None else Quiet(row.quiet_from, row.quiet_until)
    return Receiver(Role(row.role), row.scope, row.name, row.post, row.unit, row.phone, quiet, row.confirmed)


def _row(each: Receiver, by: str, now: datetime) -> dict[str, Any]:
    return {
        "role": str(each.role),
        "scope": each.scope,
        "name": each.name,
        "post": each.post,
        "unit": each.unit,
        "phone": each.phone,
        "quiet_from": each.quiet and each.quiet.begins,
        "quiet_until": each.quiet and each.quiet.ends,
        "confirmed": each.confirmed,
        "recorded_at": now,
        "recorded_by": by,
    }


def _shipped(row: Mapping[str, str]) -> Receiver:
    quiet = None
    if row["quiet_from"]:
        quiet = Quiet(time.fromisoformat(row["quiet_from"]), time.fromisoformat(row["quiet_until"]))
    return Receiver(
        Role(row["role"]),
        row["scope"],
        row["name"],
        row["post"],
        row["unit"],
        row["phone"] or None,
        quiet,
        row["confirmed"] == "true",
    )
