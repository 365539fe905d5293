"""What each package would say of a matter that is not registered yet, asked by whoever previews a call."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.resources import Resources
from services.tickets import Case

Part = Callable[[Case, AsyncConnection, Resources], Awaitable[Any]]
"""Says its part of the preview, by the same code that will decide, and writes nothing."""


class Previews:
    """
    The parts of a preview by name.

    The composition root adds those of every role, also of roles this process does not run.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._parts: dict[str, Part] = {}

    def add(self, parts: Mapping[str, Part]) -> None:
        """Take a role's parts."""
        self._parts.update(parts)

    async def of(self, case: Case, connection: AsyncConnection) -> dict[str, Any]:
        """Return every part, by name."""
        return {name: await part(case, connection, self._resources) for name, part in self._parts.items()}
