"""The base of every published schema, and the few types they share."""

import unicodedata
from datetime import date, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

FIRST_YEAR, LAST_YEAR = 1900, 2200


class Schema(BaseModel):
    """Immutable; unknown fields are refused, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a NUL character cannot be stored")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_storable)]
"""Text a database can hold: trimmed, without NUL."""


def _visible(text: str) -> str:
    if all(unicodedata.category(each)[0] in "ZC" for each in text):
        raise ValueError("nothing of it can be seen")
    return text


Words = Annotated[Text, AfterValidator(_visible)]
"""Text somebody must say: a reason, a basis, a note; zero-width characters say nothing."""

Instant = AwareDatetime
"""A moment with its offset; a naive time is refused."""


D = TypeVar("D", bound=date)


def _in_our_time(moment: D) -> D:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"it lies between {FIRST_YEAR} and {LAST_YEAR}")
    return moment


AskedInstant = Annotated[Instant, AfterValidator(_in_our_time)]
"""A moment somebody asks about; one that no database knows is refused."""


Day = Annotated[date, AfterValidator(_in_our_time)]
"""A civil day somebody names; the day before it and that after it can be counted."""


def rfc3339(moment: datetime) -> str:
    """Render an aware moment with its offset, as the API and the event headers show it."""
    return moment.isoformat()
