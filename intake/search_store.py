"""Find tickets, newest first, whatever is looked for, in milliseconds among millions."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from intake import search_statements as statements
from intake.domain.search import Wanted, begin_of, hashed_over, haystack, stretch_of
from intake.search_statements import Place, shape_of, values_of
from schemas.scrubbing import names_in, scrubbed
from services.tables import tickets

Found = list[Row[Any]]

WINDOW = 1_000
"""So many of the newest tickets are looked through before the index is asked."""
FEW = 200
CHUNK = 400
SPARE = 8
SPANS = (1, 3, 9, 27, 81)
"""Stretches looked through at a time: soon done for what is common, few questions for what is rare."""

_BY_INDEX = text("SET LOCAL enable_seqscan = off")
_BOUNDS = select(func.min(tickets.c.accepted_at), func.max(tickets.c.accepted_at))


class SearchStore:
    """Tickets by what is looked for, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def newest(self, wanted: Wanted, after: Place | None, count: int) -> Found:
        """
        Return at most `count` tickets, newest first, from a place on.

        What is common is found among the newest tickets, what is rare by the
        index of words and kinds; either way it is checked against the ticket.
        """
        if wanted.phone or wanted.source_number:
            return await self._of_one(wanted, after, count)
        if not wanted.marks:
            query = statements.ordered_rows(shape_of(wanted, after))
            return await self._read(query, values_of(wanted, after, count))
        found, after, more = await self._in_window(wanted, after, count)
        if more and len(found) < count:
            found += await self._by_index(wanted, after, count - len(found))
        return found[:count]

    async def changed(self, wanted: Wanted, after: Place, until: datetime, count: int) -> Sequence[Any]:
        """Return `count` changes after a moment (`at`, `ticket_id`), oldest first, of such tickets."""
        query = statements.changes(shape_of(wanted, None))
        values = {"changed_at": after[0], "changed_id": after[1], "settled": until}
        return await self._read(query, values | values_of(wanted, None, count))

    async def rows(self, ids: Sequence[str]) -> dict[str, Row[Any]]:
        """Return tickets by number."""
        return {row.id: row for row in await self._read(statements.BY_ID, {"ids": list(ids)})}

    async def _read(self, query: Any, values: dict[str, Any]) -> list[Any]:
        return list((await self._connection.execute(query, values)).all())

    async def _in_window(
        self, wanted: Wanted, after: Place | None, count: int
    ) -> tuple[Found, Place | None, bool]:
        """Look through the newest tickets; return what was found, where they end, and whether more follow."""
        width = FEW if wanted.words else WINDOW
        query = statements.window(shape_of(wanted, after))
        (seen,) = await self._read(query, values_of(wanted, after, width + 1))
        more = seen.seen > width
        if more and wanted.words:
            return [], after, True
        rows = await self.rows((seen.hits or [])[: None if wanted.words else count])
        found = sorted(rows.values(), key=lambda row: (row.accepted_at, row.id), reverse=True)
        found = [row for row in found if _says(row, wanted)]
        return found, (seen.end, seen.last) if more else after, more

    async def _by_index(self, wanted: Wanted, after: Place | None, count: int) -> Found:
        found: Found = []
        await self._connection.execute(_BY_INDEX)
        marks = wanted.marks
        for span in await self._spans(wanted, after):
            numbers = {f"mark_{at}": hashed_over(mark, span) for at, mark in enumerate(marks)}
            bounds = {"begin": begin_of(span[-1]), "end": begin_of(span[0] + 1)}
            place = after
            while len(found) < count:
                width = count - len(found) + SPARE if wanted.is_static else CHUNK
                query = statements.candidates(shape_of(wanted, place))
                ids = await self._read(query, numbers | bounds | values_of(wanted, place, width))
                found += await self._checked([each.ticket_id for each in ids], wanted)
                if len(ids) < width:
                    break
                place = (ids[-1].accepted_at, ids[-1].ticket_id)
            if len(found) >= count:
                break
        return found

    async def _checked(self, ids: list[str], wanted: Wanted) -> Found:
        if not ids:
            return []
        query = statements.checked(shape_of(wanted, None))
        rows = await self._read(query, {"ids": ids} | values_of(wanted, None, len(ids)))
        return [row for row in rows if _says(row, wanted)]

    async def _of_one(self, wanted: Wanted, after: Place | None, count: int) -> Found:
        """Return tickets of one caller or one sender's number: few, so each is looked at."""
        found: Found = []
        while len(found) < count:
            query = statements.of_one(shape_of(wanted, after))
            rows = await self._read(query, values_of(wanted, after, CHUNK))
            found += [row for row in rows if _says(row, wanted)]
            if len(rows) < CHUNK:
                break
            after = (rows[-1].accepted_at, rows[-1].id)
        return found[:count]

    async def _spans(self, wanted: Wanted, after: Place | None) -> Iterator[range]:
        """Return the stretches there are tickets of, newest first, in spans that grow."""
        oldest, newest = (await self._connection.execute(_BOUNDS)).one()
        if newest is None:
            return iter(())
        newest = min([newest, *([after[0]] if after else []), *([wanted.until] if wanted.until else [])])
        oldest = max([oldest, *([wanted.since] if wanted.since else [])])
        return _spans(stretch_of(newest), stretch_of(oldest))


def _spans(newest: int, oldest: int) -> Iterator[range]:
    widths = iter(SPANS)
    width = next(widths)
    while newest >= oldest:
        last = max(newest - width, oldest - 1)
        yield range(newest, last, -1)
        newest, width = last, next(widths, width)


def _says(row: Row[Any], wanted: Wanted) -> bool:
    if not wanted.words:
        return True
    title, words = row.title, row.text
    if wanted.scrubbed:
        hidden = names_in(row.caller, row.former_callers)
        title, words = scrubbed(title, hidden), scrubbed(words, hidden)
    said = haystack(title, words, row.address)
    return all(word in said for word in wanted.words)
