"""The rules in force as one snapshot: calendar, limits, ladder, and their versions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import escalation.defaults as defaults
from escalation.domain.ladder import Rung
from escalation.domain.policy import LimitRule
from escalation.domain.worktime import WorkCalendar
from escalation.store import RuleStore
from schemas.errors import Misconfigured
from services.database import once_per_transaction
from services.resources import Resources

CALENDAR, LIMITS, LADDER = "calendar", "limits", "ladder"


@dataclass(frozen=True)
class Rulebook:
    """Everything a deadline depends on; each deadline keeps these versions."""

    calendar: WorkCalendar
    limits: tuple[LimitRule, ...]
    ladder: tuple[Rung, ...]
    versions: dict[str, str]

    def rung(self, level: int) -> Rung:
        """Return a rung by its level."""
        return next(each for each in self.ladder if each.level == level)


async def seed(connection: AsyncConnection, now: datetime) -> None:
    """Load the rules that ship: `HK-DEFAULT-1` and the State Council's calendar."""
    store = RuleStore(connection)
    for kind, version, content in defaults.shipped():
        await store.publish(kind, version, content, "shipped", now)


class PublishedRules:
    """This process's copy of the rules in force; read again when another version is published."""

    def __init__(self, _resources: Resources) -> None:
        self._rulebook: Rulebook | None = None

    async def current(self, connection: AsyncConnection) -> Rulebook:
        """Return the rules in force; raises `Misconfigured` when a kind is missing."""
        return await once_per_transaction(connection, PublishedRules, lambda: self._read(connection))

    async def _read(self, connection: AsyncConnection) -> Rulebook:
        store = RuleStore(connection)
        versions = await store.latest()
        if self._rulebook is None or self._rulebook.versions != versions:
            missing = {CALENDAR, LIMITS, LADDER} - set(versions)
            if missing:
                raise Misconfigured(f"No {', '.join(sorted(missing))} published: run `hotline migrate`.")
            self._rulebook = Rulebook(
                defaults.calendar_from(await _content(store, CALENDAR, versions), versions[CALENDAR]),
                defaults.limits_from(await _content(store, LIMITS, versions)),
                defaults.ladder_from(await _content(store, LADDER, versions)),
                versions,
            )
        return self._rulebook


async def _content(store: RuleStore, kind: str, versions: dict[str, str]) -> Any:
    return await store.content(kind, versions[kind])
