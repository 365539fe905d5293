"""Use cases and faces of the registry: read the lines, publish one as it is to be from a day on."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.domain.hotline import Hotline, amended
from intake.hotline_store import HotlineStore, today
from schemas.errors import Stale, UnknownHotline
from schemas.hotlines import ALWAYS, HotlineChange, HotlineLine, HotlineVersion, MergeMode
from services.authorization import PrincipalDep
from services.commands import VersionDep
from services.departments import check_known
from services.http import ResourcesDep
from services.resources import Resources

routes = APIRouter(prefix="/v1", tags=["hotlines"])

Number = Annotated[str, Path(pattern=r"^\d{3,6}$", examples=["12315"])]
On = Annotated[date | None, Query(description="The lines in force on this day; today by default.")]


@routes.get("/hotlines")
async def list_hotlines(resources: ResourcesDep, on: On = None) -> list[HotlineLine]:
    """List the lines in force and how each was merged into 12345."""
    async with resources.database.transaction() as connection:
        store = HotlineStore(connection)
        version = await store.latest()
        lines = await store.lines(version)
    day = on or today(resources)
    return [line_of(each, version) for each in lines if each.in_force(day)]


@routes.get("/hotlines/{number}")
async def read_hotline(
    number: Number, resources: ResourcesDep, response: Response, on: On = None
) -> HotlineLine:
    """Read the line of a number: who owns it, whether its calls are taken, what is told when not."""
    async with resources.database.transaction() as connection:
        store = HotlineStore(connection)
        version = await store.latest()
        line = _in_force(await store.lines(version), number, on or today(resources))
    response.headers["etag"] = f'"{version}"'
    return line_of(line, version)


@routes.get("/hotlines/{number}/versions")
async def list_versions(number: Number, resources: ResourcesDep) -> list[HotlineVersion]:
    """List the versions that changed a line, newest first: who published it, when, by which paper."""
    async with resources.database.transaction() as connection:
        found = await HotlineStore(connection).versions_of(number)
    if not found:
        raise UnknownHotline(f"There is no hotline {number}.", pointer="/number")
    return [
        HotlineVersion(
            version=row.version,
            published_at=row.published_at,
            published_by=row.published_by,
            source=row.source,
            lines=[line_of(each, row.version) for each in lines],
        )
        for row, lines in found
    ]


@routes.put("/hotlines/{number}")
async def put_hotline(
    number: Number,
    change: HotlineChange,
    principal: PrincipalDep,
    resources: ResourcesDep,
    response: Response,
    version: VersionDep = None,
) -> HotlineLine:
    """
    Publish a line as it is to be; every other line is carried over into the new version.

    The same change again publishes nothing. `If-Match` with the version that
    was read refuses to overwrite what somebody else published since.
    """
    async with resources.database.transaction() as connection:
        line, published = await _publish(connection, number, change, principal.actor, version, resources)
    response.headers["etag"] = f'"{published}"'
    return line_of(line, published)


def line_of(line: Hotline, version: int) -> HotlineLine:
    """Return a line as it is shown."""
    return HotlineLine(
        version=version,
        number=line.number,
        name=line.name,
        owner=line.owner,
        mode=MergeMode(line.mode),
        accepted=line.accepted,
        certainty=line.certainty,
        alias_of=line.alias_of,
        handled_by=line.handled_by,
        department=line.kept_by,
        statutory_procedure=line.statutory_procedure,
        redirect=None if line.accepted else line.redirected_to,
        told=line.told,
        valid_from=None if line.valid_from == ALWAYS else line.valid_from,
        valid_to=line.valid_to,
    )


async def _publish(
    connection: AsyncConnection,
    number: str,
    change: HotlineChange,
    by: str,
    expected: int | None,
    resources: Resources,
) -> tuple[Hotline, int]:
    store = HotlineStore(connection)
    await store.hold()
    latest = await store.latest()
    if expected is not None and expected != latest:
        raise Stale(f"The registry is at version {latest}, not {expected}.", version=latest)
    known = await store.lines(latest)
    new = _new(number, change, known, today(resources))
    if new.department is not None:
        await check_known(new.department, connection)
    lines = amended(known, new)
    line = next(each for each in lines if (each.number, each.valid_from) == (number, new.valid_from))
    if lines == known:
        return line, latest
    return line, await store.publish(lines, by, change.source, resources.clock.now())


def _new(number: str, change: HotlineChange, known: Iterable[Hotline], day: date) -> Hotline:
    present = [each for each in known if each.number == number and each.in_force(day)]
    begins = change.valid_from or (present[0].valid_from if present else day)
    said: dict[str, Any] = change.model_dump(exclude={"source", "valid_from", "mode"})
    line = Hotline(number=number, mode=str(change.mode), certainty="city", **said)
    return replace(line, valid_from=begins)


def _in_force(lines: Iterable[Hotline], number: str, day: date) -> Hotline:
    for each in lines:
        if each.number == number and each.in_force(day):
            return each
    raise UnknownHotline(f"There is no hotline {number} on {day}.", pointer="/number")
