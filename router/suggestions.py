"""Use case: three departments that may be competent for a parked ticket, each with every reason for it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from router.choose import Choice, choice_for, civil_day
from router.department_store import UnitStore
from router.domain.named import named_units
from router.domain.ranking import Reason, Source, Suggestion, rank
from router.domain.units import Unit, succeeded
from router.excluded import excluded_from
from router.text_model import TextModels
from router.triage_store import TriageStore
from services.resources import Resources

EQUAL, BEATEN = 0.6, 0.25
NAMED = 0.72
HISTORY = 0.8
"""How often such a reason is right: measured for names, on Haikou's tickets of 2018; else our own guess."""
LOOK_BACK = timedelta(days=180)
DISTRICT = 6


async def suggestions(
    ticket: Any, connection: AsyncConnection, resources: Resources
) -> tuple[list[Suggestion], dict[str, Unit]]:
    """
    Return the likeliest departments for a ticket, and all that are there.

    What speaks for one that is merged speaks for its successor. Those that may not have it
    are left out. For a report in confidence there are none: whoever may handle it is not
    read off a text.
    """
    day = civil_day(resources.clock.now(), resources)
    known = await UnitStore(connection).units()
    units = {code: unit for code, unit in known.items() if unit.in_force(day)}
    if ticket.confidential:
        return [], units
    excluded = await excluded_from(ticket, day, connection)
    gone = succeeded(known, day)
    found = [
        *_by_table(await choice_for(ticket, connection, resources)),
        *await _by_history(ticket, gone, connection, resources),
        *await _by_name(ticket, known, connection, resources),
        *_by_model(ticket, resources.part(TextModels)),
    ]
    now = [_handed_on(code, reason, gone, known) for code, reason in found]
    return rank(now, {code: unit for code, unit in units.items() if code not in excluded}), units


async def words_for(
    department: str, ticket: Any, connection: AsyncConnection, resources: Resources
) -> list[str]:
    """Return the words of a ticket that speak for a department: its name, and what the model saw."""
    units = await UnitStore(connection).units()
    named = [
        *await _by_name(ticket, units, connection, resources),
        *_by_model(ticket, resources.part(TextModels)),
    ]
    return list(dict.fromkeys(word for code, reason in named if code == department for word in reason.words))


def text_of(ticket: Any) -> str:
    """Return what a ticket says, as a model reads it."""
    return f"{ticket.title}\n{ticket.text}"


def _handed_on(
    code: str, reason: Reason, gone: Mapping[str, str], units: Mapping[str, Unit]
) -> tuple[str, Reason]:
    """Return who has a department's matters by now, with the reason for it."""
    successor = gone.get(code)
    if successor is None:
        return code, reason
    said = f"{reason.says};{units[code].name}已由{units[successor].name}承接"
    return successor, replace(reason, says=said)


def _by_table(choice: Choice) -> Iterator[tuple[str, Reason]]:
    verdict = choice.verdict
    share = EQUAL / max(len(verdict.winners), 1)
    for rows, weight, says in (
        (verdict.winners, share, "派单目录{}第{}条适用"),
        (verdict.beaten, BEATEN, "派单目录{}第{}条适用,但另有更具体的条目"),
    ):
        for row in rows:
            if row.department is not None:
                said = says.format(verdict.version, row.id)
                yield row.department, Reason(Source.TABLE, weight, said, row=row.id, basis=row.legal_basis)


async def _by_history(
    ticket: Any, gone: Mapping[str, str], connection: AsyncConnection, resources: Resources
) -> list[tuple[str, Reason]]:
    if ticket.category is None:
        return []
    since = resources.clock.now() - LOOK_BACK
    district = (ticket.division or "")[:DISTRICT]
    before = Counter[str]()
    for code, count in await TriageStore(connection).decided_before(ticket.category, district, since):
        before[gone.get(code, code)] += count
    total = before.total()
    says = "近{}天同类别、同区人工派单{}件,其中{}件派此单位"
    return [
        (
            code,
            Reason(Source.HISTORY, HISTORY * count / (total + 1), says.format(LOOK_BACK.days, total, count)),
        )
        for code, count in before.items()
    ]


async def _by_name(
    ticket: Any, units: dict[str, Unit], connection: AsyncConnection, resources: Resources
) -> list[tuple[str, Reason]]:
    city = await UnitStore(connection).city_name(resources.settings.city_division)
    day = civil_day(resources.clock.now(), resources)
    named = named_units(text_of(ticket), ticket.division, units, city, day)
    return [
        (code, Reason(Source.NAMED, NAMED, f"来电提到“{words}”", words=(words,)))
        for code, words in named.items()
    ]


def _by_model(ticket: Any, models: TextModels) -> Iterator[tuple[str, Reason]]:
    for each in models.suggest(text_of(ticket)):
        words = f",依据:{'、'.join(each.words)}" if each.words else ""
        says = f"建议模型{models.name}判断,置信度{each.confidence:.0%}{words}"
        yield each.department, Reason(Source.MODEL, each.confidence, says, words=each.words)
