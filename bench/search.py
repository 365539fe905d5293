"""Fill a database with made-up tickets, then measure every filter of the search beside a lookup by key."""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from bench.cpu import spent
from escalation.role import escalation
from intake.domain.search import Wanted, haystack, tokens, words_of
from intake.role import intake
from intake.search_store import SearchStore
from router.role import router
from schemas.lifecycle import Status
from services.clock import SystemClock
from services.database import to_json
from services.migrate import migrate
from services.postgres import EmbeddedPostgres
from services.resources import Resources, driver_dsn, open_resources
from services.settings import Settings
from services.tickets import TicketStore

DAYS = 180
BATCH = 10_000
PAGE = 50
LAST = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

THINGS = [
    "路灯",
    "井盖",
    "工地",
    "广场舞",
    "停车",
    "油烟",
    "水管",
    "电梯",
    "树枝",
    "垃圾",
    "路面",
    "网络",
    "工资",
    "医保",
    "公交",
    "学校",
    "菜市场",
    "物业",
    "河道",
    "广告",
]
FAULTS = [
    "不亮",
    "损坏",
    "夜间施工",
    "噪声扰民",
    "堵塞",
    "漏水",
    "停运",
    "倒伏",
    "未清运",
    "塌陷",
    "中断",
    "拖欠",
    "报销慢",
    "不准点",
    "收费高",
    "占道",
    "违规",
]
ROADS = [
    f"{name}{kind}"
    for name in ["国兴", "海秀", "滨海", "龙昆", "南海", "长堤", "白龙", "琼州", "海甸", "美苑"]
    for kind in ("路", "大道", "二街")
]
COLUMNS = (
    "id", "hotline", "source_number", "kind", "urgency", "live", "title", "text", "category", "division",
    "address", "caller", "status", "version", "accepted_at", "department",
)  # fmt: skip
STATUSES = ["closed"] * 80 + ["resolved"] * 8 + ["signed"] * 6 + ["assigned"] * 4 + ["contacted"] + ["triage"]
RARE = "玳瑁"
"""A word of one ticket in fifty thousand."""

Search = Callable[[random.Random], Wanted]


def tickets(
    count: int, codes: tuple[list[str], list[str]], chance: random.Random
) -> Iterator[dict[str, Any]]:
    """Yield made-up tickets, oldest first."""
    categories, divisions = codes
    step = timedelta(days=DAYS) / count
    for number in range(count):
        at = LAST - step * (count - number)
        thing, fault, road = chance.choice(THINGS), chance.choice(FAULTS), chance.choice(ROADS)
        house = f"{road}{chance.randrange(1, 400)}号"
        days = chance.randrange(2, 30)
        extra = f",{RARE}店旁" if chance.random() < 1 / 50_000 else ""
        yield {
            "id": f"HK{at:%Y%m%d}{number:07d}00",
            "hotline": chance.choices(["12345", "12315", "12328"], [90, 9, 1])[0],
            "source_number": f"S{number}",
            "kind": "complaint",
            "urgency": "general",
            "live": False,
            "title": f"{thing}{fault}",
            "text": f"来电人反映{house}附近{thing}{fault}已{days}天{extra},影响出行,请尽快回复。",
            "category": chance.choice(categories),
            "division": chance.choice(divisions),
            "address": house,
            "caller": {
                "type": "enterprise" if chance.random() < 0.03 else "person",
                "phone": f"+86138{chance.randrange(10**8):08d}",
            },
            "status": chance.choice(STATUSES),
            "version": 1,
            "accepted_at": at,
            "department": f"department-{min(int(chance.expovariate(0.1)), 99)}",
        }


