"""How events reach their consumers; the same promises in this process and over Kafka."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.resources import Resources

Handler = Callable[[Any, AsyncConnection, Resources], Awaitable[None]]
"""Takes an event, the transaction that also holds the inbox claim, and the process's resources."""

Together = Callable[[Sequence[Any], AsyncConnection, Resources], Awaitable[None]]
"""Takes events of one type, each of another ticket, so that it reads and writes for all of them at once."""


@dataclass(frozen=True)
class Subscription:
    """
    A consumer by name, and its handler per event type; other types are passed over.

    Each event is handled at least once and takes effect once: the claim in the
    inbox and whatever the handler writes commit together. Of a type with a handler
    `together` those that wait are given to it at once; a ticket's events stay in their order.
    """

    consumer: str
    handlers: Mapping[str, Handler]
    together: Mapping[str, Together] = field(default_factory=dict)

    def takes(self, type_: str) -> bool:
        """Say whether this consumer handles events of a type."""
        return type_ in self.handlers or type_ in self.together
