"""Faces: drafting a version of the jurisdiction table: begin, import, simulate, publish, discard."""

import asyncio
from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from router.choose import civil_day
from router.domain.csv_sheet import read_csv
from router.domain.matching import JurisdictionTable
from router.domain.replay import Replay
from router.domain.sheet import Sheet
from router.draft import begin_draft, put_sheet
from router.draft_store import DraftStore, digest_of
from router.jurisdiction_schemas import (
    DraftRequest,
    PublishRequest,
    SimulateRequest,
    Simulation,
    TableVersion,
    VersionName,
)
from router.jurisdiction_store import JurisdictionStore
from router.jurisdiction_versions_api import draft_shown, published_shown, version_in_force
from router.publish import publish_draft
from router.published import PublishedTable
from router.simulate import past_tickets, replay
from router.workbook import MEDIA_TYPE, read_xlsx
from schemas.base import Schema
from schemas.errors import UnsupportedMedia
from services.authorization import PrincipalDep
from services.commands import CommandsDep
from services.http import ResourcesDep
from services.resources import Resources

routes = APIRouter(prefix="/v1", tags=["jurisdiction"])

SHEETS = {"text/csv", "application/csv", "text/plain", MEDIA_TYPE}
SENT = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@routes.post("/jurisdictions/drafts", response_model=TableVersion, status_code=201)
async def begin(
    wanted: DraftRequest, principal: PrincipalDep, resources: ResourcesDep, commands: CommandsDep
) -> Response:
    """Begin a draft from the version in force, or from an earlier one to go back to it."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        based_on = wanted.based_on or await version_in_force(connection, resources)
        at, by = resources.clock.now(), principal.actor
        draft = await begin_draft(connection, wanted.version, based_on, wanted.source, by=by, at=at)
        return draft_shown(draft), {}

    return await commands.run(work, 201)


@routes.post("/jurisdictions:import", response_model=TableVersion, openapi_extra=SENT)
async def import_sheet(
    version: Annotated[VersionName, Query(description="The draft.")],
    request: Request,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """
    Give a draft the rows of a sheet, all or none: a CSV (UTF-8 or GB18030) or a workbook (XLSX).

    One that cannot be read is refused with every fault by line and column.
    """
    sheet = await sheet_sent(request)

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        by, at = principal.actor, resources.clock.now()
        return draft_shown(await put_sheet(connection, version, sheet, by=by, at=at)), {}

    return await commands.run(work)


@routes.delete("/jurisdictions/drafts/{version}", status_code=204)
async def discard(version: str, resources: ResourcesDep) -> None:
    """Take a draft away."""
    async with resources.database.transaction() as connection:
        drafts = DraftStore(connection)
        await drafts.lock(version)
        await drafts.discard(version)


@routes.post("/jurisdictions/drafts/{version}/simulate", response_model=Simulation)
async def simulate(
    version: str,
    period: SimulateRequest,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """Try a draft on the tickets of a period, against the table in force; nothing is moved."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        return await simulate_draft(connection, version, period, principal.actor, resources), {}

    return await commands.run(work)


@routes.post("/jurisdictions/drafts/{version}/publish", response_model=TableVersion)
async def publish(
    version: str,
    wanted: PublishRequest,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """Publish a draft that somebody else made, once it is without errors and was simulated as it is."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        at = resources.clock.now()
        today = civil_day(at, resources)
        day = wanted.valid_from or today
        row = await publish_draft(connection, version, day, today=today, by=principal.actor, at=at)
        return published_shown(row, day, today, version), {}

    return await commands.run(work)


async def simulate_draft(
    connection: AsyncConnection, version: str, period: SimulateRequest, by: str, resources: Resources
) -> Simulation:
    """Try a draft as it now is, and note that it was tried; raises `UnknownVersion`."""
    drafts = DraftStore(connection)
    await drafts.lock(version)
    rows = await JurisdictionStore(connection).rows(version)
    now, zone = resources.clock.now(), resources.settings.zone
    today = civil_day(now, resources)
    snapshot = await resources.part(PublishedTable).in_force(connection, today)
    after = await asyncio.to_thread(JurisdictionTable.of, version, rows)
    since = datetime.combine(period.since, time(), zone)
    until = datetime.combine(period.until + timedelta(days=1), time(), zone)
    pages = past_tickets(connection, since, until, today, snapshot.areas, resources)
    replayed = Replay(snapshot.table, after)
    async for page in pages:
        replay(page, replayed)
    told = replayed.record()
    kept = {name: value for name, value in told.items() if name != "moves"}
    days = {"since": period.since.isoformat(), "until": period.until.isoformat()}
    await drafts.change(
        version,
        simulated_digest=digest_of(rows),
        simulated_at=now,
        simulated_by=by,
        simulation={**kept, **days},
    )
    return Simulation(**told, since=period.since, until=period.until)


async def sheet_sent(request: Request) -> Sheet:
    """Return the sheet in a request, or raise `UnsupportedMedia`."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in SHEETS:
        raise UnsupportedMedia("Send a CSV or an XLSX workbook.", supported=sorted(SHEETS))
    return await asyncio.to_thread(read_xlsx if media == MEDIA_TYPE else read_csv, await request.body())
