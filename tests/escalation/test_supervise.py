"""A rung is climbed exactly once, whoever comes first: the timer or the answer."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from escalation.role import rules_hold
from escalation.rulebook import LADDER, LIMITS
from escalation.store import RuleStore
from escalation.supervise import climb_due
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


async def test_many_timers_at_once_climb_each_rung_once(hotline: InProcess) -> None:
    for _ in range(12):
        await hotline.call(**NOISE)
    hotline.clock.time += timedelta(days=3)

    async def timer() -> int:
        climbed = 0
        while True:
            async with hotline.resources.database.transaction() as connection:
                count = await climb_due(connection, hotline.resources, 5)
            if not count:
                return climbed
            climbed += count

    climbed = sum(await asyncio.gather(*(timer() for _ in range(4))))
    await hotline.drain()
    rungs = await hotline.rows("SELECT deadline_id, level FROM escalations")
    assert len(rungs) == len({tuple(each) for each in rungs}) == climbed > 12


async def test_a_timer_that_dies_in_the_middle_leaves_nothing_half_done(hotline: InProcess) -> None:
    await hotline.call(**NOISE)
    hotline.clock.time += timedelta(days=1)

    async def climb_and_die() -> None:
        async with hotline.resources.database.transaction() as connection:
            assert await climb_due(connection, hotline.resources, 500)
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await climb_and_die()
    assert await hotline.rows("SELECT * FROM escalations") == []
    await hotline.later(timedelta(0))
    assert await hotline.rows("SELECT * FROM escalations") != []


async def test_the_overdue_list_is_read_page_by_page_without_gap_or_repeat(hotline: InProcess) -> None:
    for _ in range(5):
        await hotline.call(**NOISE)
        hotline.clock.time += timedelta(minutes=1)
    await hotline.later(timedelta(hours=2))
    client = await hotline.client("supervisor")
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": "2", "stage": "sign", **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/v1/supervision/overdue", params=query)).json()
        seen += [each["ticket"] for each in page["items"]]
        await hotline.call(**NOISE)  # what comes meanwhile is not overdue yet, and disturbs no page
        if (cursor := page["next"]) is None:
            break
    assert len(seen) == len(set(seen)) == 5
