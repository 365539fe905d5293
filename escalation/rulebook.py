"""The rules in force as one snapshot: calendar, limits, ladder, and their versions."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import escalation.defaults as defaults
from escalation.calendars import Calendars, calendars_from
from escalation.domain.ladder import Rung
from escalation.domain.policy import LimitRule
from escalation.domain.worktime import WorkCalendar
from escalation.rule_store import RuleStore
from schemas.errors import Misconfigured
from services.database import once_per_transaction
from services.resources import Resources

CALENDAR, LIMITS, LADDER, ALLOWANCES = "calendar", "limits", "ladder", "allowances"
SHIPPED = "shipped"
KEPT = 4
"""Calendars held at once: the one in force, the next, and a few old deadlines are explained by."""


@dataclass(frozen=True)
class Rulebook:
    """Everything a deadline depends on; each deadline keeps these versions."""

    calendar: WorkCalendar
    limits: tuple[LimitRule, ...]
    ladder: tuple[Rung, ...]
    versions: dict[str, str]
    of_departments: Mapping[str, WorkCalendar] = field(default_factory=dict, repr=False)

    def calendar_of(self, department: str | None) -> WorkCalendar:
        """Return whose days a clock counts: a department's own, where it has them, else the city's."""
        return self.of_departments.get(department or "", self.calendar)


async def seed(connection: AsyncConnection, now: datetime) -> None:
    """
    Load the rules that ship, `HK-DEFAULT-1` and the State Council's calendar, where the city has none.

    Raises `Misconfigured` when a version of that name with other content is
    there: it has decided tickets, and they are explained by what it says.
    """
    store = RuleStore(connection)
    sources = await store.sources()
    for kind, version, content in defaults.shipped():
        if sources.get(kind, SHIPPED) != SHIPPED:
            continue
        await store.publish(kind, version, content, SHIPPED, now)
        if await store.content(kind, version) != content:
            raise Misconfigured(f"The {kind} {version} that ships is not the one that was published before.")


class PublishedRules:
    """This process's copy of the rules in force; read again when another version is published."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._rulebook: Rulebook | None = None
        self._ladders: dict[str, tuple[Rung, ...]] = {}
        self._calendars: dict[str, Calendars] = {}

    async def current(self, connection: AsyncConnection) -> Rulebook:
        """Return the rules in force; raises `Misconfigured` when a kind is missing."""
        return await once_per_transaction(connection, PublishedRules, lambda: self._read(connection))

    async def calendars(self, connection: AsyncConnection, version: str) -> Calendars:
        """Return any version of the calendar; raises `Misconfigured` when it was never published."""
        if version not in self._calendars:
            content = await RuleStore(connection).content(CALENDAR, version)
            read = await asyncio.to_thread(calendars_from, content, version)
            while len(self._calendars) >= KEPT:
                del self._calendars[next(iter(self._calendars))]
            self._calendars[version] = read
        return self._calendars[version]

    async def ladder(self, connection: AsyncConnection, version: str) -> tuple[Rung, ...]:
        """Return any version of the ladder; raises `Misconfigured` when it was never published."""
        if version not in self._ladders:
            content = await RuleStore(connection).content(LADDER, version)
            self._ladders[version] = defaults.ladder_from(content)
        return self._ladders[version]

    async def rung(self, connection: AsyncConnection, version: str, level: int) -> Rung:
        """Return a rung of any version of the ladder; raises `Misconfigured` when there is none."""
        for each in await self.ladder(connection, version):
            if each.level == level:
                return each
        raise Misconfigured(f"The ladder {version} has no level {level}.")

    async def _read(self, connection: AsyncConnection) -> Rulebook:
        store = RuleStore(connection)
        today = civil_day(self._resources.clock.now(), self._resources)
        versions = await store.latest(today)
        if self._rulebook is None or self._rulebook.versions != versions:
            missing = {CALENDAR, LIMITS, LADDER} - set(versions)
            if missing:
                raise Misconfigured(f"No {', '.join(sorted(missing))} published: run `hotline migrate`.")
            calendars = await self.calendars(connection, versions[CALENDAR])
            self._rulebook = Rulebook(
                calendars.city,
                defaults.limits_from(await _content(store, LIMITS, versions)),
                await self.ladder(connection, versions[LADDER]),
                versions,
                calendars.of_departments,
            )
        return self._rulebook


def civil_day(at: datetime, resources: Resources) -> date:
    """Return the city's day: rules change over at its midnight."""
    return at.astimezone(resources.settings.zone).date()


async def _content(store: RuleStore, kind: str, versions: dict[str, str]) -> Any:
    return await store.content(kind, versions[kind])
