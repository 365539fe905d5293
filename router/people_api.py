"""Faces: who handles a department's tickets just now, and what it has promised."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from router.department_api import Code
from router.department_store import UnitStore
from router.people_store import PeopleStore
from schemas.base import AskedInstant, Schema
from schemas.departments import (
    AbsenceWindow,
    Commitment,
    CommitmentNew,
    DutyShift,
    OnDutyNow,
    People,
    Post,
)
from schemas.duty import Person, Staff, who_is_on
from services.authorization import PrincipalDep
from services.commands import CommandsDep, VersionDep
from services.departments import check_own
from services.http import ResourcesDep

NOBODY = "该单位未登记A、B岗,也无人值班"

routes = APIRouter(prefix="/v1", tags=["departments"])


@routes.get("/departments/{code}/people")
async def read_people(
    code: Code, principal: PrincipalDep, resources: ResourcesDep, response: Response
) -> People:
    """Read who handles a department's tickets; a department reads its own."""
    check_own(code, principal)
    async with resources.database.transaction() as connection:
        _, version = await UnitStore(connection).get(code)
        staff = await PeopleStore(connection).staff(code)
    response.headers["etag"] = f'"{version}"'
    return _people(staff)


@routes.put("/departments/{code}/people", response_model=People)
async def put_people(
    code: Code,
    people: People,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
    version: VersionDep,
) -> Response:
    """Say who handles a department's tickets: posts A and B, absences of A, the duty roster, as a whole."""
    check_own(code, principal)

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        store, people_store = UnitStore(connection), PeopleStore(connection)
        await store.hold()
        await store.get(code, version=version)
        before = _people(await people_store.staff(code))
        await people_store.put(code, people)
        was = {"people": before.model_dump(mode="json")}
        becomes = {"people": people.model_dump(mode="json")}
        changed = await store.touch(code, was, becomes, principal.actor, resources.clock.now())
        return people, {"etag": f'"{changed}"'}

    return await commands.run(work)


@routes.get("/departments/{code}/on-duty")
async def read_on_duty(
    code: Code,
    principal: PrincipalDep,
    resources: ResourcesDep,
    at: Annotated[AskedInstant | None, Query(description="The moment asked about; now by default.")] = None,
    signed: Annotated[bool, Query(description="False: a ticket was not signed in time.")] = True,
) -> OnDutyNow:
    """Say who is to act for a department: A, B when A is away or did not sign in time, or the roster's."""
    check_own(code, principal)
    async with resources.database.transaction() as connection:
        await UnitStore(connection).get(code)
        staff = await PeopleStore(connection).staff(code)
    moment: datetime = at or resources.clock.now()
    found = who_is_on(staff, moment, signed=signed)
    if found is None:
        return OnDutyNow(role=None, name=None, phone=None, because=NOBODY)
    person = found.person
    return OnDutyNow(role=found.role, name=person.name, phone=person.phone, because=found.because)


@routes.get("/departments/{code}/commitments")
async def list_commitments(code: Code, resources: ResourcesDep) -> list[Commitment]:
    """List what a department has promised (服务承诺), every version."""
    async with resources.database.transaction() as connection:
        await UnitStore(connection).get(code)
        rows = await PeopleStore(connection).commitments(code)
    return [_commitment(row) for row in rows]


@routes.post("/departments/{code}/commitments", status_code=201, response_model=Commitment)
async def publish_commitment(
    code: Code,
    new: CommitmentNew,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
    version: VersionDep,
) -> Response:
    """
    Publish a commitment; an earlier one for the same category and kind ends the day before.

    It shortens the limits of what the department is assigned from that day on, never one a law sets.
    """

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        store, now = UnitStore(connection), resources.clock.now()
        await store.hold()
        await store.get(code, version=version)
        row = await PeopleStore(connection).commit(code, new, principal.actor, now)
        said = {"commitment": new.model_dump(mode="json")}
        changed = await store.touch(code, {}, said, principal.actor, now)
        return _commitment(row), {"etag": f'"{changed}"'}

    return await commands.run(work, 201)


def _people(staff: Staff) -> People:
    return People(
        a=_post(staff.a),
        b=_post(staff.b),
        absences=[
            AbsenceWindow(starts_at=each.starts_at, ends_at=each.ends_at, because=each.because)
            for each in staff.absences
        ],
        shifts=[
            DutyShift(
                starts_at=each.starts_at,
                ends_at=each.ends_at,
                name=each.person.name,
                phone=each.person.phone,
            )
            for each in staff.shifts
        ],
    )


def _post(person: Person | None) -> Post | None:
    return None if person is None else Post(name=person.name, phone=person.phone)


def _commitment(row: Row[tuple[object, ...]]) -> Commitment:
    values = {name: row._mapping[name] for name in Commitment.model_fields}
    return Commitment(**{**values, "kind": values["kind"] or None})
