"""Faces: the rules of supervision, read: in force, any version, its faults, what is being recomputed."""

from datetime import date
from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.horizon import horizon
from escalation.draft import content_of, lint
from escalation.draft_store import DraftStore
from escalation.policies_schemas import (
    CalendarHorizon,
    Policies,
    Policy,
    PolicyContent,
    PolicyFaults,
    PolicyVersion,
    Progress,
)
from escalation.recompute_store import RecomputeStore
from escalation.rule_store import RuleStore
from escalation.rulebook import PublishedRules, civil_day
from schemas.errors import UnknownVersion
from services.http import ResourcesDep

routes = APIRouter(prefix="/v1/policies", tags=["policies"])

SHOWN = 50


@routes.get("")
async def read_policies(resources: ResourcesDep) -> Policies:
    """Say what is in force, how far the calendar reaches and how far publications have come."""
    today = civil_day(resources.clock.now(), resources)
    async with resources.database.transaction() as connection:
        rulebook = await resources.part(PublishedRules).current(connection)
        jobs = await RecomputeStore(connection).all(SHOWN)
    left = horizon(rulebook.calendar, today)
    return Policies(
        in_force=rulebook.versions,
        horizon=CalendarHorizon(
            last_official_day=left.last_official_day,
            working_days_left=left.working_days_left,
            last_day=left.last_day,
            alarm=left.alarm,
        ),
        recomputes=[_progress(each, today) for each in jobs if each.done_at is None],
    )


@routes.get("/recomputes")
async def list_recomputes(resources: ResourcesDep) -> list[Progress]:
    """List how far the latest publications have been carried to open deadlines, newest first."""
    today = civil_day(resources.clock.now(), resources)
    async with resources.database.transaction() as connection:
        return [_progress(each, today) for each in await RecomputeStore(connection).all(SHOWN)]


@routes.get("/{kind}")
async def read_in_force(kind: Policy, resources: ResourcesDep) -> PolicyContent:
    """Read the version in force today."""
    today = civil_day(resources.clock.now(), resources)
    async with resources.database.transaction() as connection:
        version = await in_force(connection, kind, today)
        return await read_one(connection, kind, version, today)


@routes.get("/{kind}/versions")
async def list_versions(kind: Policy, resources: ResourcesDep) -> list[PolicyVersion]:
    """List drafts, then published versions, that which counts last first."""
    today = civil_day(resources.clock.now(), resources)
    async with resources.database.transaction() as connection:
        drafts = await DraftStore(connection, kind.kind).open()
        return [*map(draft_shown, drafts), *await _published(connection, kind, today)]


@routes.get("/{kind}/versions/{version}")
async def read_version(kind: Policy, version: str, resources: ResourcesDep) -> PolicyContent:
    """Read a version or a draft whole."""
    today = civil_day(resources.clock.now(), resources)
    async with resources.database.transaction() as connection:
        return await read_one(connection, kind, version, today)


@routes.get("/{kind}/versions/{version}/lint")
async def lint_version(kind: Policy, version: str, resources: ResourcesDep) -> PolicyFaults:
    """Say what is wrong with a version or a draft, errors first, in sentences for a clerk."""
    today = civil_day(resources.clock.now(), resources)
    async with resources.database.transaction() as connection:
        content = (await read_one(connection, kind, version, today)).content
        found = sorted(await lint(connection, kind.kind, content, resources), key=lambda each: each.severity)
    errors = sum(each.is_error for each in found)
    return PolicyFaults(
        version=version,
        errors=errors,
        warnings=len(found) - errors,
        faults=[each.record() for each in found],
    )


async def in_force(connection: AsyncConnection, kind: Policy, today: date) -> str:
    """Return the name of the version in force on a day, or raise `UnknownVersion`."""
    found = (await RuleStore(connection).latest(today)).get(kind.kind)
    if found is None:
        raise UnknownVersion(f"No {kind.kind} is in force.")
    return found


async def read_one(connection: AsyncConnection, kind: Policy, version: str, today: date) -> PolicyContent:
    """Return a published version or a draft with its content, or raise `UnknownVersion`."""
    published = await _published(connection, kind, today)
    known = next((each for each in published if each.version == version), None)
    if known is None:
        draft = await DraftStore(connection, kind.kind).get(version)
        return PolicyContent(**draft_shown(draft).model_dump(), content=draft.content)
    content = await content_of(connection, kind.kind, version)
    return PolicyContent(**known.model_dump(), content=content)


def draft_shown(draft: Any) -> PolicyVersion:
    """Return a draft as the API shows it."""
    return PolicyVersion(
        kind=draft.kind,
        version=draft.version,
        state="draft",
        source=draft.source,
        based_on=draft.based_on,
        drafted_by=draft.drafted_by,
        changed_at=draft.changed_at,
    )


async def _published(connection: AsyncConnection, kind: Policy, today: date) -> list[PolicyVersion]:
    rows = await RuleStore(connection).versions(kind.kind)
    counts = next((each.version for each in rows if each.first_day <= today), None)
    return [_shown(each, today, counts) for each in rows]


def _shown(row: Any, today: date, counts: str | None) -> PolicyVersion:
    later = row.first_day > today
    return PolicyVersion(
        kind=row.kind,
        version=row.version,
        state="scheduled" if later else "in_force" if row.version == counts else "superseded",
        source=row.source,
        drafted_by=row.drafted_by.split("、") if row.drafted_by else [],
        published_at=row.published_at,
        published_by=row.published_by,
        valid_from=row.valid_from,
    )


def _progress(row: Any, today: date) -> Progress:
    known = {name: row._mapping[name] for name in Progress.model_fields if name != "state"}
    return Progress(state=_state(row, today), **known)


def _state(row: Any, today: date) -> Any:
    if row.done_at is not None:
        return "done"
    if row.began_at is not None:
        return "running"
    return "scheduled" if row.begins_on > today else "waiting"
