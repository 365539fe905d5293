"""What each package would say of a matter that is not registered yet, asked by whoever previews a call."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.resources import Resources
from services.tickets import Case

Part = Callable[[Case, Mapping[str, Any], AsyncConnection, Resources], Awaitable[Any]]
"""Says its part of a preview, knowing those before it, by the same code that will decide; writes nothing."""


class Previews:
    """
    The parts of a preview by name.

    The composition root adds those of every role, also of roles this process does not run, in the
    order in which a ticket meets them: what a part says may depend on the parts before it.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._parts: dict[str, Part] = {}

    def add(self, parts: Mapping[str, Part]) -> None:
        """Take a role's parts."""
        self._parts.update(parts)

    async def of(self, case: Case, connection: AsyncConnection) -> dict[str, Any]:
        """Return every part, by name."""
        found: dict[str, Any] = {}
        for name, part in self._parts.items():
            found[name] = await part(case, found, connection, self._resources)
        return found
