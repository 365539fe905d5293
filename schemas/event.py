"""The envelope of every event."""

from uuid import UUID, uuid4

from pydantic import Field

from schemas.base import Instant
from schemas.event_data import Lenient


class Event(Lenient):
    """The envelope; `version` counts a ticket's history, so order can be checked."""

    id: UUID = Field(default_factory=uuid4)
    ticket: str
    time: Instant
    version: int = 0
