"""Use case: publish a draft of the jurisdiction table by a second person, linted and simulated."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from router.domain.known import TableFault
from router.draft import FAULTS_TOLD, lint_rows
from router.draft_store import DraftStore, digest_of
from router.jurisdiction_store import JurisdictionStore, known_version
from router.published import uncollected
from schemas.errors import Invalid, NotSimulated, SecondPersonNeeded, TableFaulty
from services.second_person import one_person


async def publish_draft(
    connection: AsyncConnection, version: str, valid_from: date, *, today: date, by: str, at: datetime
) -> Row[Any]:
    """
    Put a draft in force from a day on; one at a time, whoever asks.

    Raises `UnknownVersion`, `SecondPersonNeeded` when its drafter publishes it,
    `NotSimulated` when it changed since it was tried out, or `TableFaulty`.
    """
    if valid_from < today:
        raise Invalid("生效日期不能早于今天:已作出的决定不会改变。", pointer="/valid_from")
    store, drafts = JurisdictionStore(connection), DraftStore(connection)
    await store.hold()
    draft = await drafts.lock(version)
    if await one_person(connection, by, *draft.drafted_by):
        raise SecondPersonNeeded("起草人不能发布自己的版本,须由另一人复核发布。", drafted_by=draft.drafted_by)
    with uncollected():
        rows = await store.rows(version)
        if draft.simulated_digest != digest_of(rows):
            raise NotSimulated("草稿尚未试算,或试算后又有改动;请先试算。")
        refuse_errors(await lint_rows(connection, rows, valid_from))
    values = {"published_at": at, "source": draft.source, "valid_from": valid_from}
    people = {"drafted_by": "、".join(draft.drafted_by), "published_by": by}
    await store.publish(version, {**values, **people})
    await drafts.change(version, published_at=at)
    return await known_version(store, version)


def refuse_errors(faults: Sequence[TableFault]) -> None:
    """Raise `TableFaulty` when lint found errors."""
    errors = [each for each in faults if each.is_error]
    if errors:
        more = f"(共{len(errors)}处错误)" if len(errors) > 1 else ""
        told = [each.record() for each in errors[:FAULTS_TOLD]]
        raise TableFaulty(f"{errors[0].message}{more}。", faults=told)
