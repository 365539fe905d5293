"""Faces: the steps of a ticket."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from router.act import Act, act
from schemas.base import Schema, Text
from schemas.lifecycle import Step
from schemas.people import ActedBy
from services.resources import Resources
from services.security import Principal
from services.ticket_commands import TicketCommand, UseCase, add_routes
from services.tickets import TicketRow

routes = APIRouter(prefix="/v1", tags=["router"])

Note = Annotated[Text, StringConstraints(min_length=1, max_length=4000)]


class Remark(Schema):
    """What is said with a step; optional where nothing need be said."""

    note: Note | None = None
    by: ActedBy = None


class Reason(Schema):
    """What must be said with a step: what is being done, how it was resolved."""

    note: Note
    by: ActedBy = None


def _step(step: Step) -> UseCase:
    async def take(
        ticket_id: str,
        said: Remark | Reason,
        principal: Principal,
        version: int | None,
        connection: AsyncConnection,
        resources: Resources,
    ) -> TicketRow:
        return await act(ticket_id, Act(step, principal, said.note, version), connection, resources)

    return take


def _command(step: Step, says: type[Schema], summary: str, note: str) -> TicketCommand:
    return TicketCommand(step, step, says, _step(step), summary, example={"note": note})


COMMANDS = (
    _command(Step.SIGN, Remark, "Sign for a ticket (签收): the department has it.", "已签收,由二科承办"),
    _command(
        Step.FEEDBACK,
        Reason,
        "Give feedback (反馈): what is being done, before it is done.",
        "已到现场检测噪声,正在约谈施工单位",
    ),
    _command(Step.CLOSE, Remark, "Close a resolved ticket (结案).", "诉求人满意"),
)
add_routes(routes, COMMANDS)