async def fill(url: str, count: int) -> None:
    """Copy tickets, their history and what they are found by; the index is built at the end."""
    connection = await asyncpg.connect(driver_dsn(url))
    try:
        await connection.set_type_codec(
            "jsonb",
            encoder=lambda value: b"\x01" + to_json(value).encode(),
            decoder=lambda stored: json.loads(stored[1:]),
            schema="pg_catalog",
            format="binary",
        )
        await connection.execute("SET session_replication_role = replica; DROP INDEX ix_ticket_search_tokens")
        codes = (
            [
                each["code"]
                for each in await connection.fetch("SELECT code FROM categories WHERE parent > ''")
            ],
            [
                each["code"]
                for each in await connection.fetch("SELECT code FROM divisions WHERE level <> 'city'")
            ],
        )
        batch: list[dict[str, Any]] = []
        for done, each in enumerate(tickets(count, codes, random.Random(1)), 1):
            batch.append(each)
            if len(batch) == BATCH or done == count:
                await _copy(connection, batch)
                batch = []
                print(f"\r{done:>9,} tickets", end="", file=sys.stderr, flush=True)
        print("; indexing", file=sys.stderr)
        await connection.execute("CREATE INDEX ix_ticket_search_tokens ON ticket_search USING gin (tokens)")
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


async def _copy(connection: "asyncpg.Connection[asyncpg.Record]", batch: list[dict[str, Any]]) -> None:
    rows = [tuple(each[name] for name in COLUMNS) for each in batch]
    await connection.copy_records_to_table("tickets", records=rows, columns=COLUMNS)
    history = [(each["id"], 1, "register", "registered", each["accepted_at"], "bench") for each in batch]
    steps = ("ticket_id", "version", "step", "status", "at", "actor")
    await connection.copy_records_to_table("ticket_history", records=history, columns=steps)
    found_by = [
        (
            each["id"],
            each["accepted_at"],
            tokens(
                each["accepted_at"],
                haystack(each["title"], each["text"], each["address"]),
                category=each["category"],
                division=each["division"],
                hotline=each["hotline"],
                caller_type=each["caller"]["type"],
                department=each["department"],
            ),
        )
        for each in batch
    ]
    columns = ("ticket_id", "accepted_at", "tokens")
    await connection.copy_records_to_table("ticket_search", records=found_by, columns=columns)


def searches(phones: list[str], numbers: list[str]) -> dict[str, Search]:
    """Return what is measured, by name."""

    def words(*choices: list[str]) -> Search:
        return lambda chance: Wanted(words=words_of(" ".join(chance.choice(each) for each in choices)))

    open_ones = (Status.ASSIGNED, Status.SIGNED, Status.CONTACTED)
    return {
        "no filter": lambda _: Wanted(),
        "number, its beginning": lambda chance: Wanted(number=chance.choice(numbers)[:14]),
        "a sender's number": lambda chance: Wanted(
            source_number=f"S{chance.randrange(len(numbers))}", lines=("12345", "12315", "12328")
        ),
        "phone": lambda chance: Wanted(phone=chance.choice(phones)),
        "status, common": lambda _: Wanted(statuses=(Status.CLOSED,)),
        "status, rare": lambda _: Wanted(statuses=(Status.TRIAGE,)),
        "several statuses": lambda _: Wanted(statuses=open_ones),
        "department": lambda chance: Wanted(department=f"department-{chance.randrange(60)}"),
        "department, open": lambda chance: Wanted(
            department=f"department-{chance.randrange(60)}", statuses=open_ones
        ),
        "category, class": lambda _: Wanted(category="02"),
        "category": lambda _: Wanted(category="020100"),
        "district": lambda _: Wanted(division="460106"),
        "street": lambda _: Wanted(division="460106002"),
        "street and category": lambda _: Wanted(division="460106002", category="0201"),
        "hotline, rare": lambda _: Wanted(hotline="12328"),
        "caller type": lambda _: Wanted(caller_type="enterprise"),
        "a past week": lambda chance: _week(chance),
        "a past week, district, open": lambda chance: _week(chance, division="460106", statuses=open_ones),
        "word, common": words(THINGS),
        "two words": words(THINGS, FAULTS),
        "house": lambda chance: Wanted(words=(f"{chance.choice(ROADS)}{chance.randrange(1, 400)}号",)),
        "word, rare": lambda _: Wanted(words=(RARE,)),
        "word, absent": lambda _: Wanted(words=("麒麟瓜",)),
        "word, street": lambda chance: Wanted(words=(chance.choice(THINGS),), division="460106002"),
        "word, department, open": lambda chance: Wanted(
            words=(chance.choice(THINGS),),
            department=f"department-{chance.randrange(60)}",
            statuses=open_ones,
        ),
    }


