"""Faces: halting supervision is an act of two persons, on record, and never for ever."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field, model_validator
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.halts import HaltStore, ask, decide, end
from escalation.places import place_of
from schemas.base import AskedInstant, Instant, Schema, Text, Words
from services.authorization import PrincipalDep
from services.commands import Commands, CommandsDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, write_cursor
from services.resources import Resources
from services.security import Principal

State = Literal["asked", "running", "refused", "ended"]

routes = APIRouter(prefix="/v1/supervision", tags=["escalation"])


class HaltAsked(Schema):
    """For what supervision is to halt (`code`: a ticket's number or a department), why, until when."""

    scope: Literal["ticket", "department", "all"]
    code: Annotated[Text, Field(max_length=41)] | None = None
    because: Annotated[Words, Field(max_length=1000)]
    until_at: AskedInstant

    @model_validator(mode="after")
    def _names_what(self) -> Self:
        if (self.code is None) != (self.scope == "all"):
            raise ValueError("a halt of all names nothing, any other names its ticket or department")
        return self


class Halt(Schema):
    """A halt of supervision and what became of it."""

    id: UUID
    scope: Literal["ticket", "department", "all"]
    code: str | None
    because: str
    until_at: Instant
    state: State
    asked_at: Instant
    asked_by: str
    decided_at: Instant | None
    decided_by: str | None
    ended_at: Instant | None
    ended_by: str | None


@routes.get("/halts")
async def list_halts(
    resources: ResourcesDep,
    state: Annotated[State | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Halt]:
    """List halts of supervision, newest first."""
    async with resources.database.transaction() as connection:
        found = await HaltStore(connection).page(state, place_of(cursor), limit + 1)
    rows, last = cut(found, limit)
    return Page(
        items=[_shown(row) for row in rows],
        next=write_cursor(last.asked_at, str(last.id)) if last else None,
    )


@routes.post("/halts", status_code=202, response_model=Halt)
async def ask_for_halt(
    asked: HaltAsked, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """Ask that supervision halts; nothing does before a second person grants it."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        row = await ask(
            asked.scope, asked.code, asked.because, asked.until_at, principal, connection, resources
        )
        return _shown(row), {}

    return await commands.run(work, 202)


@routes.post("/halts/{halt_id}/grant", response_model=Halt)
async def grant_halt(
    halt_id: UUID, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """Grant a halt, as a second person: it runs from now on, and the supervisor is told."""
    return await _decide(halt_id, True, principal, resources, commands)


@routes.post("/halts/{halt_id}/refuse", response_model=Halt)
async def refuse_halt(
    halt_id: UUID, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """Refuse a halt, as a second person."""
    return await _decide(halt_id, False, principal, resources, commands)


@routes.post("/halts/{halt_id}/end", response_model=Halt)
async def end_halt(
    halt_id: UUID, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """End a halt before its time: one person may. What fell due meanwhile is climbed at once."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        return _shown(await end(halt_id, principal.actor, connection, resources)), {}

    return await commands.run(work)


async def _decide(
    halt_id: UUID, granted: bool, principal: Principal, resources: Resources, commands: Commands
) -> Response:
    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        row = await decide(
            halt_id, granted=granted, principal=principal, connection=connection, resources=resources
        )
        return _shown(row), {}

    return await commands.run(work)


def _shown(row: Row[Any]) -> Halt:
    return Halt(**{name: row._mapping[name] for name in Halt.model_fields})
