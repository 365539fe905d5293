"""Use case: a suggestion assigns by itself, only above a confidence the city has set, and always says so."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from router.choose import Choice, civil_day
from router.domain.explain import record
from router.excluded import excluded_from
from router.store import DepartmentStore
from router.suggestions import text_of
from router.text_model import TextModels
from router.triage_store import TriageStore
from schemas.errors import UnknownDepartment
from schemas.scrubbing import names_in, scrubbed
from services.resources import Resources
from services.tickets import Case, TicketRow, case_of

OPEN_TO_IT = frozenset({"no_row", "manual_row", "ambiguous"})
STRANGE = 0.8
"""Of a text a model has seen less than a fifth of, its confidence, found on other texts, says nothing."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Whom a suggestion gives a ticket to, why, and the record of it."""

    department: str
    name: str
    because: str
    decision: dict[str, Any]


async def by_suggestion(
    ticket: TicketRow, choice: Choice, connection: AsyncConnection, resources: Resources
) -> Decided | None:
    """Return whom a ticket that would be parked goes to by itself, as `suggested`, naming no caller."""
    excluded = await excluded_from(ticket, civil_day(resources.clock.now(), resources), connection)
    found = await suggested(case_of(ticket), choice, excluded, connection, resources)
    if found is None:
        return None
    because = scrubbed(found.because, names_in(ticket.caller, ticket.former_callers))
    return replace(found, because=because, decision={"because": because, **found.decision})


async def suggested(
    case: Case, choice: Choice, excluded: frozenset[str], connection: AsyncConnection, resources: Resources
) -> Decided | None:
    """
    Return whom a matter that would be parked goes to by itself; None leaves it to a person.

    Without a model, without a threshold for its category, in confidence, of a text the
    model hardly knows, or when that department may not have it or is gone: never.
    """
    models = resources.part(TextModels)
    if models.name is None or case.confidential or choice.parked not in OPEN_TO_IT:
        return None
    threshold = await TriageStore(connection).threshold_for(case.matter.category)
    first = next(iter(models.suggest(text_of(case))), None) if threshold is not None else None
    if threshold is None or first is None or first.confidence < threshold.confidence:
        return None
    if first.unknown > STRANGE:
        return None
    day = civil_day(resources.clock.now(), resources)
    try:
        found = await DepartmentStore(connection).acting(first.department, day)
    except UnknownDepartment:
        return None
    if found.code in excluded:
        return None
    words = f",依据:{'、'.join(first.words)}" if first.words else ""
    place = f"类别{threshold.category}" if threshold.category else "全部类别"
    because = (
        f"建议模型{models.name}判断由{found.name}办理,置信度{first.confidence:.2%},"
        f"不低于{place}所设{threshold.confidence:.2%}({threshold.source}),自动派单{words}"
    )
    decision = {
        "suggestion": {
            "model": models.name,
            "department": first.department,
            "confidence": first.confidence,
            "words": list(first.words),
            "threshold": threshold.confidence,
            "threshold_category": threshold.category,
        },
        "table": record(choice.verdict),
    }
    return Decided(found.code, found.name, because, decision)
