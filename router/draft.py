"""Use case: draft a version of the jurisdiction table, from a version there is or an earlier one."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from router.domain.known import TableFault
from router.domain.lint import lint
from router.domain.row import JurisdictionRow
from router.domain.sheet import Sheet
from router.draft_store import DraftStore, digest_of
from router.jurisdiction_store import JurisdictionStore, known_version
from router.references import known_on
from schemas.errors import SheetFaulty, VersionTaken

FAULTS_TOLD = 200


async def begin_draft(
    connection: AsyncConnection, version: str, based_on: str, source: str, *, by: str, at: datetime
) -> Row[Any]:
    """
    Begin a draft with the rows of a published version; of an earlier one, it is a rollback.

    Raises `VersionTaken` or `UnknownVersion`.
    """
    store, drafts = JurisdictionStore(connection), DraftStore(connection)
    await store.hold()
    if await drafts.is_taken(version):
        raise VersionTaken(f"版本{version}已存在。", version=version)
    await known_version(store, based_on)
    rows = await store.rows(based_on)
    await store.put_rows(version, rows)
    await drafts.add(
        {
            "version": version,
            "based_on": based_on,
            "source": source,
            "drafted_by": [by],
            "drafted_at": at,
            "changed_at": at,
            "digest": digest_of(rows),
        }
    )
    return await drafts.get(version)


async def put_sheet(
    connection: AsyncConnection, version: str, sheet: Sheet, *, by: str, at: datetime
) -> Row[Any]:
    """
    Give a draft the rows of a sheet instead of those it has, all or none.

    Raises `SheetFaulty` with every fault by line and column, or `UnknownVersion`.
    """
    refuse_faulty(sheet)
    drafts = DraftStore(connection)
    draft = await drafts.lock(version)
    await JurisdictionStore(connection).put_rows(version, sheet.rows)
    people = list(dict.fromkeys([*draft.drafted_by, by]))
    await drafts.change(version, drafted_by=people, changed_at=at, digest=digest_of(sheet.rows))
    return await drafts.get(version)


def refuse_faulty(sheet: Sheet) -> None:
    """Raise `SheetFaulty` when a sheet could not be read whole."""
    if sheet.faults:
        first = sheet.faults[0]
        more = f",共{len(sheet.faults)}处错误" if len(sheet.faults) > 1 else ""
        faults = [each.record() for each in sheet.faults[:FAULTS_TOLD]]
        raise SheetFaulty(f"{first.place}:{first.message}{more}。", faults=faults)


async def lint_rows(
    connection: AsyncConnection, rows: Sequence[JurisdictionRow], day: date
) -> list[TableFault]:
    """Return the faults of rows that are to be in force from a day."""
    return await asyncio.to_thread(lint, rows, await known_on(connection, day))
