"""A rung is climbed exactly once, whoever comes first: the timer or the answer."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from escalation.role import rules_hold
from escalation.rulebook import LADDER, LIMITS
from escalation.store import RuleStore
from schemas.errors import Misconfigured
from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}


def sign_rungs(cards: list[Answer]) -> list[tuple[str, str]]:
    return [(each["name"], each["fell_due_at"]) for each in cards if each["stage"] == "sign"]


async def test_a_late_answer_the_timer_has_not_seen_coming_still_gets_its_cards(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    hotline.clock.time += timedelta(hours=1)  # nobody woke the timer
    await hotline.step(ticket, "sign")
    expected = [("催办", "2026-11-23T01:22:30Z"), ("督办", "2026-11-23T01:30:00Z")]
    assert sign_rungs(await hotline.cards(ticket["id"])) == expected
    await hotline.later(timedelta(days=1))
    assert sign_rungs(await hotline.cards(ticket["id"])) == expected


async def test_an_answer_in_time_gets_none(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    hotline.clock.time += timedelta(minutes=20)
    await hotline.step(ticket, "sign")
    await hotline.later(timedelta(days=1))
    assert sign_rungs(await hotline.cards(ticket["id"])) == []


@pytest.mark.parametrize(
    ("kind", "spoil", "says"),
    [
        (LIMITS, lambda rows: [*rows, rows[0]], "two limits"),
        (LIMITS, lambda rows: [each for each in rows if each["stage"] != "completion"], "no limit"),
        (LADDER, lambda rows: [*rows, rows[0]], "rung|level"),
    ],
)
async def test_a_process_refuses_to_serve_with_rules_out_of_order(
    hotline: InProcess, kind: str, spoil: Callable[[list[Answer]], list[Answer]], says: str
) -> None:
    await rules_hold(hotline.resources)
    async with hotline.resources.database.transaction() as connection:
        store = RuleStore(connection)
        rows = await store.content(kind, (await store.latest())[kind])
        later = hotline.clock.now() + timedelta(seconds=1)
        await store.publish(kind, "SPOILT", spoil(rows), "test", later)
    with pytest.raises(Misconfigured, match=says):
        await rules_hold(hotline.resources)
