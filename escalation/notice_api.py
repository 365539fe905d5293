"""Faces: the notices of supervision as a feed for whoever has no system, and who has taken notice."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.receivers import Role
from escalation.notice_store import NoticeStore, Wanted
from escalation.places import place_of
from schemas.base import AskedInstant, Instant, Schema, Words
from schemas.errors import Conflict, NotFound
from services.authorization import PrincipalDep
from services.commands import CommandsDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, write_cursor

routes = APIRouter(prefix="/v1/supervision", tags=["escalation"])


class Addressed(Schema):
    """Somebody who is told: person, post and unit as they were then, and why this one."""

    role: Role
    name: str
    post: str
    unit: str
    phone: str | None
    because: str
    confirmed: bool
    department: str | None = None


class Notice(Schema):
    """
    What somebody is told: of a rung, of a supervisor's urging, of a month, of a halt.

    `addressee` is whom it is for, null when nobody was left; `missing` are the roles before theirs
    that nobody holds. `deadline_id`, `clock` and `stage` are those of the rung.
    """

    id: UUID
    kind: Literal["rung", "urge", "month", "halt"]
    ticket: str | None
    department: str | None
    deadline_id: UUID | None
    clock: str | None
    stage: str | None
    level: int | None
    name: str
    card: str | None
    says: str
    addressee: Addressed | None
    cc: list[Addressed]
    missing: list[str]
    created_at: Instant
    deliver_at: Instant = Field(description="Not before: the quiet hours of whom it is for end then.")
    updated_at: Instant
    acknowledged_at: Instant | None
    acknowledged_by: str | None
    withdrawn_at: Instant | None


class Acknowledgement(Schema):
    """Who has taken notice."""

    by: Annotated[Words, Field(max_length=100, description="The person, as named on the notice.")]


@routes.get("/notices")
async def list_notices(
    principal: PrincipalDep,
    resources: ResourcesDep,
    role: Annotated[Role | None, Query(description="Told as this, also in copy (抄送).")] = None,
    department: Annotated[str | None, Query(max_length=41, description="Whose own people are told.")] = None,
    ticket: Annotated[str | None, Query(max_length=40)] = None,
    kind: Annotated[Literal["rung", "urge", "month", "halt"] | None, Query()] = None,
    open: Annotated[bool, Query(description="Neither acknowledged nor withdrawn.")] = False,  # noqa: A002
    missing: Annotated[bool, Query(description="Alarms: nobody holds the role they were for.")] = False,
    updated_after: Annotated[AskedInstant | None, Query(description="News since then.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Notice]:
    """
    List notices in the order in which they became news; a department reads those for its own people.

    What waits for the end of somebody's quiet hours is not there before.
    """
    own = principal.department or department
    wanted = Wanted(own, role, ticket, kind, open, missing, updated_after, place_of(cursor))
    async with resources.database.transaction() as connection:
        found = await NoticeStore(connection).page(wanted, resources.clock.now(), limit + 1)
    rows, last = cut(found, limit)
    return Page(
        items=[notice_of(row._mapping) for row in rows],
        next=write_cursor(last.updated_at, str(last.id)) if last else None,
    )


@routes.post("/notices/{notice_id}/acknowledge", response_model=Notice)
async def acknowledge_notice(
    notice_id: UUID,
    said: Acknowledgement,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """Take notice, by name; a department for its own people. The first to do so stands."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        store, now = NoticeStore(connection), resources.clock.now()
        row = await store.lock(notice_id)
        if principal.department not in (None, row.to_department) or row.updated_at > now:
            raise NotFound(f"There is no notice {notice_id}.")
        if row.acknowledged_at is not None:
            raise Conflict("This notice is acknowledged already.", acknowledged_by=row.acknowledged_by)
        by = f"{principal.actor}:{said.by}"
        return notice_of((await store.acknowledge(notice_id, by, now))._mapping), {}

    return await commands.run(work)


def notice_of(row: Mapping[Any, Any]) -> Notice:
    """Return a notice from its row."""
    known = {name: row[name] for name in Notice.model_fields if name != "ticket"}
    return Notice(ticket=row["ticket_id"], **known)