def _week(chance: random.Random, **more: Any) -> Wanted:
    since = LAST - timedelta(days=chance.randrange(8, DAYS))
    return Wanted(since=since, until=since + timedelta(days=7), **more)


async def timed(work: Callable[[], Awaitable[Any]], times: int) -> dict[str, float]:
    """Return milliseconds, p50 and p99, and the CPU an operation took, of both sides."""
    await work()
    before, took = spent(), []
    for _ in range(times):
        start = time.perf_counter()
        await work()
        took.append(1000 * (time.perf_counter() - start))
    after = spent()
    took.sort()
    return {
        "p50": statistics.median(took),
        "p99": took[min(int(0.99 * times), times - 1)],
        "cpu_client": 1000 * (after["client"] - before["client"]) / times,
        "cpu_postgres": 1000 * (after["PostgreSQL"] - before.get("PostgreSQL", 0.0)) / times,
    }


async def measure(resources: Resources, times: int) -> dict[str, dict[str, float]]:
    """Return the figures of each search, the floor first."""
    chance = random.Random(2)
    async with resources.database.transaction() as connection:
        sample = (
            "(SELECT id, caller ->> 'phone' FROM tickets TABLESAMPLE system (1) LIMIT 5000) "
            "UNION ALL (SELECT id, caller ->> 'phone' FROM tickets LIMIT 100)"
        )
        rows: Any = (await connection.exec_driver_sql(sample)).all()
    numbers, phones = [row[0] for row in rows], [row[1] for row in rows]

    async def by_key() -> None:
        async with resources.database.transaction() as connection:
            await TicketStore(connection).get(chance.choice(numbers))

    figures = {"floor: one ticket by its key": await timed(by_key, times)}
    for name, search in searches(phones, numbers).items():

        async def page(search: Search = search) -> None:
            async with resources.database.transaction() as connection:
                await SearchStore(connection).newest(search(chance), None, PAGE + 1)

        figures[name] = await timed(page, times)
        print(f"{name:<28}{_figures(figures[name])}", file=sys.stderr)

    async def feed() -> None:
        after = LAST - timedelta(days=chance.random() * DAYS)
        async with resources.database.transaction() as connection:
            store = SearchStore(connection)
            changes = await store.changed(Wanted(), (after, ""), LAST, PAGE)
            await store.rows([each.ticket_id for each in changes])

    figures["feed of changes"] = await timed(feed, times)
    return figures


def _figures(figures: dict[str, float]) -> str:
    return "".join(f"{figures[name]:>9.2f}" for name in ("p50", "p99", "cpu_client", "cpu_postgres"))


async def work(url: str, count: int, times: int) -> dict[str, dict[str, float]]:
    """Migrate, fill and measure."""
    await migrate(
        url, [seed for role in (intake, router, escalation) for seed in role.seeds], SystemClock().now()
    )
    start = time.perf_counter()
    await fill(url, count)
    print(f"filled in {time.perf_counter() - start:.0f} s", file=sys.stderr)
    async with open_resources(Settings(database_url=url)) as resources:
        return await measure(resources, times)


def main() -> None:
    """Print a line for each search: milliseconds p50, p99, CPU of client and PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--most-seconds", type=float, default=600)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="search-") as folder, EmbeddedPostgres(Path(folder)) as postgres:
        limited = asyncio.wait_for(work(postgres.url, asked.tickets, asked.times), asked.most_seconds)
        figures = uvloop.run(limited)
    if asked.json:
        print(json.dumps(figures))
        return
    print(f"{asked.tickets:,} tickets{'p50':>24}{'p99':>9}{'CPU':>9}{'CPU PG':>9}   ms an operation")
    for name, each in figures.items():
        print(f"{name:<28}{_figures(each)}")


if __name__ == "__main__":
    main()
