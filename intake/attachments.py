"""Use cases and faces: files that hang on a ticket, by reference; the service never fetches them."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.domain.attachment import check_attachment
from intake.tables import attachments
from schemas.base import Instant, Schema
from schemas.errors import Conflict, TicketNotFound
from schemas.events import Remark, TicketNoted
from schemas.lifecycle import Step
from schemas.scrubbing import names_in, scrubbed
from schemas.ticket import Attachment
from services.access import may_see
from services.authorization import PrincipalDep
from services.commands import CommandsDep, VersionDep
from services.http import ResourcesDep
from services.security import Principal
from services.tickets import TicketStore

MOST = 100

routes = APIRouter(prefix="/v1", tags=["intake"])


class KeptAttachment(Attachment):
    """A file of a ticket: since when it hangs there, and by whom."""

    added_at: Instant
    added_by: str


class Attachments(Schema):
    """The files of a ticket, oldest first."""

    items: list[KeptAttachment]


@routes.post(
    "/tickets/{ticket_id}/attachments",
    status_code=201,
    response_model=KeptAttachment,
    responses={200: {"model": KeptAttachment, "description": "The same bytes hang there already."}},
)
async def attach(
    ticket_id: str,
    given: Attachment,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
    version: VersionDep,
) -> Response:
    """
    Hang a file on a ticket by its address and the digest of its bytes.

    The service never opens the address, so what it says of the file is the
    sender's word. The same bytes again are the same attachment: 200.
    """
    check_attachment(given)
    known = False

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        nonlocal known
        store = TicketStore(connection)
        ticket = await store.lock(ticket_id, version=version)
        present = {row.sha256: row for row in await files_of(ticket.id, connection)}
        known = given.sha256 in present
        if known:
            return _shown(present[given.sha256]), {"etag": f'"{ticket.version}"'}
        if len(present) >= MOST:
            raise Conflict(f"A ticket has at most {MOST} attachments.")
        row = {**given.model_dump(), "added_at": resources.clock.now(), "added_by": principal.actor}
        await connection.execute(insert(attachments).values(ticket_id=ticket.id, **row))
        told = Remark(note=f"附件:{given.name or given.media_type}", department=ticket.department)
        noted = await store.advance(
            ticket, Step.NOTE, TicketNoted, told, at=row["added_at"], actor=principal.actor, note=told.note
        )
        return KeptAttachment(**row), {"etag": f'"{noted.version}"'}

    return await commands.run(work, lambda: 200 if known else 201)


@routes.get("/tickets/{ticket_id}/attachments")
async def list_attachments(ticket_id: str, principal: PrincipalDep, resources: ResourcesDep) -> Attachments:
    """List the files of a ticket; a recording is not for departments, nor a name that says who called."""
    async with resources.database.transaction() as connection:
        ticket = await TicketStore(connection).get(ticket_id)
        if not may_see(ticket._asdict(), principal):
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        rows = await files_of(ticket.id, connection)
    items = [_shown(row) for row in rows if _may_have(row, principal)]
    if principal.department is not None:
        hidden = names_in(ticket.caller, ticket.former_callers)
        items = [
            each.model_copy(update={"name": each.name and scrubbed(each.name, hidden)}) for each in items
        ]
    return Attachments(items=items)


async def files_of(ticket_id: str, connection: AsyncConnection) -> Sequence[Row[Any]]:
    """Return the rows of a ticket's files, oldest first."""
    query = select(attachments).where(attachments.c.ticket_id == ticket_id)
    return (await connection.execute(query.order_by(attachments.c.added_at, attachments.c.sha256))).all()


def _shown(row: Row[Any]) -> KeptAttachment:
    return KeptAttachment(**{name: row._mapping[name] for name in KeptAttachment.model_fields})


def _may_have(kept: Row[Any], principal: Principal) -> bool:
    """Say whether a file is this caller's to have: a recording bears a voice, and stays with the hotline."""
    return principal.department is None or not kept.media_type.startswith("audio/")
