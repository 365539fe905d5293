"""One endpoint that fails is left alone, looked at now and then, stood in for, and in the end given up."""

from datetime import timedelta
from typing import Any

from services.webhooks.domain.circuit import HOLDS, OPENS_AFTER
from tests.inprocess import InProcess
from tests.services.webhooks.test_delivery import (
    DEPARTMENT,
    NOISE,
    deliveries,
    delivering,
    subscribe,
    until,
)
from tests.sink import Sink

HEALTH = "SELECT * FROM webhook_endpoints WHERE url = :url"


async def fails(hotline: InProcess, sink: Sink, times: int) -> None:
    """Let an endpoint fail so often, a ticket each time."""
    sink.status = 500
    for _ in range(times):
        (before,) = await hotline.rows(HEALTH, url=sink.url)
        await hotline.call(**NOISE)
        await until(
            lambda: hotline.rows(HEALTH, url=sink.url),
            lambda rows, now=before.failures + 1: rows[0].failures == now,  # type: ignore[misc]
        )


async def delivered_to(hotline: InProcess, sink: Sink, count: int) -> list[Any]:
    query = (
        "SELECT d.* FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id"
        " WHERE e.url = :url AND d.delivered_at IS NOT NULL ORDER BY d.id"
    )
    return await until(  # type: ignore[no-any-return]
        lambda: hotline.rows(query, url=sink.url), lambda rows: len(rows) == count
    )


async def test_after_five_failures_one_probe_of_all_couriers_tries_and_its_success_lets_all_through(
    hotline: InProcess, sink: Sink, other_sink: Sink
) -> None:
    for each in (sink, other_sink):
        await subscribe(hotline, each.url)
    async with delivering(hotline, couriers=2):
        await fails(hotline, sink, OPENS_AFTER)
        (row,) = await hotline.rows(HEALTH, url=sink.url)
        assert row.held_until_at == hotline.clock.now() + HOLDS[0]
        for _ in range(3):
            await hotline.call(**NOISE)
        await other_sink.wait(lambda all_: len(all_) == OPENS_AFTER + 3)
        assert len(sink.received) == OPENS_AFTER
        sink.awake.clear()
        sink.status = 200
        hotline.clock.time += HOLDS[0]
        await sink.wait(lambda all_: len(all_) == OPENS_AFTER + 1)
        await hotline.call(**NOISE)
        await other_sink.wait(lambda all_: len(all_) == OPENS_AFTER + 4)
        assert (len(sink.received), sink.most_at_once) == (OPENS_AFTER + 1, 1)
        sink.awake.set()
        await delivered_to(hotline, sink, OPENS_AFTER + 4)
    (row,) = await hotline.rows(HEALTH, url=sink.url)
    assert (row.failures, row.failing_since_at, row.held_until_at) == (0, None, None)


async def test_post_b_is_sent_what_post_a_does_not_take(
    hotline: InProcess, sink: Sink, other_sink: Sink
) -> None:
    await subscribe(hotline, sink.url)
    client = await hotline.client("department", DEPARTMENT)
    second = {"department": DEPARTMENT, "url": other_sink.url, "post": "B"}
    assert (await client.post("/v1/webhooks/endpoints", json=second)).status_code == 201
    async with delivering(hotline):
        await fails(hotline, sink, OPENS_AFTER - 1)
        assert other_sink.received == []
        await fails(hotline, sink, 1)  # the circuit opens: what waits goes to post B
        await other_sink.wait(lambda all_: len(all_) == OPENS_AFTER)
        await hotline.call(**NOISE)  # and what comes while it is open
        await delivered_to(hotline, other_sink, OPENS_AFTER + 1)
        sink.status = 410
        hotline.clock.time += HOLDS[0]
        await until(lambda: hotline.rows(HEALTH, url=sink.url), lambda rows: rows[0].disabled_at is not None)
        await hotline.drain()
        await hotline.call(**NOISE)  # and all that comes once it has ended, that first
        taken = await delivered_to(hotline, other_sink, OPENS_AFTER + 3)
    assert [each.kind for each in taken] == ["standby"] * OPENS_AFTER + ["event"] * 3
    assert taken[-2].type == "webhook.endpoint_disabled"
    rows = {each.id: each for each in await deliveries(hotline)}
    assert all(each.event_id == rows[each.origin_id].event_id for each in taken[:OPENS_AFTER])
    assert len({each.headers["webhook-id"] for each in other_sink.received}) == OPENS_AFTER + 3


async def test_what_a_ladder_gave_up_goes_to_post_b_while_the_circuit_is_closed(
    hotline: InProcess, sink: Sink, other_sink: Sink
) -> None:
    await subscribe(hotline, sink.url)
    client = await hotline.client("department", DEPARTMENT)
    second = {"department": DEPARTMENT, "url": other_sink.url, "post": "B"}
    assert (await client.post("/v1/webhooks/endpoints", json=second)).status_code == 201
    sink.status = 500
    await hotline.call(**NOISE)
    await hotline.rows("UPDATE webhook_deliveries SET attempts = 10 RETURNING id")
    async with delivering(hotline):
        (taken,) = await delivered_to(hotline, other_sink, 1)
    (given_up, _) = await deliveries(hotline)
    assert (taken.origin_id, taken.event_id) == (given_up.id, given_up.event_id)
    assert given_up.dead_at is not None


