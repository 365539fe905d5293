"""Use case: draft a calendar, limits, a ladder or allowances, from a version there is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.allowance_lint import lint_allowances
from escalation.calendars import Calendars
from escalation.domain.rule_fault import RuleFault
from escalation.draft_store import DraftStore
from escalation.receiver_store import PublishedReceivers
from escalation.rule_lint import lint_calendar, lint_ladder, lint_limits
from escalation.rule_store import RuleStore
from escalation.rulebook import ALLOWANCES, CALENDAR, LIMITS, PublishedRules
from schemas.errors import Misconfigured, RuleFaulty, UnknownVersion, VersionTaken
from services.resources import Resources

FAULTS_TOLD = 200


async def begin_draft(
    connection: AsyncConnection,
    kind: str,
    version: str,
    based_on: str,
    source: str,
    *,
    by: str,
    at: datetime,
) -> Row[Any]:
    """
    Begin a draft with the content of a published version; of an earlier one, it is a rollback.

    Raises `VersionTaken` or `UnknownVersion`.
    """
    store, drafts = RuleStore(connection), DraftStore(connection, kind)
    await store.hold()
    if await drafts.is_taken(version):
        raise VersionTaken(f"版本{version}已存在。", version=version)
    content = await content_of(connection, kind, based_on)
    said = {"version": version, "based_on": based_on, "source": source, "content": content}
    await drafts.add({**said, "drafted_by": [by], "drafted_at": at, "changed_at": at})
    return await drafts.get(version)


async def put_content(
    connection: AsyncConnection, kind: str, version: str, content: Any, *, by: str, resources: Resources
) -> Row[Any]:
    """
    Give a draft another content.

    Raises `RuleFaulty` with every fault when it has errors: what could never be published is not
    kept; raises `UnknownVersion`.
    """
    drafts = DraftStore(connection, kind)
    draft = await drafts.get(version, lock=True)
    refuse_errors(await lint(connection, kind, content, resources))
    people = list(dict.fromkeys([*draft.drafted_by, by]))
    await drafts.change(version, content=content, drafted_by=people, changed_at=resources.clock.now())
    return await drafts.get(version)


async def lint(connection: AsyncConnection, kind: str, content: Any, resources: Resources) -> list[RuleFault]:
    """Return what is wrong with a content, beside the other rules in force."""
    now = resources.clock.now()
    rulebook = await resources.part(PublishedRules).current(connection)
    if isinstance(content, dict) is not (kind in (CALENDAR, ALLOWANCES)):
        return [RuleFault("wrong_form", "日历和延期挂起规则是一个对象,时限和督办层级是行的列表")]
    if kind == ALLOWANCES:
        return lint_allowances(content)
    if kind == CALENDAR:
        return lint_calendar(content, rulebook.limits, rulebook.ladder, now)
    calendars = Calendars(rulebook.calendar, rulebook.of_departments)
    if kind == LIMITS:
        return lint_limits(content, rulebook.ladder, calendars, now)
    directory = await resources.part(PublishedReceivers).directory(connection, now)
    return lint_ladder(content, rulebook.limits, calendars, directory, now)


async def content_of(connection: AsyncConnection, kind: str, version: str) -> Any:
    """Return the content of a published version, or raise `UnknownVersion`."""
    try:
        return await RuleStore(connection).content(kind, version)
    except Misconfigured as fault:
        raise UnknownVersion(str(fault)) from fault


def refuse_errors(faults: Sequence[RuleFault]) -> None:
    """Raise `RuleFaulty` when there are errors."""
    errors = [each for each in faults if each.is_error]
    if errors:
        more = f"(共{len(errors)}处错误)" if len(errors) > 1 else ""
        told = [each.record() for each in errors[:FAULTS_TOLD]]
        raise RuleFaulty(f"{errors[0].message}{more}。", faults=told)
