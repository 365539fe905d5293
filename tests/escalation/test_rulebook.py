"""Rules that ship give way to the city's, and every version goes on meaning what it meant."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from escalation.rule_store import RuleStore
from escalation.rulebook import LADDER, LIMITS, seed
from escalation.tables import rules
from schemas.errors import Misconfigured
from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}


async def published(hotline: InProcess, kind: str, version: str, rows: list[Answer]) -> None:
    async with hotline.resources.database.transaction() as connection:
        await RuleStore(connection).publish(kind, version, rows, "市里", hotline.clock.now())


async def in_force(hotline: InProcess, kind: str) -> tuple[str, list[Answer]]:
    async with hotline.resources.database.transaction() as connection:
        store = RuleStore(connection)
        version = (await store.latest())[kind]
        return version, await store.content(kind, version)


async def seeded(hotline: InProcess) -> None:
    async with hotline.resources.database.transaction() as connection:
        await seed(connection, hotline.clock.now())


async def changed(hotline: InProcess, kind: str, **values: Any) -> None:
    async with hotline.resources.database.transaction() as connection:
        await connection.execute(update(rules).where(rules.c.kind == kind).values(values))


async def test_an_upgrade_with_newer_defaults_leaves_the_citys_own_rules_in_force(
    hotline: InProcess,
) -> None:
    await changed(hotline, LIMITS, version="HK-DEFAULT-0")  # what an older program shipped
    _, rows = await in_force(hotline, LIMITS)
    hotline.clock.time += timedelta(days=1)
    await published(hotline, LIMITS, "HAIKOU-2026", rows[:-1])
    hotline.clock.time += timedelta(days=1)
    await seeded(hotline)
    assert await in_force(hotline, LIMITS) == ("HAIKOU-2026", rows[:-1])


async def test_an_upgrade_brings_newer_defaults_to_a_city_that_has_only_the_older_ones(
    hotline: InProcess,
) -> None:
    version, rows = await in_force(hotline, LIMITS)
    await changed(hotline, LIMITS, version="HK-DEFAULT-0", content=rows[:-1])
    hotline.clock.time += timedelta(days=1)
    await seeded(hotline)
    assert await in_force(hotline, LIMITS) == (version, rows)


async def test_defaults_that_changed_under_the_same_version_are_refused(hotline: InProcess) -> None:
    _, rows = await in_force(hotline, LADDER)
    await changed(hotline, LADDER, content=rows[:-1])
    with pytest.raises(Misconfigured, match="ladder"):
        await seeded(hotline)


async def test_a_rung_goes_by_the_ladder_its_deadline_was_opened_under(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    _, rows = await in_force(hotline, LADDER)
    hotline.clock.time += timedelta(minutes=1)
    renamed = [{**each, "name": "提醒"} for each in rows if each["level"] == "0"]
    await published(hotline, LADDER, "HAIKOU-2026", renamed)
    await hotline.later(timedelta(hours=1))
    old = [each["name"] for each in await hotline.cards(ticket["id"]) if each["stage"] == "sign"]
    assert old == ["催办", "督办"]
    other = await hotline.call(**NOISE)
    await hotline.later(timedelta(hours=1))
    new = [each["name"] for each in await hotline.cards(other["id"]) if each["stage"] == "sign"]
    assert new == ["提醒"]
