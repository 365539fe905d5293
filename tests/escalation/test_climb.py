"""A rung is climbed exactly once, whoever comes first: the timer or the answer."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.claims import claim_due
from escalation.climb import TRY_AGAIN, climb_due
from escalation.defaults import LADDER_VERSION
from escalation.role import rules_hold
from escalation.rule_store import RuleStore
from escalation.rulebook import LADDER, LIMITS
from escalation.timer import POLL_SECONDS, timer
from schemas.errors import Misconfigured
from services.clock import HELD_SECONDS
from services.resources import Resources
from tests.inprocess import Answer, InProcess, StoppedClock

NOISE = {"category": "020100", "division": "460106002000"}


def sign_rungs(cards: list[Answer]) -> list[tuple[str, str]]:
    mine = [each for each in cards if (each["clock"], each["stage"]) == ("department", "sign")]
    return [(each["name"], each["fell_due_at"]) for each in mine]


async def test_a_late_answer_the_timer_has_not_seen_coming_still_gets_its_cards(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    hotline.clock.time += timedelta(hours=1)  # nobody woke the timer
    await hotline.step(ticket, "sign")
    expected = [("催办", "2026-11-23T01:22:30Z"), ("督办", "2026-11-23T01:30:00Z")]
    assert sign_rungs(await hotline.cards(ticket["id"])) == expected
    history = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/history")).json()
    said = [each["note"] for each in history if each["step"] == "escalate"]
    assert any(each.startswith("督办(签收),应于2026-11-23 09:30发出,") for each in said), said
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
        (LIMITS, lambda rows: [*rows, rows[0]], "条件完全相同"),
        (LIMITS, lambda rows: [each for each in rows if each["stage"] != "completion"], "没有办结时限"),
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

    async def timer() -> None:
        while True:
            async with hotline.resources.database.transaction() as connection:
                if not await climb_due(connection, hotline.resources, 5):
                    return

    await asyncio.gather(*(timer() for _ in range(4)))
    rungs = await hotline.rows("SELECT ticket_id, stage, level FROM escalations WHERE level < 2")
    assert len(rungs) == len({tuple(each) for each in rungs})
    assert set(Counter(row.ticket_id for row in rungs).values()) == {4}  # sign and contact, twice each


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


SPOILT = ["pauses = '[[\"x\"]]'", "extensions = '7'", "versions = '[]'", "layer = 'nobody'"]


@pytest.mark.parametrize("spoilt", SPOILT, ids=[each.split()[0] for each in SPOILT])
async def test_a_deadline_that_says_nonsense_hides_no_other_from_the_lists(
    hotline: InProcess, spoilt: str
) -> None:
    broken, whole = [await hotline.call(**NOISE) for _ in range(2)]
    await hotline.rows(f"UPDATE deadlines SET {spoilt} WHERE ticket_id = :id RETURNING 1", id=broken["id"])
    client, which = await hotline.client("supervisor"), {"stage": "sign"}
    for path, later in (("due-soon", timedelta(0)), ("overdue", timedelta(hours=1))):
        hotline.clock.time += later
        answer = await client.get(f"/v1/supervision/{path}", params=which)
        assert answer.status_code == 200, answer.text
        shown = {each["ticket"]: each for each in answer.json()["items"]}
        assert {name: each["unreadable"] for name, each in shown.items()} == {
            broken["id"]: True,
            whole["id"]: False,
        }
        assert shown[broken["id"]]["late_minutes"] == shown[whole["id"]]["late_minutes"]


async def test_a_rung_that_cannot_be_climbed_holds_up_no_other_and_is_not_lost(hotline: InProcess) -> None:
    broken, whole = [await hotline.call(**NOISE) for _ in range(2)]
    spoilt = 'UPDATE deadlines SET versions = versions || \'{"ladder": "GONE"}\' WHERE ticket_id = :id'
    await hotline.rows(f"{spoilt} RETURNING id", id=broken["id"])
    await hotline.later(timedelta(hours=1))
    expected = [("催办", "2026-11-23T01:22:30Z"), ("督办", "2026-11-23T01:30:00Z")]
    assert sign_rungs(await hotline.cards(whole["id"])) == expected
    assert await hotline.cards(broken["id"]) == []
    mended = spoilt.replace("GONE", LADDER_VERSION)
    await hotline.rows(f"{mended} RETURNING id", id=broken["id"])
    await hotline.later(TRY_AGAIN)
    assert sign_rungs(await hotline.cards(broken["id"])) == expected


async def test_an_answer_gets_the_late_rung_that_the_timer_has_put_off(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    hotline.clock.time += timedelta(hours=1)
    await hotline.rows("UPDATE timers SET next_rung_at = now() + interval '1 year' RETURNING 1")
    await hotline.step(ticket, "sign")
    assert [name for name, _ in sign_rungs(await hotline.cards(ticket["id"]))] == ["催办", "督办"]


class Resting(StoppedClock):
    """A clock that notes until when a loop would sleep, and ends it there."""

    until: datetime | None
    most: float

    async def sleep_until(self, moment: datetime | None, woken: asyncio.Event, most: float) -> None:
        self.until, self.most = moment, most
        raise asyncio.CancelledError


async def test_a_timer_leaves_alone_for_a_while_what_another_holds(hotline: InProcess) -> None:
    await hotline.call(**NOISE)
    clock = Resting(hotline.clock.now() + timedelta(hours=1))
    resources = hotline.resources
    other = Resources(resources.settings, clock, resources.database, resources.wakeups)
    async with resources.database.transaction() as connection:
        assert (await claim_due(connection, clock.now(), 500))[0]
        with pytest.raises(asyncio.CancelledError):
            await timer(other)
    assert (clock.until, clock.most) == (None, HELD_SECONDS)


async def test_a_rung_that_falls_due_as_the_timer_has_looked_is_climbed_without_a_rest(
    hotline: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hotline.call(**NOISE)
    first = datetime(2026, 11, 23, 1, 22, 30, tzinfo=UTC)
    clock, own = Resting(first - timedelta(milliseconds=1)), hotline.resources
    look = own.database.run

    async def slow_look(work: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
        found = await look(work)
        clock.time = first + timedelta(milliseconds=1)
        return found

    monkeypatch.setattr(own.database, "run", slow_look)
    with pytest.raises(asyncio.CancelledError):
        await timer(Resources(own.settings, clock, own.database, own.wakeups))
    assert (clock.until, clock.most) == (first, POLL_SECONDS)
