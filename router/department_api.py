"""Faces: departments as a tree, made, changed, merged, and carried in and out as a sheet."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from router.department_sheet import LineFault, Sheet, lint, merged, read_sheet, write_sheet
from router.department_store import UnitStore
from router.departments import amend, create, in_tree_order, refuse_in_use, shown
from router.domain.csv_sheet import decoded
from router.domain.units import ancestors
from router.merge import cancel_merger, merger_of, record_merger
from schemas.base import Schema
from schemas.codes import DepartmentCode
from schemas.departments import (
    Department,
    DepartmentChange,
    DepartmentEdit,
    DepartmentNew,
    Imported,
    Merger,
    MergerNew,
)
from schemas.errors import Invalid, NotFound
from services.authorization import PrincipalDep
from services.commands import CommandsDep, VersionDep
from services.http import ResourcesDep
from services.resources import Resources

CSV = "text/csv"
MOST_FAULTS = 200
_SHEET = {"requestBody": {"required": True, "content": {CSV: {"schema": {"type": "string"}}}}}

routes = APIRouter(prefix="/v1", tags=["departments"])

Code = Annotated[DepartmentCode, Path(examples=["traffic-police"])]


@routes.get("/departments")
async def list_departments(
    resources: ResourcesDep,
    under: Annotated[DepartmentCode | None, Query(description="It and those below it.")] = None,
    on: Annotated[date | None, Query(description="Only those there on this day.")] = None,
) -> list[Department]:
    """List the departments as a tree: those below each come right after it."""
    async with resources.database.transaction() as connection:
        store = UnitStore(connection)
        units, versions = await store.units(), await store.versions()
    found = [
        unit
        for unit in in_tree_order(units)
        if (on is None or unit.in_force(on))
        and (under is None or under in (each.code for each in ancestors(unit, units)))
    ]
    return [shown(unit, units, versions[unit.code]) for unit in found]


@routes.get("/departments:export", response_class=Response, responses={200: {"content": {CSV: {}}}})
async def export_departments(resources: ResourcesDep) -> Response:
    """Hand out the departments as a sheet (CSV, UTF-8), as `:import` takes it."""
    async with resources.database.transaction() as connection:
        units = await UnitStore(connection).units()
    return Response(write_sheet(in_tree_order(units)), media_type=CSV)


@routes.post("/departments:import", response_model=Imported, openapi_extra=_SHEET)
async def import_departments(
    request: Request,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
    dry_run: Annotated[bool, Query(description="Only check.")] = False,
) -> Response:
    """
    Take a sheet of departments: all of it, or with any fault nothing.

    Units the sheet does not name stay as they are. Each fault says its line and column.
    """
    sheet = read_sheet(sheet_text(await request.body()))

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        return await take_sheet(sheet, principal.actor, connection, resources, dry_run=dry_run), {}

    return await commands.run(work)


@routes.post("/departments", status_code=201, response_model=Department)
async def create_department(
    new: DepartmentNew, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """Make a department."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        made = await create(new, principal.actor, connection, resources)
        return made, {"etag": '"1"', "location": f"/v1/departments/{made.code}"}

    return await commands.run(work, 201)


@routes.get("/departments/{code}")
async def read_department(code: Code, resources: ResourcesDep, response: Response) -> Department:
    """Read a department."""
    async with resources.database.transaction() as connection:
        store = UnitStore(connection)
        unit, version = await store.get(code)
        units = await store.units()
    response.headers["etag"] = f'"{version}"'
    return shown(unit, units, version)


