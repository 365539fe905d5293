"""Deliveries a second, signed, posted, recorded, beside bare clients; what a dead endpoint costs others."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import uvloop
from aiohttp import ClientSession, TCPConnector

from bench.cpu import spent
from bench.webhook_commands import commands
from escalation.role import escalation
from intake.role import intake
from router.role import router
from services.migrate import migrate
from services.observability import configure_logging
from services.postgres import EmbeddedPostgres
from services.resources import driver_dsn
from services.settings import WebhookSettings
from services.webhooks.domain.signing import show_secret, signed_headers
from services.webhooks.post import opened_client

ENDPOINTS = 90
KINDS = ("courier", "PostgreSQL", "sink")
FEW = 300
"""Posts by a client that takes milliseconds of CPU for each."""
LOOK_EVERY = 0.02
LONGEST = 120.0
BODY = json.dumps(
    {
        "type": "ticket.assigned",
        "timestamp": "2026-11-23T01:00:00+00:00",
        "data": {"ticket": "HK2026112300000105", "title": "夜间施工噪声扰民", "text": "施工噪声很大。" * 40},
    },
    ensure_ascii=False,
).encode()
SECRET = show_secret(bytes(range(32)))
START = datetime(2026, 11, 23, 1, tzinfo=UTC)

QUEUE = """
INSERT INTO webhook_deliveries (endpoint_id, event_id, ticket_id, type, body, created_at, next_attempt_at)
SELECT endpoint.id, gen_random_uuid(), 'BENCH' || number, 'ticket.assigned', $2, now(), now()
FROM generate_series(1, $1) AS number JOIN (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM webhook_endpoints
) AS endpoint ON endpoint.place = number % (SELECT count(*) FROM webhook_endpoints)
"""
COUNT = """
SELECT count(*) FROM webhook_deliveries JOIN webhook_endpoints AS endpoint ON endpoint.id = endpoint_id
WHERE endpoint.url NOT LIKE '%silent'
"""
WAITS = """
SELECT EXISTS (
    SELECT FROM webhook_endpoints AS endpoint CROSS JOIN LATERAL (
        SELECT FROM webhook_deliveries WHERE endpoint_id = endpoint.id AND next_attempt_at IS NOT NULL LIMIT 1
    ) AS waiting
    WHERE endpoint.url NOT LIKE '%silent'
)
"""

Figures = dict[str, Any]
Post = Callable[[], Awaitable[None]]


@contextmanager
def running_sink() -> Iterator[tuple[str, str]]:
    """Start the receiver; yield the address that answers and the one that does not."""
    child = subprocess.Popen([sys.executable, "-m", "bench.hook_sink"], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        takes, silent = child.stdout.readline().split()
        yield f"http://127.0.0.1:{takes}/hook", f"http://127.0.0.1:{silent}/silent"
    finally:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def signed() -> dict[str, str]:
    """Headers of a post, signed anew each time as the courier does."""
    return signed_headers([SECRET], uuid4(), datetime.now(UTC), BODY)  # noqa: TID251


@asynccontextmanager
async def bare_aiohttp(url: str, at_once: int) -> AsyncIterator[Post]:
    async with ClientSession(connector=TCPConnector(limit=at_once)) as client:

        async def post() -> None:
            async with client.post(url, data=BODY, headers=signed(), allow_redirects=False) as answer:
                await answer.read()

        yield post


@asynccontextmanager
async def guarded_aiohttp(url: str, at_once: int) -> AsyncIterator[Post]:
    settings = WebhookSettings(allow_hosts="127.0.0.1", concurrency=at_once)
    async with opened_client(settings) as client:

        async def post() -> None:
            async with client.post(url, data=BODY, headers=signed(), allow_redirects=False) as answer:
                await answer.read()

        yield post


@asynccontextmanager
async def by_httpx(url: str, at_once: int, transport: httpx.AsyncBaseTransport | None) -> AsyncIterator[Post]:
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(transport=transport, limits=limits, trust_env=False) as client:

        async def post() -> None:
            answer = await client.post(url, content=BODY, headers=signed())
            assert answer.status_code == 200

        yield post


@asynccontextmanager
async def httpx_over_aiohttp(url: str, at_once: int) -> AsyncIterator[Post]:
    from httpx_aiohttp import AiohttpTransport

    settings = WebhookSettings(allow_hosts="127.0.0.1", concurrency=at_once)
    async with (
        opened_client(settings) as session,
        by_httpx(url, at_once, AiohttpTransport(client=session)) as post,
    ):
        yield post


async def clients(url: str, posts: int, at_once: int) -> Figures:
    """Post by each client in turn, twice; return the better rate of each, and its CPU a post."""
    ways = {
        "bare aiohttp": bare_aiohttp(url, at_once),
        "aiohttp, addresses checked": guarded_aiohttp(url, at_once),
        "httpx": by_httpx(url, at_once, None),
    }
    if find_spec("httpx_aiohttp"):
        ways["httpx over aiohttp, addresses checked"] = httpx_over_aiohttp(url, at_once)
    found: Figures = {}
    for name, opened in ways.items():
        async with opened as post:
            await flood(post, at_once, at_once)
            wanted = min(posts, FEW) if name == "httpx" else posts
            runs = [await flood(post, wanted, at_once) for _ in range(2)]
        found[name] = {
            "posts/s": round(max(each[0] for each in runs)),
            "CPU us": round(min(each[1] for each in runs)),
        }
    return found


async def flood(post: Post, posts: int, at_once: int) -> tuple[float, float]:
    """Post so often; return posts a second, and microseconds of this process's CPU a post."""
    numbers = count()
    start, cpu = time.perf_counter(), time.process_time()

    async def work() -> None:
        while next(numbers) < posts:
            await post()

    await asyncio.gather(*(work() for _ in range(at_once)))
    return posts / (time.perf_counter() - start), 1e6 * (time.process_time() - cpu) / posts


