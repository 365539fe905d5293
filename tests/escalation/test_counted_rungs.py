"""Rungs by count: signing red twice in a week, a second redo, returning what was adjudicated."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from escalation.climb import climb_due
from router.assign import Terms, assign
from router.recall import recall
from services.tickets import TicketStore
from tests.escalation.test_late_events import replay
from tests.inprocess import Answer, InProcess
from tests.router.test_returns import DECIDED, SUPERVISOR, disputed, owner, post
from tests.router.test_returns import GROUNDS as RETURN

NOISE = {"category": "020100", "division": "460106002000"}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def red(hotline: InProcess, at: datetime) -> Answer:
    """A ticket that is signed an hour late."""
    hotline.clock.time = at
    ticket = await hotline.call(**NOISE)
    await hotline.later(HOUR)
    await hotline.step(ticket, "sign")
    await hotline.advance(hotline.clock.time)
    return ticket


async def redo(hotline: InProcess, ticket: Answer) -> None:
    """Give a ticket back to its department, to be done again."""
    async with hotline.resources.database.transaction() as connection:
        held = await TicketStore(connection).lock(ticket["id"])
        now = hotline.clock.now()
        free = await recall(held, "重办", "corrected", connection, at=now, actor="supervisor:test")
        terms = Terms("redo", None)
        await assign(free, ticket["department"], connection, hotline.resources, because="重办", terms=terms)
    await hotline.drain()


def counted(cards: list[Answer]) -> list[tuple[str, int, str]]:
    kinds = ("sign_reds", "redos", "barred_returns")
    return [(each["clock"], each["level"], each["fell_due_at"]) for each in cards if each["clock"] in kinds]


async def test_signing_red_twice_in_seven_days_tells_the_departments_leader(hotline: InProcess) -> None:
    monday = hotline.clock.now()
    first = await red(hotline, monday)
    second = await red(hotline, monday + 4 * DAY)
    assert counted(await hotline.cards(first["id"])) == []
    assert counted(await hotline.cards(second["id"])) == [("sign_reds", 2, "2026-11-27T01:30:00Z")]
    (bulletin,) = await hotline.rows("SELECT department, dated_at FROM consequences WHERE kind = 'bulletin'")
    assert bulletin.dated_at == datetime(2026, 11, 27, 1, 30, tzinfo=UTC)
    (told,) = await hotline.rows("SELECT roles, card FROM supervision_notices WHERE clock = 'sign_reds'")
    assert told.roles == ["department_leader", "district_leader"]


async def test_signing_red_again_after_seven_days_tells_nobody_more(hotline: InProcess) -> None:
    monday = hotline.clock.now()
    await red(hotline, monday)
    later = await red(hotline, monday + 7 * DAY)
    assert counted(await hotline.cards(later["id"])) == []


async def test_two_departments_with_one_red_each_are_not_taken_together(hotline: InProcess) -> None:
    await red(hotline, hotline.clock.now())
    hotline.clock.time += DAY
    other = await hotline.call(category="020100", division="460105002000")
    assert other["department"] != "ecology-environment-longhua"
    await hotline.later(HOUR)
    assert counted(await hotline.cards(other["id"])) == []


async def test_a_storm_of_reds_is_one_finding_however_many_workers_climb(hotline: InProcess) -> None:
    for _ in range(12):
        await hotline.call(**NOISE)
    hotline.clock.time += HOUR

    async def work() -> None:
        while await hotline.resources.database.run(lambda each: climb_due(each, hotline.resources, 3)):
            pass

    await asyncio.gather(*(work() for _ in range(4)))
    found = await hotline.rows("SELECT level FROM escalations WHERE clock = 'sign_reds'")
    assert [each.level for each in found] == [2]


async def test_the_first_redo_is_no_rung_and_the_second_is_listed(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    for expected in ([], [("redos", 3, "2026-11-23T05:00:00Z")]):
        await hotline.later(2 * HOUR)
        await redo(hotline, ticket)
        await hotline.advance(hotline.clock.time)
        found = counted(await hotline.cards(ticket["id"]))
        assert [each for each in found if each[0] == "redos"] == expected
    kinds = "SELECT kind FROM consequences WHERE level = 3 ORDER BY kind"
    assert [each.kind for each in await hotline.rows(kinds)] == ["listing", "raising"]


async def test_wanting_to_return_what_was_adjudicated_is_told_once(hotline: InProcess) -> None:
    ticket = await disputed(hotline)
    await post(hotline, ticket, "adjudicate", SUPERVISOR, DECIDED)
    hotline.clock.time += timedelta(minutes=5)
    for _ in range(3):
        refused = await post(hotline, ticket, "return", owner(ticket), RETURN)
        assert (refused["http"], refused["code"]) == (409, "adjudication_binds")
    await hotline.advance(hotline.clock.time)
    assert counted(await hotline.cards(ticket["id"])) == [("barred_returns", 3, "2026-11-23T01:05:00Z")]
    barred = "SELECT actor FROM ticket_history WHERE note LIKE '裁定后%'"
    assert [each.actor for each in await hotline.rows(barred)] == [f"department:{ticket['department']}"]


@pytest.mark.parametrize("again", [1, 20])
async def test_a_counted_rung_is_climbed_once_however_often_its_event_comes(
    hotline: InProcess, again: int
) -> None:
    ticket = await disputed(hotline)
    await post(hotline, ticket, "adjudicate", SUPERVISOR, DECIDED)
    await post(hotline, ticket, "return", owner(ticket), RETURN)
    for _ in range(again):
        await hotline.rows("DELETE FROM inbox WHERE consumer = 'escalation' RETURNING 1")
        await hotline.rows("UPDATE outbox SET published_at = NULL WHERE topic IS NOT NULL RETURNING 1")
        await hotline.drain()
        await hotline.advance(hotline.clock.time)
    assert len(counted(await hotline.cards(ticket["id"]))) == 1


@pytest.mark.parametrize("third", [False, True], ids=["nothing else", "a third red"])
async def test_a_finding_is_taken_back_with_the_red_it_rests_on_unless_others_bear_it(
    hotline: InProcess, third: bool
) -> None:
    """The department had signed in time; that was heard of when its red card was out already."""
    monday = hotline.clock.now()
    await red(hotline, monday)
    hotline.clock.time = monday + DAY
    late = await hotline.call(**NOISE)
    hotline.clock.time += timedelta(minutes=10)
    client = await hotline.client("department", late["department"])
    assert (await client.post(f"/v1/tickets/{late['id']}/sign", json={})).status_code == 200
    held = "UPDATE outbox SET published_at = now() WHERE headers ->> 'ce_type' = 'ticket.signed'"
    await hotline.rows(f"{held} AND key = :ticket RETURNING id", ticket=late["id"])
    await hotline.later(HOUR)
    assert await findings(hotline) == ["2026-11-24T01:30:00+00:00"]
    if third:
        await red(hotline, monday + 2 * DAY)
        assert len(await findings(hotline)) == 1  # it belongs to the one there is
    await replay(hotline, late, "signed")
    await hotline.advance(hotline.clock.time)
    assert await findings(hotline) == ["2026-11-25T01:30:00+00:00"][: int(third)]
    taken = (
        "SELECT count(*) AS n FROM supervision_notices WHERE clock = 'sign_reds' AND withdrawn_at IS NOT NULL"
    )
    assert [row.n for row in await hotline.rows(f"{taken} AND withdrawn_at IS NOT NULL")] == [1]
    follows = await hotline.rows("SELECT state FROM consequences WHERE level = 2 ORDER BY dated_at")
    assert [row.state for row in follows] == ["withdrawn", "open"][: 1 + third]


async def findings(hotline: InProcess) -> list[str]:
    """When departments were found to be red at signing too often, and it was not taken back."""
    query = "SELECT fell_due_at FROM escalations WHERE clock = 'sign_reds' AND withdrawn_at IS NULL"
    return [row.fell_due_at.isoformat() for row in await hotline.rows(query)]
