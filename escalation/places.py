"""Where a page of rows with a moment and an id begins."""

from datetime import datetime
from uuid import UUID

from schemas.errors import BadCursor
from services.paging import read_cursor


def place_of(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Return what a cursor names; raises `BadCursor`."""
    place = read_cursor(cursor)
    if place is None:
        return None
    try:
        return place[0], UUID(place[1])
    except ValueError as fault:
        raise BadCursor("This is not a cursor of ours.", pointer="query:cursor") from fault
