"""When limits are over by the rules of whoever keeps them, asked by whoever must know before a clock runs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import Misconfigured
from schemas.events import Matter
from services.resources import Resources


@dataclass(frozen=True, slots=True)
class Lead:
    """An assignment whose department leads, and since when its clock counts."""

    assignment_id: UUID
    department: str
    matter: Matter
    since: datetime


@dataclass(frozen=True, slots=True)
class CoDue:
    """Until when a co-handler has if nobody says, and the latest it may be given."""

    default: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class Keeper:
    """The answers of the package that keeps the limits."""

    return_until: Callable[[Matter, str, datetime, AsyncConnection, Resources], Awaitable[datetime | None]]
    co_due: Callable[[Lead, str, datetime, AsyncConnection, Resources], Awaitable[CoDue]]


class Limits:
    """
    The limits in force.

    The composition root says who keeps them, also in a process that does not run that role.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._keeper: Keeper | None = None

    def kept_by(self, keeper: Keeper) -> None:
        """Take the answers of this keeper."""
        self._keeper = keeper

    async def return_until(
        self, matter: Matter, department: str, assigned_at: datetime, connection: AsyncConnection
    ) -> datetime | None:
        """Return when the return window of a department's assignment ends; None when it has none."""
        return await self._known.return_until(matter, department, assigned_at, connection, self._resources)

    async def co_due(
        self, lead: Lead, department: str, asked_at: datetime, connection: AsyncConnection
    ) -> CoDue:
        """Return until when a department that is asked now to help the lead may take."""
        return await self._known.co_due(lead, department, asked_at, connection, self._resources)

    @property
    def _known(self) -> Keeper:
        if self._keeper is None:
            raise Misconfigured("Nobody keeps the limits: the composition root has not said who.")
        return self._keeper
