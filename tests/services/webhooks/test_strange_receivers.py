"""A receiver that hangs, has gone, redirects, lies or never ends costs the others nothing, nor us."""

import asyncio
import shutil
import ssl
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert

from services.tables import endpoints
from services.webhooks.announce import TYPES
from services.webhooks.courier import Sender
from services.webhooks.post import Poster, opened_client
from services.webhooks.recorder import Recorder
from tests.inprocess import InProcess
from tests.services.webhooks.test_delivery import (
    BOUND,
    DEPARTMENT,
    NOISE,
    deliveries,
    delivering,
    noted,
    subscribe,
    until,
)
from tests.sink import Sink, opened_sink


async def test_410_ends_the_endpoint_and_what_it_waited_for(hotline: InProcess, sink: Sink) -> None:
    endpoint = await subscribe(hotline, sink.url)
    sink.status = 500
    async with delivering(hotline):
        first = await hotline.call(**NOISE)
        await noted(hotline, attempts=1)
        await hotline.step(first, "return", "不属于我单位")
        await hotline.client()
        sink.status = 410
        await hotline.call(**NOISE)
        rows = await until(lambda: deliveries(hotline), lambda all_: all(each.dead_at for each in all_))
    assert len(rows) == 2
    assert {each.last_fault for each in rows} == {"endpoint_ended"}
    assert rows[1].last_status == 410
    client = await hotline.client("department", DEPARTMENT)
    (shown,) = (await client.get("/v1/webhooks/endpoints")).json()
    assert (shown["id"], shown["disabled_because"]) == (endpoint["id"], "410 Gone")
    await hotline.call(**NOISE)
    assert len(await deliveries(hotline)) == 2


async def test_an_endpoint_that_hangs_holds_up_nobody_else(
    hotline: InProcess, sink: Sink, other_sink: Sink
) -> None:
    await subscribe(hotline, sink.url)
    await subscribe(hotline, other_sink.url)
    sink.awake.clear()
    async with delivering(hotline, concurrency=16, timeout_seconds=2 * BOUND):
        for _ in range(12):
            await hotline.register(**NOISE)
        await hotline.drain()
        await other_sink.wait(lambda all_: len(all_) == 12, seconds=BOUND)
        assert sink.most_at_once == 2
        sink.awake.set()
        await sink.wait(lambda all_: len(all_) == 12)


async def test_after_a_failure_an_endpoint_gets_one_post_at_a_time_until_it_takes_one(
    hotline: InProcess, sink: Sink, other_sink: Sink
) -> None:
    await subscribe(hotline, sink.url)
    sink.status = 500
    async with delivering(hotline, concurrency=32):
        await hotline.call(**NOISE)
        await noted(hotline, attempts=1)
        await subscribe(hotline, other_sink.url)
        sink.awake.clear()
        sink.status = 200
        for _ in range(8):
            await hotline.register(**NOISE)
        await hotline.drain()
        await other_sink.wait(lambda all_: len(all_) == 8)
        assert len(sink.received) == 2
        sink.awake.set()
        await sink.wait(lambda all_: len(all_) == 9)


async def test_an_endpoint_that_fails_does_not_narrow_what_is_taken_for_the_others(
    hotline: InProcess, sink: Sink, other_sink: Sink
) -> None:
    for where in (sink, other_sink):
        await subscribe(hotline, where.url)
    sink.status = 503
    settings = hotline.resources.settings.webhooks
    async with opened_client(settings) as client:
        recorder = Recorder(hotline.resources)
        sender = Sender(hotline.resources, Poster(client, settings), recorder)
        await hotline.call(**NOISE)
        for delivery in await sender.claim():
            await sender.deliver(delivery)
        await recorder.flush()
        hotline.clock.time += timedelta(days=1)
        for _ in range(4):
            await hotline.call(**NOISE)
        claimed = await sender.claim()
    assert Counter(str(each.url) for each in claimed) == {sink.url: 1, other_sink.url: 4}


async def test_an_address_that_cannot_be_looked_up_stops_only_its_own_deliveries(
    hotline: InProcess, sink: Sink
) -> None:
    async with hotline.resources.database.transaction() as connection:
        row = {
            "id": uuid4(),
            "department": DEPARTMENT,
            "secret": "whsec_AAAA",
            "types": list(TYPES),
            "created_at": hotline.clock.now(),
        }
        strange = ["https://a..b/", "https://例 \x01/", "gopher://x", "https://127.0.0.2/", "http://[::1/"]
        rows = [{**row, "id": uuid4(), "url": url} for url in strange]
        await connection.execute(insert(endpoints), rows)
    await subscribe(hotline, sink.url)
    async with delivering(hotline):
        await hotline.call(**NOISE)
        await sink.wait(lambda all_: len(all_) == 1)
        found = await until(lambda: deliveries(hotline), lambda all_: all(_over(each) for each in all_))
    assert sum(each.delivered_at is not None for each in found) == 1
    assert sum(each.last_fault == "forbidden_address" for each in found) == len(strange)


def _over(row: Any) -> bool:
    return row.last_status is not None or row.last_fault is not None


async def test_a_redirect_is_not_followed(hotline: InProcess, sink: Sink, other_sink: Sink) -> None:
    await subscribe(hotline, sink.url)
    sink.status, sink.headers = 307, {"location": other_sink.url}
    async with delivering(hotline):
        await hotline.call(**NOISE)
        row = await noted(hotline, attempts=1)
    assert (row.last_status, row.delivered_at) == (307, None)
    assert other_sink.received == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="a certificate is made with openssl")
async def test_a_receiver_whose_certificate_nobody_vouches_for_gets_nothing(
    hotline: InProcess, sink: Sink, tmp_path: Path
) -> None:
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost"
    files = [tmp_path / "key.pem", tmp_path / "cert.pem"]
    made = await asyncio.create_subprocess_exec(
        "openssl", *request.split(), "-keyout", files[0], "-out", files[1], stderr=asyncio.subprocess.DEVNULL
    )
    assert await made.wait() == 0
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(files[1], files[0])
    async with opened_sink(tls) as imposter:
        await subscribe(hotline, imposter.url)
        async with delivering(hotline):
            await hotline.call(**NOISE)
            assert (await noted(hotline, attempts=1)).last_fault == "tls"
        assert imposter.received == []


async def test_an_endless_answer_and_a_cookie_change_nothing(hotline: InProcess, sink: Sink) -> None:
    await subscribe(hotline, sink.url)
    sink.says, sink.headers = bytes(10_000_000), {"set-cookie": "session=1; Path=/"}
    async with delivering(hotline):
        for count in (1, 2):
            await hotline.call(**NOISE)
            await sink.wait(lambda all_, wanted=count: len(all_) == wanted)  # type: ignore[misc]
            await until(lambda: deliveries(hotline), lambda all_: all(each.delivered_at for each in all_))
    assert not any("cookie" in each.headers for each in sink.received)
