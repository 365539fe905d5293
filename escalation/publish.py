"""Use case: publish a draft; open deadlines follow, except that allowances move none."""

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.draft import lint, refuse_errors
from escalation.draft_store import DraftStore, token_of
from escalation.recompute import cancel
from escalation.recompute_store import BELL, RecomputeStore
from escalation.recount import drafted
from escalation.rule_store import RuleStore
from escalation.rulebook import ALLOWANCES, LIMITS, PublishedRules, civil_day
from schemas.errors import Invalid, NotPreviewed, SecondPersonNeeded
from schemas.events import PoliciesPublished, Publication
from services.database import ring_after_commit
from services.outbox import record
from services.resources import Resources
from services.second_person import one_person


async def publish_draft(
    connection: AsyncConnection,
    kind: str,
    version: str,
    preview: str,
    valid_from: date | None,
    *,
    by: str,
    resources: Resources,
) -> None:
    """
    Publish a draft that somebody else made, as it was previewed, from a day on; one at a time.

    Raises `Invalid` for a day that is past, `UnknownVersion`, `SecondPersonNeeded` when its
    drafter publishes it, `NotPreviewed` when it or the rules in force changed since, or `RuleFaulty`.
    """
    now = resources.clock.now()
    today = civil_day(now, resources)
    first_day = valid_from or today
    if first_day < today:
        raise Invalid("生效日期不能早于今天。", pointer="/valid_from")
    store, drafts = RuleStore(connection), DraftStore(connection, kind)
    await store.hold()
    draft = await drafts.get(version, lock=True)
    if await one_person(connection, by, *draft.drafted_by):
        raise SecondPersonNeeded("起草人不能发布自己的版本,须由另一人复核发布。", drafted_by=draft.drafted_by)
    if preview != token_of(kind, draft.content, await store.latest(today)):
        raise NotPreviewed("预览之后草稿或现行规则又有改动;请重新预览。")
    refuse_errors(await lint(connection, kind, draft.content, resources))
    people = {"drafted_by": "、".join(draft.drafted_by), "published_by": by}
    await store.publish(kind, version, draft.content, draft.source, now, valid_from=first_day, **people)
    await drafts.discard(version)
    if kind == LIMITS and first_day == today:
        rulebook = await resources.part(PublishedRules).current(connection)
        await cancel(rulebook, drafted(rulebook, kind, version, draft.content), connection, resources)
    if kind != ALLOWANCES:
        await RecomputeStore(connection).ask(kind, version, first_day, now)
    await record(connection, [_told(kind, version, first_day, draft.source, resources)])
    ring_after_commit(connection, BELL)


def _told(kind: Any, version: str, first_day: date, source: str, resources: Resources) -> PoliciesPublished:
    data = Publication(kind=kind, version=version, valid_from=first_day.isoformat(), source=source)
    return PoliciesPublished(ticket=f"policies/{kind}", time=resources.clock.now(), data=data)
