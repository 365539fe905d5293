"""What has served its time is cleared away; what is still needed, however old, stays."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from services.purge import purge, purge_once
from services.tables import dead_letters
from tests.inprocess import InProcess

NOISE = {"category": "020100", "division": "460106002000"}
DEPARTMENT = "ecology-environment-longhua"
HOOK = "https://oa.example.gov.cn/hooks/12345"
COUNTS = """
    SELECT (SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM inbox) AS inbox,
           (SELECT count(*) FROM idempotency_keys) AS answers,
           (SELECT count(*) FROM webhook_deliveries) AS deliveries,
           (SELECT count(*) FROM department_feed) AS feed
"""
LONG = timedelta(days=191)


async def counts(hotline: InProcess) -> dict[str, int]:
    (row,) = await hotline.rows(COUNTS)
    return dict(row._mapping)


async def a_day_of_work(hotline: InProcess) -> None:
    """An endpoint registered under a key, and a ticket assigned: one event taken, one delivery waiting."""
    client = await hotline.client("department", DEPARTMENT)
    body = {"department": DEPARTMENT, "url": HOOK}
    answer = await client.post("/v1/webhooks/endpoints", json=body, headers={"idempotency-key": "once"})
    assert answer.status_code == 201
    await hotline.call(**NOISE)


async def ended(hotline: InProcess) -> None:
    """As if every delivery had been taken."""
    when = hotline.clock.now()
    statement = "UPDATE webhook_deliveries SET next_attempt_at = NULL, delivered_at = :at RETURNING id"
    assert await hotline.rows(statement, at=when)
    logged = """
        INSERT INTO webhook_attempts (delivery_id, number, at, headers, took_ms)
        SELECT id, 1, :at, '{}', 200 FROM webhook_deliveries RETURNING number
    """
    assert await hotline.rows(logged, at=when)


async def purged(hotline: InProcess) -> int:
    total = 0
    while deleted := await purge_once(hotline.resources, batch=2):
        total += deleted
    return total


async def test_everything_that_has_served_its_time_is_deleted_batch_by_batch(hotline: InProcess) -> None:
    await a_day_of_work(hotline)
    await ended(hotline)
    before = await counts(hotline)
    assert min(before.values()) > 0
    hotline.clock.time += LONG
    assert await purged(hotline) == sum(before.values())
    assert set((await counts(hotline)).values()) == {0}
    assert await hotline.rows("SELECT * FROM webhook_attempts") == []
    assert len(await hotline.rows("SELECT * FROM tickets")) == 1
    assert len(await hotline.rows("SELECT * FROM ticket_history")) == 2


async def test_nothing_is_deleted_before_its_time(hotline: InProcess) -> None:
    await a_day_of_work(hotline)
    await ended(hotline)
    hotline.clock.time += timedelta(days=29)
    assert await purged(hotline) == 0
    hotline.clock.time += timedelta(days=2)  # an answer is kept for 30 days, events for 90
    assert await purged(hotline) == (await counts(hotline))["answers"] + 1 == 1
    hotline.clock.time += timedelta(days=60)
    await purged(hotline)
    left = await counts(hotline)
    assert {name for name, rows in left.items() if rows} == {"deliveries"}
    hotline.clock.time += timedelta(days=184) - timedelta(days=91)
    assert await purged(hotline) == 0  # six months of deliveries and their log are there at any time


async def test_what_has_not_ended_is_kept_however_old_it_is(hotline: InProcess) -> None:
    await a_day_of_work(hotline)
    await hotline.rows("UPDATE outbox SET published_at = NULL RETURNING id")
    before = await counts(hotline)
    hotline.clock.time += LONG
    await purged(hotline)
    assert await counts(hotline) == {**before, "answers": 0, "feed": 0}


async def test_an_event_among_the_dead_letters_can_still_be_replayed(hotline: InProcess) -> None:
    await a_day_of_work(hotline)
    (event,) = await hotline.rows("SELECT event_id FROM outbox ORDER BY id LIMIT 1")
    async with hotline.resources.database.transaction() as connection:
        row = {"event_id": event.event_id, "consumer": "x", "code": "internal", "reason": "x"}
        await connection.execute(dead_letters.insert().values(**row, buried_at=hotline.clock.now()))
    hotline.clock.time += LONG
    await purged(hotline)
    assert await hotline.rows("SELECT event_id FROM outbox") == [event]
    handled = await hotline.rows("SELECT DISTINCT event_id FROM inbox")
    assert handled == [event]


async def test_the_loop_clears_away_by_itself(hotline: InProcess) -> None:
    await a_day_of_work(hotline)
    hotline.clock.time += LONG
    task = asyncio.create_task(purge(hotline.resources))
    try:
        async with asyncio.timeout(20):
            while (await counts(hotline))["outbox"]:
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
