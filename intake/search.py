"""Face: find tickets by number, phone, words, place, kind, status, department and time."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from intake.domain.phone import phone as dialled
from intake.domain.search import SHORTEST_WORD, Wanted, words_of
from intake.search_store import SearchStore
from intake.store import Reference
from intake.view import tickets_of
from schemas.base import FIRST_YEAR, LAST_YEAR, AskedInstant
from schemas.codes import category_prefixes, division_prefixes
from schemas.errors import Forbidden, Invalid
from schemas.lifecycle import Status
from schemas.ticket import CallerType, Ticket
from services.access import reads_secrets
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, read_cursor, write_cursor
from services.resources import Resources
from services.security import Principal

SETTLED = timedelta(seconds=5)
"""The feed ends so long before now: a change that commits late must not fall behind its reader."""

_DAY_FORMATS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d"}

routes = APIRouter(prefix="/v1", tags=["intake"])


class Filters:
    """What a request looks for, not yet checked."""

    def __init__(
        self,
        number: Annotated[
            str | None,
            Query(min_length=1, max_length=64, description="A ticket's, or how it begins; a sender's."),
        ] = None,
        phone: Annotated[str | None, Query(max_length=40, description="The caller's; for staff.")] = None,
        text: Annotated[
            str | None,
            Query(max_length=100, description="Words of title, text or address: all of them."),
        ] = None,
        category: Annotated[
            str | None, Query(pattern=r"^(\d{2}|\d{4}|\d{6})$", description="A category with all below it.")
        ] = None,
        division: Annotated[
            str | None,
            Query(pattern=r"^(\d{4}|\d{6}|\d{9}|\d{12})$", description="A division with all below it."),
        ] = None,
        department: Annotated[str | None, Query(max_length=41)] = None,
        status: Annotated[list[Status] | None, Query(description="Any of these.")] = None,
        hotline: Annotated[str | None, Query(pattern=r"^\d{3,6}$")] = None,
        caller_type: CallerType | None = None,
        accepted_from: AskedInstant | None = None,
        accepted_to: Annotated[AskedInstant | None, Query(description="Not included.")] = None,
    ) -> None:
        self.number, self.phone, self.text = number, phone, text
        self.plain = Wanted(
            words=words_of(text or ""),
            category=category_prefixes(category)[0] if category else None,
            division=division_prefixes(division)[0] if division else None,
            hotline=hotline,
            caller_type=str(caller_type) if caller_type else None,
            statuses=tuple(dict.fromkeys(status or ())),
            department=department,
            since=accepted_from,
            until=accepted_to,
        )


@routes.get("/tickets")
async def list_tickets(
    principal: PrincipalDep,
    resources: ResourcesDep,
    filters: Annotated[Filters, Depends()],
    updated_after: Annotated[
        AskedInstant | None,
        Query(
            description="What changed after this moment, first changed first, up to five seconds ago; "
            "`next` is always there: ask with it again for what changed since. For no phone, no text."
        ),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Ticket]:
    """
    Find tickets, newest first; a department finds its own.

    Words are found within a second of the call's being registered, all else at once.
    """
    wanted = await checked(filters, principal, resources)
    if updated_after is not None:
        return await _feed(wanted, updated_after, cursor, limit, principal, resources)
    async with resources.database.transaction() as connection:
        found = await SearchStore(connection).newest(wanted, read_cursor(cursor), limit + 1)
        rows, last = cut(found, limit)
        items = await tickets_of([row._asdict() for row in rows], principal, connection, resources)
    return Page(
        items=items,
        next=write_cursor(last.accepted_at, last.id) if last else None,
    )


async def checked(filters: Filters, principal: Principal, resources: Resources) -> Wanted:
    """Return what this caller may look for; raises `Forbidden`, or `Invalid` for a word too short."""
    wanted = replace(filters.plain, open_only=not reads_secrets(principal))
    if any(len(word) < SHORTEST_WORD for word in wanted.words) or (filters.text and not wanted.words):
        raise Invalid(f"A word has {SHORTEST_WORD} characters or more.", pointer="query:text")
    if principal.department is not None:
        if filters.phone is not None:
            raise Forbidden("A department does not search by a caller's phone.")
        wanted = replace(wanted, department=principal.department, scrubbed=True)
    if wanted.hotline is not None:
        wanted = replace(wanted, hotline=await _counted_under(wanted.hotline, resources))
    if filters.phone is not None:
        wanted = replace(wanted, phone=dialled(filters.phone) or filters.phone)
    if filters.number is not None:
        wanted = await _numbered(wanted, filters.number.strip(), resources)
    return wanted


async def _counted_under(number: str, resources: Resources) -> str:
    """Return the line that counts a number's calls; a number nobody knows is looked for as it is."""
    line = (await resources.part(Reference).catalogue()).hotlines.get(number)
    return (line and line.alias_of) or number


async def _numbered(wanted: Wanted, number: str, resources: Resources) -> Wanted:
    prefix = resources.settings.number_prefix
    if not re.fullmatch(rf"{prefix}[0-9]{{0,30}}", number.upper()):
        lines = tuple((await resources.part(Reference).catalogue()).hotlines)
        return replace(wanted, source_number=number, lines=lines)
    since, until = _days_of(number[len(prefix) :], resources)
    return replace(
        wanted,
        number=number.upper(),
        since=max((each for each in (since, wanted.since) if each), default=None),
        until=min((each for each in (until, wanted.until) if each), default=None),
    )


def _days_of(digits: str, resources: Resources) -> tuple[datetime | None, datetime | None]:
    """Return the time a ticket whose number begins so was accepted in: its digits begin with the day."""
    nothing = None, datetime.min.replace(tzinfo=UTC)
    length = max((each for each in _DAY_FORMATS if each <= len(digits)), default=None)
    if length is None:
        return None, None
    try:
        first = datetime.strptime(digits[:length], _DAY_FORMATS[length]).date()  # noqa: DTZ007 - a day
    except ValueError:  # no day: nothing begins so
        return nothing
    if not FIRST_YEAR <= first.year <= LAST_YEAR:
        return nothing
    after = first + timedelta(days={4: 366, 6: 31, 8: 1}[length])
    return _midnight(first, resources), _midnight(after, resources)


def _midnight(day: date, resources: Resources) -> datetime:
    return datetime.combine(day, time(), resources.settings.zone)


async def _feed(
    wanted: Wanted,
    after: datetime,
    cursor: str | None,
    limit: int,
    principal: Principal,
    resources: Resources,
) -> Page[Ticket]:
    if wanted.words or wanted.phone or wanted.source_number:
        raise Invalid("Changes are not searched by phone, words or a sender's number.", pointer="query:text")
    place = read_cursor(cursor) or (after, "")
    until = resources.clock.now() - SETTLED
    async with resources.database.transaction() as connection:
        store = SearchStore(connection)
        changes = await store.changed(wanted, place, until, limit)
        known: dict[str, Any] = await store.rows([each.ticket_id for each in changes])
        rows = [known[each]._asdict() for each in dict.fromkeys(each.ticket_id for each in changes)]
        items = await tickets_of(rows, principal, connection, resources)
    last = (changes[-1].at, changes[-1].ticket_id) if changes else place
    return Page(items=items, next=write_cursor(*last))
