"""Pages by keyset: a cursor says where the last page ended, so any depth costs the same."""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Query

from schemas.base import Schema, rfc3339
from schemas.errors import BadCursor

LONGEST_PAGE = 200
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment in a cursor that goes by a key alone."""

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="The longest page wanted.")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next` of the page before.")]


class Page(Schema, Generic[T]):
    """Some items, and the cursor of what follows; null at the end."""

    items: list[T]
    next: str | None = None


def write_cursor(at: datetime, key: str) -> str:
    """Return a cursor for the row at this moment with this key."""
    return base64.urlsafe_b64encode(json.dumps([rfc3339(at), key]).encode()).decode()


def read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """Return what a cursor was made of; raises `BadCursor` for one we did not make."""
    if cursor is None:
        return None
    try:
        at, key = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not isinstance(key, str) or b"\x00" in key.encode():
            raise ValueError(cursor)
        return moment.astimezone(UTC), key
    except (binascii.Error, ValueError, TypeError, OverflowError) as fault:
        raise BadCursor("This is not a cursor of ours.", pointer="query:cursor") from fault


def read_numbered(cursor: str | None) -> int | None:
    """Return the number a cursor for a row with one was made of; raises `BadCursor` like `read_cursor`."""
    place = read_cursor(cursor)
    if place is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", place[1]):
        raise BadCursor("This is not a cursor of ours.", pointer="query:cursor")
    return int(place[1])


def write_key(key: str) -> str:
    """Return a cursor for what goes by this key alone."""
    return write_cursor(ALWAYS, key)


def read_key(cursor: str | None) -> str:
    """Return the key of a cursor that goes by it alone, the empty one before all; raises `BadCursor`."""
    place = read_cursor(cursor)
    return place[1] if place else ""


def cut(rows: Sequence[T], limit: int) -> tuple[Sequence[T], T | None]:
    """Split what was read with one row too many: the page, and its last row if more follows."""
    page = rows[:limit]
    return page, page[-1] if len(rows) > limit else None
