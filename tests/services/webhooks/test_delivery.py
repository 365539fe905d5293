"""Events reach a department's system: signed, in order, again after a failure, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from standardwebhooks import Webhook

from intake.domain.normalize import NormalizedCall
from intake.entry import Arrival
from intake.register import register
from schemas.ticket import Call
from services.resources import Resources, driver_dsn
from services.roles import keep_running
from services.webhooks.announce import TYPES
from services.webhooks.courier import courier
from services.webhooks.delivery_store import DeliveryStore
from services.webhooks.domain.schedule import JITTER, RETRY_AFTER
from tests.inprocess import InProcess
from tests.sink import Received, Sink

NOISE = {"category": "020100", "division": "460106002000"}
DEPARTMENT = "ecology-environment-longhua"
OTHER = "water-group"
LEASE = timedelta(seconds=77)
BOUND = 60


@asynccontextmanager
async def delivering(hotline: InProcess, couriers: int = 1, **settings: Any) -> AsyncIterator[None]:
    """Let couriers work meanwhile, each as a process would keep it running."""
    held = hotline.resources
    webhooks = held.settings.webhooks.model_copy(update={"lease_seconds": LEASE.total_seconds(), **settings})
    chosen = held.settings.model_copy(update={"webhooks": webhooks})
    own = Resources(chosen, held.clock, held.database, held.wakeups)
    tasks = [asyncio.create_task(keep_running("courier", courier, own)) for _ in range(couriers)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def subscribe(
    hotline: InProcess, url: str, *types: str, department: str = DEPARTMENT
) -> dict[str, Any]:
    client = await hotline.client("department", department)
    body = {"department": department, "url": url, **({"types": types} if types else {})}
    answer = await client.post("/v1/webhooks/endpoints", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def until(look: Callable[[], Awaitable[Any]], enough: Callable[[Any], bool]) -> Any:
    """Look again and again until it is enough; fail with what was seen last."""
    seen = None
    try:
        async with asyncio.timeout(BOUND):
            while not enough(seen := await look()):
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"It never came to that; last seen: {seen}") from None
    return seen


async def deliveries(hotline: InProcess) -> list[Any]:
    return await hotline.rows("SELECT * FROM webhook_deliveries ORDER BY id")


async def noted(hotline: InProcess, attempts: int) -> Any:
    """The only delivery, once this many attempts are over and noted."""

    def over(rows: list[Any]) -> bool:
        leased_until = hotline.clock.now() + LEASE
        return len(rows) == 1 and rows[0].attempts == attempts and rows[0].next_attempt_at != leased_until

    return (await until(lambda: deliveries(hotline), over))[0]


def verify(secret: str, received: list[Received]) -> list[Any]:
    """What was received, after the independent library has checked it."""
    return [Webhook(secret).verify(each.body, each.headers) for each in received]


async def test_an_assigned_ticket_reaches_its_department_signed(hotline: InProcess, sink: Sink) -> None:
    endpoint = await subscribe(hotline, sink.url)
    async with delivering(hotline):
        ticket = await hotline.call(title="工地夜间施工", **NOISE)
        received = await sink.wait(lambda all_: len(all_) == 1)
        assert (await noted(hotline, attempts=1)).delivered_at == hotline.clock.now()
    (payload,) = verify(endpoint["secret"], received)
    assert (payload["type"], payload["timestamp"]) == ("ticket.assigned", "2026-11-23T01:00:00+00:00")
    assert payload["data"]["ticket"] == ticket["id"]
    assert (payload["data"]["department"], payload["data"]["title"]) == (DEPARTMENT, "工地夜间施工")
    assert received[0].headers["content-type"] == "application/json; charset=utf-8"
    assert "phone" not in received[0].body.decode()


async def test_w2_every_attempt_has_the_same_id_and_body_and_a_signature_of_its_own(
    hotline: InProcess, sink: Sink
) -> None:
    endpoint = await subscribe(hotline, sink.url)
    sink.status = 500
    async with delivering(hotline):
        ticket = await hotline.call(title="首次标题", **NOISE)
        for attempt, wait in enumerate(RETRY_AFTER, 1):
            row = await noted(hotline, attempts=attempt)
            assert row.last_status == 500
            assert wait <= row.next_attempt_at - hotline.clock.now() <= wait * (1 + JITTER)
            if attempt == 1:
                await hotline.step(ticket, "sign")  # the ticket moves on; what was told does not
            hotline.clock.time = row.next_attempt_at
        dead = await noted(hotline, attempts=len(RETRY_AFTER) + 1)
    assert dead.dead_at == hotline.clock.now()
    assert dead.next_attempt_at is dead.delivered_at is None
    assert len(sink.received) == len(RETRY_AFTER) + 1
    assert len({each.body for each in sink.received}) == 1
    assert {each.headers["webhook-id"] for each in sink.received} == {str(dead.event_id)}
    verify(endpoint["secret"], sink.received)


async def test_nothing_is_tried_again_before_its_time(hotline: InProcess, sink: Sink) -> None:
    await subscribe(hotline, sink.url)
    sink.status = 503
    async with delivering(hotline):
        await hotline.call(**NOISE)
        row = await noted(hotline, attempts=1)
        sink.status = 200
        hotline.clock.time = row.next_attempt_at - timedelta(microseconds=1)
        await hotline.call(**NOISE)  # another ticket's delivery shows that the courier has looked
        await sink.wait(lambda all_: len(all_) == 2)
        assert (await deliveries(hotline))[0].attempts == 1
        hotline.clock.time = row.next_attempt_at
        await sink.wait(lambda all_: len(all_) == 3)
        rows = await until(lambda: deliveries(hotline), lambda all_: all(each.delivered_at for each in all_))
    assert [each.attempts for each in rows] == [2, 1]


@pytest.mark.parametrize("status", [301, 404, 500, 503])
async def test_whatever_is_not_2xx_is_tried_again(hotline: InProcess, sink: Sink, status: int) -> None:
    await subscribe(hotline, sink.url)
    sink.status = status
    async with delivering(hotline):
        await hotline.call(**NOISE)
        assert (await noted(hotline, attempts=1)).last_status == status
        sink.status = 204
        hotline.clock.time += RETRY_AFTER[0] * (1 + JITTER)
        row = await noted(hotline, attempts=2)
    assert (row.delivered_at, row.last_status) == (hotline.clock.now(), 204)


async def test_a_receiver_that_is_away_or_too_slow_gets_it_later(hotline: InProcess, sink: Sink) -> None:
    endpoint = await subscribe(hotline, "http://127.0.0.1:1/hook")
    async with delivering(hotline):
        await hotline.call(**NOISE)
        assert (await noted(hotline, attempts=1)).last_fault == "refused"
    await hotline.rows("UPDATE webhook_endpoints SET url = :url RETURNING 1", url=sink.url)
    hotline.clock.time += RETRY_AFTER[0] * (1 + JITTER)
    sink.awake.clear()
    async with delivering(hotline, timeout_seconds=0.3):
        row = await noted(hotline, attempts=2)
    assert row.last_fault == "timeout"
    hotline.clock.time = row.next_attempt_at
    sink.awake.set()
    async with delivering(hotline):
        row = await noted(hotline, attempts=3)
    assert (row.last_status, row.last_fault) == (200, None)
    verify(endpoint["secret"], sink.received)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (429, {"retry-after": "600"}),
        (503, {"retry-after": "Mon, 07 Sep 2026 07:10:00 GMT", "date": "Mon, 07 Sep 2026 07:00:00 GMT"}),
    ],
)
async def test_a_receiver_that_asks_for_time_is_given_it(
    hotline: InProcess, sink: Sink, status: int, said: dict[str, str]
) -> None:
    await subscribe(hotline, sink.url)
    sink.status, sink.headers = status, said
    async with delivering(hotline):
        await hotline.call(**NOISE)
        row = await noted(hotline, attempts=1)
    assert row.next_attempt_at == hotline.clock.now() + timedelta(minutes=10)


async def test_w3_one_tickets_events_wait_for_each_other_and_not_for_another_tickets(
    hotline: InProcess, sink: Sink
) -> None:
    endpoint = await subscribe(hotline, sink.url, *TYPES)
    agent = await hotline.client()
    sink.status = 500
    async with delivering(hotline):
        ticket = await hotline.call(**NOISE)
        await noted(hotline, attempts=1)
        sink.status = 200
        await hotline.step(ticket, "return", "不属于我单位")
        refused = await agent.post(f"/v1/tickets/{ticket['id']}/refuse-return", json={"note": "属于"})
        assert refused.status_code == 200
        await hotline.drain()
        another = await hotline.call(**NOISE)
        await sink.wait(lambda all_: len(all_) == 2)
        hotline.clock.time += RETRY_AFTER[0] * (1 + JITTER)
        await sink.wait(lambda all_: len(all_) == 4)
    told = [(each["data"]["ticket"], each["type"]) for each in verify(endpoint["secret"], sink.received)]
    assert told == [
        (ticket["id"], "ticket.assigned"),
        (another["id"], "ticket.assigned"),
        (ticket["id"], "ticket.assigned"),
        (ticket["id"], "ticket.return_refused"),
    ]


async def test_while_a_ticket_waits_the_courier_sleeps_until_its_next_attempt(
    hotline: InProcess, sink: Sink
) -> None:
    await subscribe(hotline, sink.url, *TYPES)
    sink.status = 500
    async with delivering(hotline):
        ticket = await hotline.call(**NOISE)
        await noted(hotline, attempts=1)
    await hotline.step(ticket, "return", "不属于我单位")
    agent = await hotline.client()
    await agent.post(f"/v1/tickets/{ticket['id']}/refuse-return", json={"note": "属于"})
    await hotline.drain()
    assert len(await deliveries(hotline)) == 2
    async with hotline.resources.database.transaction() as connection:
        store = DeliveryStore(connection)
        first = (await deliveries(hotline))[0]
        assert await store.next_due() == first.next_attempt_at > hotline.clock.now()
        assert await store.claim(hotline.clock.now(), LEASE, 10, 10, {}) == []


async def test_w4_a_kill_between_the_post_and_its_note_sends_it_again_with_the_same_id(
    hotline: InProcess, sink: Sink
) -> None:
    endpoint = await subscribe(hotline, sink.url)
    sink.awake.clear()
    async with delivering(hotline):
        await hotline.call(**NOISE)
        await sink.wait(lambda all_: len(all_) == 1)
    (row,) = await deliveries(hotline)
    assert (row.attempts, row.last_status, row.delivered_at) == (1, None, None)
    sink.awake.set()
    hotline.clock.time += LEASE
    async with delivering(hotline):
        row = await noted(hotline, attempts=2)
    assert row.delivered_at == hotline.clock.now()
    assert len({(each.headers["webhook-id"], each.body) for each in sink.received}) == 1
    verify(endpoint["secret"], sink.received)


async def test_several_couriers_deliver_each_event_once(hotline: InProcess, sink: Sink) -> None:
    await subscribe(hotline, sink.url)
    async with delivering(hotline, couriers=3):
        for _ in range(30):
            await hotline.register(**NOISE)
        await hotline.drain()
        rows = await until(lambda: deliveries(hotline), lambda all_: all(each.delivered_at for each in all_))
    assert [each.attempts for each in rows] == [1] * 30
    assert len({each.headers["webhook-id"] for each in sink.received}) == len(sink.received) == 30


async def test_a_database_that_drops_its_connections_stops_no_courier(
    hotline: InProcess, sink: Sink, database_url: str
) -> None:
    await subscribe(hotline, sink.url)
    sink.awake.clear()
    async with delivering(hotline):
        await hotline.call(**NOISE)
        await sink.wait(lambda all_: len(all_) == 1)
        await _drop_other_connections(database_url)
        hotline.clock.time += LEASE
        sink.awake.set()
        # In one post or two: whether the first is noted depends on who met a dead connection before it.
        (row,) = await until(lambda: deliveries(hotline), lambda rows: rows[0].delivered_at is not None)
    assert row.delivered_at == hotline.clock.now()


async def _drop_other_connections(url: str) -> None:
    """As a restart of the server would; whoever uses one of them next finds it dead."""
    connection = await asyncpg.connect(driver_dsn(url))
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()


async def test_an_endpoint_ended_in_mid_post_gets_nothing_more(hotline: InProcess, sink: Sink) -> None:
    endpoint = await subscribe(hotline, sink.url)
    client = await hotline.client("department", DEPARTMENT)
    sink.status = 500
    sink.awake.clear()
    async with delivering(hotline):
        await hotline.call(**NOISE)
        await sink.wait(lambda all_: len(all_) == 1)
        assert (await client.delete(f"/v1/webhooks/endpoints/{endpoint['id']}")).status_code == 204
        sink.awake.set()
        hotline.clock.time += timedelta(days=1)
        await subscribe(hotline, sink.url)
        await hotline.call(**NOISE)
        await sink.wait(lambda all_: len(all_) == 2)
    first = (await deliveries(hotline))[0]
    assert (first.next_attempt_at, first.last_fault) == (None, "endpoint_ended")
    assert first.dead_at is not None


async def test_a_sender_that_was_asleep_too_long_does_not_undo_what_another_did(
    hotline: InProcess, sink: Sink
) -> None:
    await subscribe(hotline, sink.url)
    await hotline.call(**NOISE)
    async with hotline.resources.database.transaction() as connection:
        (slow,) = await DeliveryStore(connection).claim(hotline.clock.now(), LEASE, 1, 1, {})
    hotline.clock.time += LEASE
    async with delivering(hotline):
        await noted(hotline, attempts=2)
    async with hotline.resources.database.transaction() as connection:
        told = {"delivery_id": slow.id, "endpoint_id": slow.endpoint_id, "number": slow.attempts}
        told |= {"at": hotline.clock.now(), "headers": {}, "status": 500, "took_ms": 1}
        told["next_attempt_at"] = hotline.clock.now()
        await DeliveryStore(connection).note([told])
    (row,) = await deliveries(hotline)
    assert (row.last_status, row.next_attempt_at) == (200, None)


async def test_a_department_is_not_woken_for_the_past(hotline: InProcess, sink: Sink) -> None:
    await subscribe(hotline, sink.url, *TYPES)
    call = NormalizedCall(
        Call(kind="complaint", title="旧事", text="去年的来电", **NOISE),
        accepted_at=hotline.clock.now() - timedelta(days=400),
    )
    async with hotline.resources.database.transaction() as connection:
        arrival = Arrival(call, b"{}", "application/json", "import", historical=True)
        (old,) = await register(connection, [arrival], hotline.resources)
    await hotline.drain()
    assert (await hotline.ticket(old.ticket["id"]))["department"] == DEPARTMENT
    await hotline.later(timedelta(days=60))
    assert await deliveries(hotline) == []


async def test_an_event_that_is_handled_twice_is_delivered_once(hotline: InProcess, sink: Sink) -> None:
    await subscribe(hotline, sink.url)
    await hotline.call(**NOISE)
    await hotline.rows("DELETE FROM inbox RETURNING 1")
    await hotline.rows("UPDATE outbox SET published_at = NULL WHERE body LIKE '%assigned_at%' RETURNING 1")
    await hotline.drain()
    assert len(await deliveries(hotline)) == 1


async def test_only_the_types_an_endpoint_wants_are_sent_to_it(hotline: InProcess, sink: Sink) -> None:
    await subscribe(hotline, sink.url, "ticket.closed")
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    await hotline.step(ticket, "resolve", "已办")
    assert await deliveries(hotline) == []
    agent = await hotline.client()
    assert (await agent.post(f"/v1/tickets/{ticket['id']}/close", json={})).status_code == 200
    await hotline.drain()
    assert [each.type for each in await deliveries(hotline)] == ["ticket.closed"]
