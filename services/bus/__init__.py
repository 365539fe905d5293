"""How events reach their consumers; the same promises in this process and over Kafka."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.resources import Resources

Handler = Callable[[Any, AsyncConnection, Resources], Awaitable[None]]
"""Takes an event, the transaction that also holds the inbox claim, and the process's resources."""


@dataclass(frozen=True)
class Subscription:
    """
    A consumer by name, and its handler per event type; other types are passed over.

    Each event is handled at least once and takes effect once: the claim in the
    inbox and whatever the handler writes commit together.
    """

    consumer: str
    handlers: Mapping[str, Handler]