@routes.put("/departments/{code}", response_model=Department)
async def change_department(
    code: Code,
    said: DepartmentChange,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
    version: VersionDep,
) -> Response:
    """Make a department what it is to be; one still needed cannot end without a successor."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        changed = await amend(code, said, version, principal.actor, connection, resources)
        return changed, {"etag": f'"{changed.version}"'}

    return await commands.run(work)


@routes.get("/departments/{code}/changes")
async def list_changes(code: Code, resources: ResourcesDep) -> list[DepartmentEdit]:
    """List what was changed of a department, newest first."""
    async with resources.database.transaction() as connection:
        store = UnitStore(connection)
        await store.get(code)
        rows = await store.changes(code)
    return [DepartmentEdit(version=row.version, changed=row.changed, at=row.at, by=row.by) for row in rows]


@routes.post("/departments/{code}/merge-into/{other}", response_model=Merger, status_code=202)
async def merge_department(
    code: Code,
    other: Code,
    said: MergerNew,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
    version: VersionDep,
) -> Response:
    """
    From a day on a department's matters are another's: a merger, or a new name under a new code.

    Its open tickets move on that day, a batch at a time, their clocks running
    on; `GET …/merger` says how far it has come.
    """

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        store = UnitStore(connection)
        await store.hold()
        await store.get(code, version=version)
        await record_merger(code, other, said, principal.actor, connection, resources)
        return await _merger(code, connection), {"location": f"/v1/departments/{code}/merger"}

    return await commands.run(work, 202)


@routes.get("/departments/{code}/merger")
async def read_merger(code: Code, resources: ResourcesDep) -> Merger:
    """Say into which department one is merged, and how many tickets are still to be moved."""
    async with resources.database.transaction() as connection:
        return await _merger(code, connection)


@routes.delete("/departments/{code}/merger", status_code=204)
async def take_back_merger(code: Code, principal: PrincipalDep, resources: ResourcesDep) -> None:
    """Take a merger back before its day."""
    async with resources.database.transaction() as connection:
        await UnitStore(connection).hold()
        await cancel_merger(code, principal.actor, connection, resources)


def sheet_text(body: bytes) -> str:
    """Return a sheet's text; raises `Invalid` when it is neither UTF-8 nor GB18030."""
    try:
        return decoded(body)
    except UnicodeDecodeError as fault:
        raise Invalid(f"The sheet is neither UTF-8 nor GB18030: {fault.reason}.") from fault


async def take_sheet(
    sheet: Sheet, by: str, connection: AsyncConnection, resources: Resources, *, dry_run: bool = False
) -> Imported:
    """Make the units of a sheet what they are to be; raises `Invalid` with every fault and its line."""
    store = UnitStore(connection)
    await store.hold()
    present = await store.units()
    refuse(lint(sheet, present, await store.divisions()))
    units, now = merged(sheet, present), resources.clock.now()
    changed = [unit for unit in units if unit.code in present and unit != present[unit.code]]
    created = [unit for unit in units if unit.code not in present]
    for unit in changed:
        await refuse_in_use(present[unit.code], unit, connection, resources)
    if not dry_run:
        for unit in sorted(created, key=lambda each: each.area):
            await store.add(unit, by, now)
        for unit in changed:
            await store.change(present[unit.code], unit, by, now)
    return Imported(
        created=len(created), changed=len(changed), unchanged=len(units) - len(created) - len(changed)
    )


def refuse(faults: list[LineFault]) -> None:
    """Raise `Invalid` with the faults of a sheet, if there are any."""
    if faults:
        errors = [
            {"pointer": f"line:{each.line}:{each.column}", "code": "invalid", "detail": str(each)}
            for each in faults[:MOST_FAULTS]
        ]
        raise Invalid(f"The sheet has {len(faults)} faults.", pointer=errors[0]["pointer"], errors=errors)


async def _merger(code: str, connection: AsyncConnection) -> Merger:
    row = await merger_of(connection, code)
    if row is None:
        raise NotFound(f"The department {code} is merged into none.", pointer="/code")
    left, _ = await UnitStore(connection).open_tickets(code)
    return Merger(
        department=row.department,
        successor=row.successor,
        on=row.merges_on,
        because=row.because,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        moved=row.moved,
        left=left,
        done_at=row.done_at,
    )