@contextmanager
def couriers(count: int, url: str, at_once: int) -> Iterator[Callable[[], None]]:
    """Start so many delivering processes; yield what lets them begin. They end with the context."""
    webhooks = {"HOTLINE_WEBHOOKS__ALLOW_HOSTS": "127.0.0.1", "HOTLINE_WEBHOOKS__CONCURRENCY": str(at_once)}
    told = {**os.environ, "HOTLINE_DATABASE_URL": url, **webhooks}
    command, pipe = [sys.executable, "-m", "bench.webhook_worker"], subprocess.PIPE
    children = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=told) for _ in range(count)]

    def begin() -> None:
        for each in children:
            assert each.stdin is not None
            each.stdin.write("\n")
            each.stdin.flush()

    try:
        for each in children:
            assert each.stdout is not None
            each.stdout.readline()
        yield begin
    finally:
        for each in children:
            each.communicate(timeout=60)


async def queue(connection: Any, urls: list[str], deliveries: int) -> int:
    """Make so many deliveries wait for an endpoint at each address; return how many of them can be taken."""
    await connection.execute("TRUNCATE webhook_endpoints CASCADE")
    rows = [(uuid4(), f"department-{number}", url, SECRET) for number, url in enumerate(urls)]
    insert = (
        "INSERT INTO webhook_endpoints (id, department, url, types, secret, created_at)"
        " VALUES ($1, $2, $3, '{}', $4, now())"
    )
    await connection.executemany(insert, rows)
    await connection.execute(QUEUE, deliveries, BODY)
    await connection.execute("VACUUM ANALYZE webhook_endpoints, webhook_deliveries, webhook_attempts")
    return int(await connection.fetchval(COUNT))


async def delivered(url: str, urls: list[str], deliveries: int, at_once: int, processes: int = 1) -> Figures:
    """Queue deliveries for an endpoint at each address, and let couriers deliver and record them."""
    connection = await asyncpg.connect(driver_dsn(url))
    ours = await queue(connection, urls, deliveries)
    with couriers(processes, url, at_once) as begin:
        before, start = spent(), time.perf_counter()
        begin()
        async with asyncio.timeout(LONGEST):
            while await connection.fetchval(WAITS):
                await asyncio.sleep(LOOK_EVERY)
        taken, after = time.perf_counter() - start, spent()
    logged = await connection.fetchval("SELECT count(*) FROM webhook_attempts WHERE status = 200")
    await connection.close()
    assert logged == ours, f"{logged} of {ours} are in the log"
    return {
        "delivered/s": round(ours / taken),
        "CPU us": {each: round(1e6 * (after[each] - before[each]) / ours) for each in KINDS},
    }


def compared(well: list[Figures], dead: list[Figures]) -> Figures:
    """Return what a dead endpoint costs the others, by medians of time and of CPU."""
    time_of = [median(1 / each["delivered/s"] for each in runs) for runs in (well, dead)]
    used = [
        median(each["CPU us"]["courier"] + each["CPU us"]["PostgreSQL"] for each in runs)
        for runs in (well, dead)
    ]
    return {
        "time %": round(100 * (time_of[1] / time_of[0] - 1), 1),
        "CPU %": round(100 * (used[1] / used[0] - 1), 1),
    }


async def measure(deliveries: int, at_once: int, rounds: int, processes: int, tickets: int) -> Figures:
    """Measure the clients, couriers with every endpoint well or in turn one of them dead, and commands."""
    with running_sink() as (takes, silent):
        found: Figures = {"clients": await clients(takes, deliveries, at_once)}
        with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
            await migrate(server.url, [s for role in (intake, router, escalation) for s in role.seeds], START)
            ninety, one_dead = [takes] * ENDPOINTS, [takes] * (ENDPOINTS - 1) + [silent]
            await delivered(server.url, ninety, deliveries // 4, at_once)  # warm up
            found["one endpoint"] = await delivered(server.url, [takes], deliveries, at_once)
            well, dead = [], []
            for _ in range(rounds):
                well.append(await delivered(server.url, ninety, deliveries, at_once))
                dead.append(await delivered(server.url, one_dead, deliveries, at_once))
            found |= {"90 endpoints": well, "89 and one dead": dead, "a dead one costs": compared(well, dead)}
            for count in range(2, processes + 1):
                found[f"90 endpoints, {count} processes"] = [
                    await delivered(server.url, ninety, deliveries, at_once, count) for _ in range(rounds)
                ]
        if tickets:
            with tempfile.TemporaryDirectory() as folder:
                found["command ms by endpoint"] = await commands(Path(folder), silent, tickets)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3, help="how often with and without a dead endpoint")
    parser.add_argument("--processes", type=int, default=2, help="couriers at once, up to so many")
    parser.add_argument("--tickets", type=int, default=150, help="handled for each kind of endpoint, 0: none")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON alone")
    asked = parser.parse_args()
    configure_logging("ERROR")
    sizes = asked.deliveries, asked.at_once, asked.rounds, asked.processes, asked.tickets
    found = uvloop.run(measure(*sizes))
    print(json.dumps(found, indent=None if asked.json else 2))


if __name__ == "__main__":
    main()