async def test_after_days_of_nothing_but_failures_an_endpoint_ends(hotline: InProcess, sink: Sink) -> None:
    await subscribe(hotline, sink.url)
    async with delivering(hotline):
        await fails(hotline, sink, 1)
        hotline.clock.time += timedelta(days=5)
        (row,) = await until(
            lambda: hotline.rows(HEALTH, url=sink.url), lambda rows: rows[0].disabled_at is not None
        )
    assert row.disabled_because == "nothing but failures for 5 days"
    (delivery,) = await deliveries(hotline)
    assert (delivery.dead_at, delivery.last_fault) == (hotline.clock.now(), "endpoint_ended")
    (told,) = await hotline.rows(
        "SELECT * FROM outbox WHERE headers ->> 'ce_type' = 'webhook.endpoint_disabled'"
    )
    assert told.key == DEPARTMENT
    figures = (await (await hotline.client("supervisor")).get("/metrics")).text
    assert "hotline_webhook_departments_unreached 1" in figures
    assert "hotline_webhook_circuits_open 0" in figures


async def test_an_example_is_posted_at_once_though_the_circuit_is_open_and_closes_it(
    hotline: InProcess, sink: Sink
) -> None:
    endpoint = await subscribe(hotline, sink.url)
    client = await hotline.client("department", DEPARTMENT)
    path = f"/v1/webhooks/endpoints/{endpoint['id']}/test"
    async with delivering(hotline):
        await fails(hotline, sink, OPENS_AFTER)
        before = len(sink.received)
        queued = (await client.post(path, json={"type": "ticket.closed"})).json()
        await until(lambda: deliveries(hotline), lambda rows: rows[-1].dead_at is not None)
        (row,) = await hotline.rows(HEALTH, url=sink.url)
        assert row.failures == OPENS_AFTER  # its owner is trying: that counts for nothing
        sink.status = 200
        await client.post(path, json={"type": "ticket.closed"})
        hotline.clock.time += HOLDS[0]
        await delivered_to(hotline, sink, OPENS_AFTER + 1)
    assert queued["queued"] == 1
    assert sink.received[before].data["type"] == "ticket.closed"
    assert sink.received[before].data["data"]["test"] is True


async def test_only_what_passes_its_filter_is_sent_to_an_endpoint(hotline: InProcess, sink: Sink) -> None:
    client = await hotline.client("department", DEPARTMENT)
    filters: list[dict[str, Any]] = [
        {"categories": ["02"], "urgencies": ["general"], "role": "lead"},
        {"categories": ["0202"]},
        {"urgencies": ["urgent"]},
        {"role": "co"},
    ]
    made = []
    for each in filters:
        body = {"department": DEPARTMENT, "url": sink.url, "filter": each}
        answer = await client.post("/v1/webhooks/endpoints", json=body)
        assert answer.status_code == 201, answer.text
        made.append(answer.json())
    await hotline.call(**NOISE)
    assert [str(each.endpoint_id) for each in await deliveries(hotline)] == [made[0]["id"]]
    listed = {each["id"]: each["filter"] for each in (await client.get("/v1/webhooks/endpoints")).json()}
    assert listed == {each["id"]: each["filter"] for each in made}


async def test_a_success_between_failures_keeps_the_circuit_closed(hotline: InProcess, sink: Sink) -> None:
    await subscribe(hotline, sink.url)
    async with delivering(hotline):
        await fails(hotline, sink, OPENS_AFTER - 1)
        sink.status = 200
        await hotline.call(**NOISE)
        await delivered_to(hotline, sink, 1)
        (row,) = await hotline.rows(HEALTH, url=sink.url)
        assert (row.failures, row.held_until_at) == (0, None)
        await fails(hotline, sink, 1)
        (row,) = await hotline.rows(HEALTH, url=sink.url)
    assert (row.failures, row.held_until_at) == (1, None)


async def test_posts_under_way_together_that_fail_together_are_no_reason_to_wait_longer(
    hotline: InProcess, sink: Sink
) -> None:
    await subscribe(hotline, sink.url)
    for _ in range(2 * OPENS_AFTER):
        await hotline.register(**NOISE)
    await hotline.drain()
    sink.status = 500
    sink.awake.clear()
    async with delivering(hotline):
        await sink.wait(lambda all_: len(all_) == 2 * OPENS_AFTER)
        sink.awake.set()
        await until(lambda: deliveries(hotline), lambda rows: all(each.last_status for each in rows))
    (row,) = await hotline.rows(HEALTH, url=sink.url)
    assert (row.failures, row.held_until_at) == (OPENS_AFTER, hotline.clock.now() + HOLDS[0])


async def test_many_endpoints_that_hang_at_first_together_hold_up_nobody_else(
    hotline: InProcess, sink: Sink, other_sink: Sink
) -> None:
    """They have every place there is, and each would keep it for a minute."""
    sink.awake.clear()
    for _ in range(8):
        await subscribe(hotline, sink.url)
    async with delivering(hotline, concurrency=8, timeout_seconds=60):
        await hotline.call(**NOISE)
        await sink.wait(lambda all_: len(all_) == 8)
        await subscribe(hotline, other_sink.url, "ticket.withdrawn")
        ticket = await hotline.call(**NOISE)
        said = {"because": "问题已自行解决"}
        answer = await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/withdraw", json=said)
        assert answer.is_success
        await hotline.drain()
        await other_sink.wait(lambda all_: len(all_) == 1)
        assert len(sink.received) == 8
