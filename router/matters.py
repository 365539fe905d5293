"""Faces: join tickets of one matter by hand, and part them again."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from router.by_hand import at_hand
from router.join import hold_joining, join, part
from router.whose import check_party
from schemas.base import Schema, Text
from schemas.lifecycle import Status, Step
from services.authorization import PrincipalDep
from services.commands import CommandsDep, VersionDep
from services.http import ResourcesDep
from services.offers import offered
from services.resources import Resources
from services.security import Principal
from services.tickets import TicketRow, TicketStore

routes = APIRouter(prefix="/v1", tags=["router"])

Note = Annotated[Text, StringConstraints(min_length=1, max_length=1000)]


class JoinRequest(Schema):
    """The ticket another is joined to, and why they are one matter."""

    parent: Annotated[Text, StringConstraints(min_length=1, max_length=40)]
    note: Note


class PartRequest(Schema):
    """Why a ticket is a matter of its own after all."""

    note: Note


class Joined(Schema):
    """Where the ticket stands now, and what this caller may do next."""

    id: str
    status: Status
    version: int
    parent: str | None
    actions: list[Step]


@routes.post("/tickets/{ticket_id}/join", response_model=Joined)
async def join_ticket(
    ticket_id: str,
    wanted: JoinRequest,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
    version: VersionDep,
) -> Response:
    """
    Join a ticket to the open ticket of the same matter (并单).

    It keeps its number, its caller and the date promised, is not dispatched,
    and is answered when the other one is. A department that has it already is
    told that it is taken back.
    """

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        await hold_joining(connection)
        ticket = await at_hand(ticket_id, principal, connection, resources, version=version)
        check_party(await TicketStore(connection).get(wanted.parent), principal)
        now, actor = resources.clock.now(), principal.actor
        await join(ticket, wanted.parent, wanted.note, connection, at=now, actor=actor)
        ticket = await TicketStore(connection).get(ticket_id)
        return await _shown(ticket, principal, connection, resources)

    return await commands.run(work)


@routes.post("/tickets/{ticket_id}/part", response_model=Joined)
async def part_ticket(
    ticket_id: str,
    wanted: PartRequest,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
    version: VersionDep,
) -> Response:
    """Part a ticket from the one it was joined to: it is dispatched on its own."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        ticket = await at_hand(ticket_id, principal, connection, resources, version=version)
        await part(ticket, wanted.note, connection, at=resources.clock.now(), actor=principal.actor)
        ticket = await TicketStore(connection).get(ticket_id)
        return await _shown(ticket, principal, connection, resources)

    return await commands.run(work)


async def _shown(
    ticket: TicketRow, principal: Principal, connection: AsyncConnection, resources: Resources
) -> tuple[Schema, dict[str, str]]:
    shown = Joined(
        id=ticket.id,
        status=ticket.status,
        version=ticket.version,
        parent=ticket.parent,
        actions=await offered(ticket._asdict(), principal, connection, resources),
    )
    return shown, {"etag": f'"{ticket.version}"'}
