"""Faces: ask a department to help, whistle for several, take the steps of who helps; lists and counts."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from router.api import Reason, Remark
from router.co_handling import Asked, co_assign, co_step
from router.co_handling_store import CoHandlingStore
from router.department_store import UnitStore
from router.returns_api import place_of
from router.whose import check_party, with_predecessors
from schemas.base import Schema
from schemas.errors import Forbidden, Invalid
from schemas.lifecycle import Step
from schemas.returns import CoHandling, CoHandlingCount, CoHandlingRequest, CoHandlings, WhistleRequest
from schemas.scrubbing import names_in, scrubbed
from services.authorization import PrincipalDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, read_key, write_cursor, write_key
from services.resources import Resources
from services.security import Principal
from services.steps import StepTaken, check_step, taken
from services.ticket_commands import TicketCommand, UseCase, add_routes
from services.tickets import TicketRow, TicketStore

routes = APIRouter(prefix="/v1", tags=["co-handling"])

STREET = "township"


class HelpTaken(CoHandling):
    """The help as it is after a step of it, and where its ticket stands."""

    state: StepTaken


class HelpAsked(CoHandlings):
    """Everybody who helps or helped with a ticket, and where it stands."""

    state: StepTaken


async def _ask_for_help(
    ticket_id: str,
    said: CoHandlingRequest,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    ticket = await _held(ticket_id, principal, version, connection)
    asked = Asked(said.department, said.due_at, said.reason, principal.actor)
    return await co_assign(ticket, asked, connection, resources)


async def _whistle(
    ticket_id: str,
    said: WhistleRequest,
    principal: Principal,
    version: int | None,
    connection: AsyncConnection,
    resources: Resources,
) -> TicketRow:
    ticket = await _held(ticket_id, principal, version, connection)
    await _check_whistle(ticket, said, connection)
    for department in dict.fromkeys(said.departments):
        asked = Asked(department, said.due_at, said.reason, principal.actor, "whistle")
        ticket = await co_assign(ticket, asked, connection, resources)
    return ticket


@routes.get("/tickets/{ticket_id}/co-handling")
async def list_helpers(ticket_id: str, principal: PrincipalDep, resources: ResourcesDep) -> CoHandlings:
    """
    List who helps or helped with a ticket, and what they answered; who helps reads its own.

    The lead reads whom it asked itself, or who was there before it and is merged into it.
    """
    async with resources.database.transaction() as connection:
        ticket = await TicketStore(connection).get(ticket_id)
        check_party(ticket, principal)
        return CoHandlings(items=await _everybody(ticket, principal, connection, resources))


@routes.get("/co-handling")
async def list_co_handling(
    principal: PrincipalDep,
    resources: ResourcesDep,
    department: Annotated[str | None, Query(max_length=41)] = None,
    open_only: Annotated[bool, Query(alias="open", description="Only what is not answered yet.")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CoHandling]:
    """List what departments were asked to help with, newest first; a department sees what it was asked."""
    whose = principal.department or department
    async with resources.database.transaction() as connection:
        found = await CoHandlingStore(connection).page(
            whose, open_only=open_only, place=place_of(cursor), limit=limit + 1
        )
    rows, last = cut(found, limit)
    following = write_cursor(last.assigned_at, str(last.id)) if last else None
    shown = _shown if principal.department is None else _for_helper
    return Page(items=[shown(row) for row in rows], next=following)


@routes.get("/supervision/co-handling")
async def count_co_handling(
    resources: ResourcesDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[CoHandlingCount]:
    """Count how often each department was asked or whistled for, answered, was late, and whistled."""
    async with resources.database.transaction() as connection:
        now = resources.clock.now()
        found = await CoHandlingStore(connection).counts(now, read_key(cursor), limit + 1)
    rows, last = cut(found, limit)
    items = [CoHandlingCount(**row._asdict()) for row in rows]
    return Page(items=items, next=write_key(last.department) if last else None)


def _step(step: Step) -> UseCase:
    async def take(
        ticket_id: str,
        said: Remark | Reason,
        principal: Principal,
        version: int | None,
        connection: AsyncConnection,
        resources: Resources,
    ) -> Row[Any]:
        ticket = await TicketStore(connection).lock(ticket_id)
        check_step(ticket, step, principal, version)
        return await co_step(ticket, step, said.note, principal, connection, resources.clock.now())

    return take


async def _help_taken(
    row: Row[Any], principal: Principal, connection: AsyncConnection, resources: Resources
) -> tuple[HelpTaken, dict[str, str]]:
    ticket = await TicketStore(connection).get(row.ticket_id)
    state, headers = await taken(ticket, principal, connection, resources)
    return HelpTaken(**dict(_for_helper(row)), state=state), headers


async def _help_asked(
    ticket: TicketRow, principal: Principal, connection: AsyncConnection, resources: Resources
) -> tuple[HelpAsked, dict[str, str]]:
    state, headers = await taken(ticket, principal, connection, resources)
    items = await _everybody(ticket, principal, connection, resources)
    return HelpAsked(items=items, state=state), headers


def _command(step: Step, says: type[Schema], summary: str, note: str) -> TicketCommand:
    path = f"co-handling/{step.removeprefix('co_')}"
    return TicketCommand(
        step, path, says, _step(step), summary, HelpTaken, _help_taken, example={"note": note}
    )


COMMANDS = (
    TicketCommand(
        Step.CO_ASSIGN,
        "co-handling",
        CoHandlingRequest,
        _ask_for_help,
        "Ask a department to help with a ticket (协办); by its lead or the hotline, with a due time.",
        HelpAsked,
        _help_asked,
        status=201,
        example={
            "department": "urban-management",
            "due_at": "2026-11-25T17:30:00+08:00",
            "reason": "请协助核查占道情况",
        },
    ),
    TicketCommand(
        "whistle",
        "whistle",
        WhistleRequest,
        _whistle,
        "Whistle for departments (吹哨报到): by a street that has the ticket; each is to report until then.",
        HelpAsked,
        _help_asked,
        status=201,
        example={
            "departments": ["urban-management", "traffic-police"],
            "due_at": "2026-11-25T17:30:00+08:00",
            "reason": "请到现场联合处置",
        },
    ),
    _command(Step.CO_SIGN, Remark, "Sign for a request to help (协办签收).", "已签收,派员配合"),
    _command(
        Step.CO_CONTACT,
        Remark,
        "Say that the caller was contacted, through the lead or at the place.",
        "已随主办单位到场见到诉求人",
    ),
    _command(Step.CO_FEEDBACK, Reason, "Say how far the help has come.", "已现场核查,占道物品正在清理"),
    _command(
        Step.CO_ANSWER,
        Reason,
        "Answer the lead (协办答复): that ends the help; only the lead resolves.",
        "占道物品已清理完毕",
    ),
)
add_routes(routes, COMMANDS)


async def _held(
    ticket_id: str, principal: Principal, version: int | None, connection: AsyncConnection
) -> TicketRow:
    ticket = await TicketStore(connection).lock(ticket_id)
    check_step(ticket, Step.CO_ASSIGN, principal, version)
    return ticket


async def _check_whistle(ticket: TicketRow, said: WhistleRequest, connection: AsyncConnection) -> None:
    levels = {unit.code: unit.level for unit in (await UnitStore(connection).units()).values()}
    if levels.get(ticket.department) != STREET:
        raise Forbidden("Only a street or a town whistles; a department asks for co-handling.")
    for at, each in enumerate(said.departments):
        if levels.get(each) == STREET:
            raise Invalid("A street whistles for departments, not for streets.", pointer=f"/departments/{at}")


async def _everybody(
    ticket: TicketRow, principal: Principal, connection: AsyncConnection, resources: Resources
) -> list[CoHandling]:
    rows = await CoHandlingStore(connection).of(ticket.id)
    if principal.department is None:
        return [_shown(row) for row in rows]
    if principal.department == ticket.department:
        leads = await with_predecessors(ticket.department, connection, resources)
        return [_for_lead(row, principal) for row in rows if row.lead in leads]
    return [_for_helper(row) for row in rows if row.department == principal.department]


def _for_helper(row: Any) -> CoHandling:
    """Return what a department was asked without who called, whoever wrote it: it sees nothing of them."""
    hidden = names_in(row.caller, row.former_callers)
    whole = _shown(row)
    return whole.model_copy(update={"reason": scrubbed(whole.reason, hidden)})


def _for_lead(row: Any, principal: Principal) -> CoHandling:
    """Return what was asked and answered; of what others wrote, without who called."""
    hidden, whole = names_in(row.caller, row.former_callers), _shown(row)
    said = {"answer": whole.answer and scrubbed(whole.answer, hidden)}
    if row.asked_by != principal.actor:
        said["reason"] = scrubbed(whole.reason, hidden)
    return whole.model_copy(update=said)


def _shown(row: Any) -> CoHandling:
    known = [name for name in CoHandling.model_fields if name in row._mapping and name != "id"]
    return CoHandling(id=str(row.id), ticket=row.ticket_id, **{name: row._mapping[name] for name in known})
