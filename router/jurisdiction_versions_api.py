"""Faces: versions of the jurisdiction table, read: their rows, faults, overlaps and differences."""

import asyncio
from datetime import date
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from router.choose import civil_day
from router.domain.crossing_report import crossing_report, report_lines
from router.domain.csv_sheet import table_csv, write_csv
from router.domain.difference import differences
from router.domain.row import JurisdictionRow
from router.draft import lint_rows
from router.draft_store import DraftStore
from router.jurisdiction_schemas import Faults, RowDifference, TableVersion
from router.jurisdiction_store import JurisdictionStore
from router.references import known_on
from router.workbook import MEDIA_TYPE, write_xlsx
from schemas.errors import UnknownVersion
from services.http import ResourcesDep
from services.resources import Resources

routes = APIRouter(prefix="/v1/jurisdictions/versions", tags=["jurisdiction"])

CSV = "text/csv; charset=utf-8"


class Form(StrEnum):
    """How rows are handed out."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class ReportForm(StrEnum):
    """How a report is handed out."""

    JSON = "json"
    CSV = "csv"


@routes.get("")
async def list_versions(resources: ResourcesDep) -> list[TableVersion]:
    """List drafts, then published versions, that which counts last first."""
    today = civil_day(resources.clock.now(), resources)
    zone = resources.settings.time_zone
    async with resources.database.transaction() as connection:
        drafts = await DraftStore(connection).open()
        published = await JurisdictionStore(connection).versions(zone)
    return [draft_shown(each) for each in drafts] + _published(published, today)


@routes.get("/{version}/rows", response_model=None)
async def read_rows(version: str, resources: ResourcesDep, form: Form = Form.JSON) -> Response:
    """Hand out the rows of a version or a draft: as JSON, as a CSV Excel opens, or as a workbook."""
    async with resources.database.transaction() as connection:
        rows = await rows_of(connection, version)
    if form is Form.JSON:
        return JSONResponse(jsonable_encoder(rows))
    if form is Form.CSV:
        return _file(write_csv(rows, encoding="utf-8-sig"), CSV, f"{version}.csv")
    return _file(await asyncio.to_thread(write_xlsx, rows), MEDIA_TYPE, f"{version}.xlsx")


@routes.get("/{version}/lint")
async def lint_version(version: str, resources: ResourcesDep, on: date | None = None) -> Faults:
    """Say what is wrong with a version or a draft, errors first, in sentences for a clerk."""
    async with resources.database.transaction() as connection:
        rows = await rows_of(connection, version)
        found = await lint_rows(connection, rows, on or civil_day(resources.clock.now(), resources))
    errors = sum(each.is_error for each in found)
    return Faults(
        version=version,
        rows=len(rows),
        errors=errors,
        warnings=len(found) - errors,
        faults=[each.record() for each in found],
    )


@routes.get("/{version}/overlaps", response_model=None)
async def report_overlaps(
    version: str, resources: ResourcesDep, form: ReportForm = ReportForm.JSON
) -> Response | list[dict[str, Any]]:
    """Report for the staffing office (编办) where two departments have one duty, and what decides."""
    day = civil_day(resources.clock.now(), resources)
    async with resources.database.transaction() as connection:
        rows = await rows_of(connection, version)
        found = list(crossing_report(rows, await known_on(connection, day)))
    if form is ReportForm.CSV:
        return _file(table_csv(report_lines(found)), CSV, f"{version}-overlaps.csv")
    return [each.record() for each in found]


@routes.get("/{version}/diff")
async def diff_versions(
    version: str, resources: ResourcesDep, against: str | None = None
) -> list[RowDifference]:
    """Say what differs from another version, by default from the one in force: added, removed, changed."""
    async with resources.database.transaction() as connection:
        other = against or await version_in_force(connection, resources)
        before, after = await rows_of(connection, other), await rows_of(connection, version)
    return [RowDifference(**each.record()) for each in differences(before, after)]


async def rows_of(connection: AsyncConnection, version: str) -> list[JurisdictionRow]:
    """Return the rows of a published version or of an open draft, or raise `UnknownVersion`."""
    store = JurisdictionStore(connection)
    if await store.published(version) is None:
        await DraftStore(connection).get(version)
    return await store.rows(version)


async def version_in_force(connection: AsyncConnection, resources: Resources) -> str:
    """Return the name of the version in force today."""
    day = civil_day(resources.clock.now(), resources)
    found = await JurisdictionStore(connection).in_force(day, resources.settings.time_zone)
    if found is None:
        raise UnknownVersion("No jurisdiction table is in force.")
    return found[0]


def draft_shown(draft: Any) -> TableVersion:
    """Return an open draft as the API shows it."""
    return TableVersion(
        version=draft.version,
        state="draft",
        source=draft.source,
        based_on=draft.based_on,
        drafted_by=draft.drafted_by,
        changed_at=draft.changed_at,
        simulated_at=draft.simulated_at if draft.simulated_digest == draft.digest else None,
    )


def _published(rows: Any, today: date) -> list[TableVersion]:
    counts = next((each.version for each in rows if each.first_day <= today), None)
    return [published_shown(each, each.first_day, today, counts) for each in rows]


def published_shown(row: Any, first_day: date, today: date, counts: str | None) -> TableVersion:
    """Return a published version as the API shows it, when `counts` is the one in force."""
    state = "scheduled" if first_day > today else "in_force" if row.version == counts else "superseded"
    return TableVersion(
        version=row.version,
        state=state,
        source=row.source,
        drafted_by=row.drafted_by.split("、") if row.drafted_by else [],
        published_at=row.published_at,
        published_by=row.published_by,
        valid_from=first_day,
    )


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
