"""What is done with one ticket, said once: its route and the hook of a department's system run the same."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Schema
from schemas.errors import HotlineError
from services.access import DEPARTMENT, ROUTES
from services.acting import act_as
from services.authorization import PrincipalDep
from services.commands import CommandsDep, VersionDep
from services.http import ResourcesDep
from services.resources import Resources
from services.security import Principal
from services.steps import StepTaken, taken

UseCase = Callable[[str, Any, Principal, int | None, AsyncConnection, Resources], Awaitable[Any]]
"""Takes the ticket's number, what is said, who says it, the version they read, transaction and resources."""

Refused = Callable[[HotlineError, str, Principal, AsyncConnection, Resources], Awaitable[None]]
"""Takes why the ticket's command was refused, and notes what must be known of it all the same."""

Shows = Callable[[Any, Principal, AsyncConnection, Resources], Awaitable[tuple[Schema, dict[str, str]]]]
"""Takes what a use case returned, and makes the answer of it, with the headers."""

PATH = "/v1/tickets/{ticket_id}/"


@dataclass(frozen=True, slots=True)
class TicketCommand:
    """
    Something done with one ticket: below its address at `path`, from a department's system by `name`.

    A step of the lifecycle has its name. `says` is what is said with it, and `shown` makes the
    answer at the route of what the use case returns; `example` is something that can be said.
    """

    name: str
    path: str
    says: type[Schema]
    use_case: UseCase
    summary: str
    answers: type[Schema] = StepTaken
    shown: Shows = taken
    status: int = 200
    when_refused: Refused | None = None
    example: Mapping[str, Any] = field(default_factory=dict)

    async def run(
        self,
        ticket_id: str,
        said: Any,
        principal: Principal,
        version: int | None,
        connection: AsyncConnection,
        resources: Resources,
    ) -> Any:
        """Give the command under the name of whom it says, in `by`, that it is from."""
        act_as(connection, principal, getattr(said, "by", None))
        return await self.use_case(ticket_id, said, principal, version, connection, resources)

    @property
    def is_departments(self) -> bool:
        """Say whether departments may give it."""
        return DEPARTMENT in ROUTES["POST", PATH + self.path]


class TicketCommands:
    """
    The commands departments may give, by name.

    The composition root adds those of every role, also of roles this process does not run.
    """

    def __init__(self, _: Resources) -> None:
        self.by_name: dict[str, TicketCommand] = {}

    def add(self, commands: Iterable[TicketCommand]) -> None:
        """Take those of a role's commands that are a department's."""
        self.by_name |= {each.name: each for each in commands if each.is_departments}


def add_routes(routes: APIRouter, commands: Iterable[TicketCommand]) -> None:
    """Give each command its route; `routes` begin with `/v1`."""
    for each in commands:
        _add_route(routes, each)


def _add_route(routes: APIRouter, command: TicketCommand) -> None:
    async def take(
        ticket_id: str,
        said: Any,
        principal: PrincipalDep,
        resources: ResourcesDep,
        commands: CommandsDep,
        version: VersionDep,
    ) -> Response:
        async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
            found = await command.run(ticket_id, said, principal, version, connection, resources)
            return await command.shown(found, principal, connection, resources)

        try:
            return await commands.run(work, command.status)
        except HotlineError as refusal:
            note, why = command.when_refused, refusal
            if note is not None:
                await resources.database.run(
                    lambda connection: note(why, ticket_id, principal, connection, resources)
                )
            raise

    take.__annotations__["said"] = command.says
    take.__doc__ = command.summary
    routes.post(
        f"/tickets/{{ticket_id}}/{command.path}",
        status_code=command.status,
        response_model=command.answers,
        name=command.name,
        openapi_extra={"requestBody": {"content": {"application/json": {"example": dict(command.example)}}}},
    )(take)
