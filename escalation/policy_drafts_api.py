"""Faces: drafting a calendar, limits, a ladder or allowances: begin, change, preview, publish, discard."""

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.draft import begin_draft, put_content
from escalation.draft_store import DraftStore
from escalation.foresee import foresee, shown
from escalation.policies_api import draft_shown, in_force, read_one
from escalation.policies_schemas import (
    DraftContent,
    DraftNew,
    Move,
    Policy,
    PolicyVersion,
    Preview,
    PublishPolicy,
)
from escalation.publish import publish_draft
from escalation.rulebook import civil_day
from schemas.base import Schema
from services.authorization import PrincipalDep
from services.commands import CommandsDep
from services.http import ResourcesDep
from services.paging import Cursor, read_key, write_key

routes = APIRouter(prefix="/v1/policies/{kind}/drafts", tags=["policies"])


@routes.post("", response_model=PolicyVersion, status_code=201)
async def begin(
    kind: Policy,
    wanted: DraftNew,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """Begin a draft from the version in force, or from an earlier one to go back to it."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        at = resources.clock.now()
        based_on = wanted.based_on or await in_force(connection, kind, civil_day(at, resources))
        draft = await begin_draft(
            connection, kind.kind, wanted.version, based_on, wanted.source, by=principal.actor, at=at
        )
        return draft_shown(draft), {}

    return await commands.run(work, 201)


@routes.put("/{version}")
async def change(
    kind: Policy, version: str, said: DraftContent, principal: PrincipalDep, resources: ResourcesDep
) -> PolicyVersion:
    """
    Give a draft another content, whole; one with errors is refused with all of them.

    A calendar that never opens or is shorter than the longest limit, two equal limits, a ladder out of
    order or with somebody nobody can tell, allowances of which two say the same.
    """
    content = said.content if isinstance(said.content, list) else said.content.model_dump()
    async with resources.database.transaction() as connection:
        draft = await put_content(
            connection, kind.kind, version, content, by=principal.actor, resources=resources
        )
        return draft_shown(draft)


@routes.delete("/{version}", status_code=204)
async def discard(kind: Policy, version: str, resources: ResourcesDep) -> None:
    """Take a draft away."""
    async with resources.database.transaction() as connection:
        drafts = DraftStore(connection, kind.kind)
        await drafts.get(version, lock=True)
        await drafts.discard(version)


@routes.get("/{version}/preview")
async def preview(kind: Policy, version: str, resources: ResourcesDep, cursor: Cursor = None) -> Preview:
    """
    Say which open deadlines a draft would move, from when to when; nothing is written.

    Allowances move none: by them goes what is asked for from then on.
    """
    async with resources.database.transaction() as connection:
        found = await foresee(connection, kind.kind, version, resources, read_key(cursor))
    return Preview(
        version=version,
        in_force=found.in_force,
        preview=found.token,
        deadlines=found.deadlines,
        moved=found.moved,
        kept=found.kept,
        confirmed=found.confirmed,
        over=found.over,
        begun=found.begun,
        moves=[Move(**shown(each)) for each in found.moves],
        next=write_key(found.after) if found.after else None,
    )


@routes.post("/{version}/publish", response_model=PolicyVersion)
async def publish(
    kind: Policy,
    version: str,
    wanted: PublishPolicy,
    principal: PrincipalDep,
    resources: ResourcesDep,
    commands: CommandsDep,
) -> Response:
    """Publish a draft that somebody else made, as it was previewed; open deadlines follow it."""

    async def work(connection: AsyncConnection) -> tuple[Schema, dict[str, str]]:
        await publish_draft(
            connection,
            kind.kind,
            version,
            wanted.preview,
            wanted.valid_from,
            by=principal.actor,
            resources=resources,
        )
        today = civil_day(resources.clock.now(), resources)
        found = await read_one(connection, kind, version, today)
        return PolicyVersion(**found.model_dump(exclude={"content"})), {}

    return await commands.run(work)
