"""The base of every published schema, and the few types they share."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints


class Schema(BaseModel):
    """Immutable; unknown fields are refused, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a NUL character cannot be stored")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_storable)]
"""Text a database can hold: trimmed, without NUL."""

Instant = AwareDatetime
"""A moment with its offset; a naive time is refused."""


def rfc3339(moment: datetime) -> str:
    """Render an aware moment with its offset, as the API and the event headers show it."""
    return moment.isoformat()
