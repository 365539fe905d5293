"""Faces: the steps of a ticket."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from router.act import Act, act
from schemas.base import Schema, Text
from schemas.lifecycle import Step
from services.authorization import PrincipalDep
from services.commands import CommandsDep, VersionDep
from services.http import ResourcesDep
from services.steps import StepTaken, taken

routes = APIRouter(prefix="/v1", tags=["router"])

Note = Annotated[Text, StringConstraints(min_length=1, max_length=4000)]


class Remark(Schema):
    """What is said with a step; optional where nothing need be said."""

    note: Note | None = None


class Reason(Schema):
    """What must be said with a step: what is being done, how it was resolved."""

    note: Note


def _step_route(step: Step, remark: type[Schema], says: str) -> None:
    async def take_step(
        ticket_id: str,
        said: Any,
        principal: PrincipalDep,
        resources: ResourcesDep,
        commands: CommandsDep,
        version: VersionDep,
    ) -> Response:
        async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
            wanted = Act(step, principal, said.note, version)
            return taken(await act(ticket_id, wanted, connection, resources), principal)

        return await commands.run(work)

    take_step.__annotations__["said"] = remark
    take_step.__doc__ = says
    path = f"/tickets/{{ticket_id}}/{step.replace('_', '-')}"
    routes.post(path, response_model=StepTaken, name=step)(take_step)


_step_route(Step.SIGN, Remark, "Sign for a ticket (签收): the department has it.")
_step_route(Step.CONTACT, Remark, "Say that the caller was contacted (首次联系).")
_step_route(Step.FEEDBACK, Reason, "Give feedback (反馈): what is being done, before it is done.")
_step_route(Step.RESOLVE, Reason, "Resolve a ticket (办结): what was done, for the caller.")
_step_route(Step.CLOSE, Remark, "Close a resolved ticket (归档).")
