"""Faces: the steps of a ticket, the triage desk, departments and the jurisdiction table."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from router.act import Act, act
from router.assign import assign, civil_day
from router.domain.explain import record, sentence
from router.domain.matching import match
from router.store import AssignmentStore, DepartmentStore, PublishedTable
from schemas.base import Instant, Schema, Text
from schemas.codes import CategoryCode, DepartmentCode, DivisionCode
from schemas.lifecycle import Status, Step, steps_from
from services.access import STEP_ROLES
from services.authorization import PrincipalDep
from services.commands import CommandsDep, VersionDep
from services.http import ResourcesDep
from services.paging import Cursor, Limit, Page, cut, read_cursor, write_cursor
from services.security import Principal
from services.tickets import TicketRow, TicketStore

routes = APIRouter(prefix="/v1", tags=["router"])

Note = Annotated[Text, StringConstraints(min_length=1, max_length=4000)]


class Remark(Schema):
    """What is said with a step; optional where nothing need be said."""

    note: Note | None = None


class Reason(Schema):
    """What must be said with a step: why a ticket is returned, how it was resolved."""

    note: Note


class AssignTo(Reason):
    """A person's decision at the triage desk."""

    department: DepartmentCode


class StepTaken(Schema):
    """Where the ticket stands now, and what this caller may do next."""

    id: str
    status: Status
    version: int
    department: str | None
    actions: list[Step]


class ParkedTicket(Schema):
    """A ticket that waits for a person, and why."""

    id: str
    parked_at: Instant
    reason: str
    because: str
    candidates: list[str]
    title: str
    category: str | None
    division: str | None
    urgency: str


class Department(Schema):
    """A department (承办单位) and the division it serves."""

    code: str
    name: str
    level: str
    division: str
    valid_from: date
    valid_to: date | None


@routes.post("/tickets/{ticket_id}/assign", response_model=StepTaken)
async def assign_by_hand(
    ticket_id: str,
    chosen: AssignTo,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
    version: VersionDep,
) -> Response:
    """Assign a ticket of the triage desk; a department that returned it is refused."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        store = TicketStore(connection)
        ticket = await store.lock(ticket_id, version=version)
        because = f"人工派单:{chosen.note}"
        await assign(ticket, chosen.department, connection, resources, because=because, actor=principal.actor)
        await AssignmentStore(connection).unpark(ticket_id, resources.clock.now())
        return _taken(await store.get(ticket_id), principal)

    return await commands.run(work)


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
            return _taken(await act(ticket_id, wanted, connection, resources), principal)

        return await commands.run(work)

    take_step.__annotations__["said"] = remark
    take_step.__doc__ = says
    path = f"/tickets/{{ticket_id}}/{step.replace('_', '-')}"
    routes.post(path, response_model=StepTaken, name=step)(take_step)


_step_route(Step.SIGN, Remark, "Sign for a ticket (签收): the department has it.")
_step_route(Step.CONTACT, Remark, "Say that the caller was contacted (首次联系).")
_step_route(Step.RETURN, Reason, "Return a ticket (退单): not our duty, and why.")
_step_route(Step.GRANT_RETURN, Remark, "Agree to a return: the ticket is routed again, without them.")
_step_route(Step.REFUSE_RETURN, Reason, "Refuse a return: the same assignment goes on.")
_step_route(Step.RESOLVE, Reason, "Resolve a ticket (办结): what was done, for the caller.")
_step_route(Step.CLOSE, Remark, "Close a resolved ticket (归档).")


@routes.get("/triage")
async def list_parked(
    resources: ResourcesDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[ParkedTicket]:
    """List what waits for a person, longest waiting first."""
    async with resources.database.transaction() as connection:
        found = await AssignmentStore(connection).parked(read_cursor(cursor), limit + 1)
    rows, last = cut(found, limit)
    items = [
        ParkedTicket(
            id=row.ticket_id,
            **{name: row._mapping[name] for name in ParkedTicket.model_fields if name != "id"},
        )
        for row in rows
    ]
    return Page(items=items, next=write_cursor(last.parked_at, last.ticket_id) if last else None)


@routes.get("/departments")
async def list_departments(resources: ResourcesDep) -> list[Department]:
    """List the departments."""
    async with resources.database.transaction() as connection:
        rows = await DepartmentStore(connection).all()
    return [Department(**row._asdict()) for row in rows]


@routes.get("/jurisdictions")
async def list_jurisdictions(resources: ResourcesDep) -> list[dict[str, Any]]:
    """List the rows of the table in force."""
    async with resources.database.transaction() as connection:
        table = await resources.part(PublishedTable).current(connection)
    return [
        {"version": table.version, **{name: getattr(row, name) for name in row.__slots__}}
        for rows in table.rows.values()
        for row in rows
    ]


@routes.get("/jurisdictions/explain")
async def explain_jurisdiction(
    resources: ResourcesDep,
    category: CategoryCode | None = None,
    division: DivisionCode | None = None,
    on: date | None = None,
) -> dict[str, Any]:
    """Say who has jurisdiction over a category and division on a day, by which row, and what it beat."""
    async with resources.database.transaction() as connection:
        table = await resources.part(PublishedTable).current(connection)
    day = on or civil_day(resources.clock.now(), resources)
    verdict = match(table, category, division or resources.settings.city_division, day)
    return {"because": sentence(verdict), **record(verdict)}


def _taken(ticket: TicketRow, principal: Principal) -> tuple[StepTaken, dict[str, str]]:
    steps = steps_from(Status(ticket.status))
    taken = StepTaken(
        id=ticket.id,
        status=ticket.status,
        version=ticket.version,
        department=ticket.department,
        actions=[step for step in steps if principal.role in STEP_ROLES.get(step, ())],
    )
    return taken, {"etag": f'"{ticket.version}"'}
