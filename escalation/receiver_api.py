"""Faces: who is told of rungs, as the city enters them."""

import re
from datetime import time
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Response
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.receivers import Quiet, Receiver, Role, entry_fault
from escalation.receiver_store import ReceiverStore
from schemas.base import Instant, Schema, Text, Words
from schemas.errors import Invalid, NotFound
from schemas.ticket import Name, Phone
from services.authorization import PrincipalDep
from services.commands import CommandsDep
from services.http import ResourcesDep

Scope = Annotated[
    str, Path(pattern=r"^(\*|[0-9]{6}|[a-z0-9][a-z0-9-]{0,40})$", description="See `scope` of a receiver.")
]

_TIME_OF_DAY = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"


def _without_offset(given: Any) -> Any:
    if not isinstance(given, time) and not re.fullmatch(_TIME_OF_DAY, str(given)):
        raise ValueError("a time of day in the city's time is hours and minutes, as 22:00")
    return given


TimeOfDay = Annotated[
    time,
    BeforeValidator(_without_offset),
    WithJsonSchema({"type": "string", "pattern": _TIME_OF_DAY, "examples": ["22:00"]}),
]
"""By itself it would be described as RFC 3339 has times, which want an offset."""

routes = APIRouter(prefix="/v1/supervision", tags=["escalation"])


class ReceiverChange(Schema):
    """
    Somebody who is told, by name, post and unit (岗位责任制), and when they are left alone.

    Quiet hours are in the city's time and may go over midnight; urgent tickets do not keep them.
    """

    name: Name = ""
    post: Annotated[Words, Field(max_length=100)]
    unit: Annotated[Name, Field(description="Empty: the department's own name.")] = ""
    phone: Phone | None = None
    quiet_from: TimeOfDay | None = None
    quiet_until: TimeOfDay | None = None
    confirmed: bool = True

    @model_validator(mode="after")
    def _quiet_begins_and_ends(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet hours begin and end")
        return self


class ReceiverShown(Schema):
    """
    Who is told, as `role`.

    `scope` says for whom: a department's code, a district's six digits, `desk` (the hotline's
    own desk), `city`, or `*` for every department that has nobody of its own. An operator of `*`
    has no name: the department's posts A and B are told, and only the quiet hours are meant.
    """

    role: Role
    scope: str
    name: Text
    post: Text
    unit: Text
    phone: str | None
    quiet_from: TimeOfDay | None
    quiet_until: TimeOfDay | None
    confirmed: bool
    recorded_at: Instant
    recorded_by: str


@routes.get("/receivers")
async def list_receivers(resources: ResourcesDep) -> list[ReceiverShown]:
    """List everybody who is told of rungs."""
    async with resources.database.transaction() as connection:
        rows = await ReceiverStore(connection).in_force()
    return [_shown(row) for row in rows]


@routes.put("/receivers/{role}/{scope}", response_model=ReceiverShown)
async def put_receiver(
    role: Role,
    scope: Scope,
    new: ReceiverChange,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """Enter who is told; whoever it was before stays on record. Takes effect with the next rung."""
    if fault := entry_fault(role, scope, new.name):
        raise Invalid(fault, pointer="path:scope")

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        store = ReceiverStore(connection)
        await store.put([_receiver(role, scope, new)], principal.actor, resources.clock.now())
        return _shown(await store.get(role, scope)), {}

    return await commands.run(work)


@routes.delete("/receivers/{role}/{scope}", status_code=204)
async def end_receiver(role: Role, scope: Scope, principal: PrincipalDep, resources: ResourcesDep) -> None:
    """End a receiver. Where nobody is left, the next level's is told, with an alarm."""
    async with resources.database.transaction() as connection:
        if not await ReceiverStore(connection).end(role, scope, principal.actor, resources.clock.now()):
            raise NotFound(f"Nobody is entered as {role} of {scope}.")


def _receiver(role: Role, scope: str, new: ReceiverChange) -> Receiver:
    quiet = None
    if new.quiet_from is not None and new.quiet_until is not None:
        quiet = Quiet(new.quiet_from, new.quiet_until)
    return Receiver(role, scope, new.name, new.post, new.unit, new.phone, quiet, new.confirmed)


def _shown(row: Row[Any]) -> ReceiverShown:
    return ReceiverShown(**{name: row._mapping[name] for name in ReceiverShown.model_fields})
