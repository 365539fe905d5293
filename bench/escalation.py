"""Rungs a second beside plain SQL; how late they are; an outage of a night; what a date costs to reckon."""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from bench.cpu import spent
from bench.escalation_cases import STARTED, Fill, fill, floor
from escalation.calendars import calendar_from
from escalation.defaults import shipped
from escalation.domain.reckoning import Terms, reckon
from escalation.domain.worktime import Amount, Unit, add
from escalation.role import escalation
from escalation.rulebook import CALENDAR, PublishedRules
from intake.role import intake
from router.role import router
from services.clock import RehearsalClock, SystemClock
from services.migrate import migrate
from services.postgres import EmbeddedPostgres
from services.resources import driver_dsn, open_resources
from services.settings import Settings

LOOK_EVERY = 0.02
NIGHT = timedelta(hours=12)
BEFORE = timedelta(minutes=1)

Figures = dict[str, Any]


class Server:
    """A PostgreSQL of its own with one migrated database, from which others are copied."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self._url = url
        self.versions: dict[str, str] = {}

    async def prepare(self) -> None:
        """Make the tables and load the rules that ship."""
        await self._do("CREATE DATABASE empty")
        url = self._named("empty")
        await migrate(url, [seed for role in (intake, router, escalation) for seed in role.seeds], STARTED)
        async with (
            open_resources(Settings(database_url=url)) as resources,
            resources.database.transaction() as connection,
        ):
            rules = await resources.part(PublishedRules).current(connection)
        self.versions = rules.versions

    async def keep_commit_times(self) -> None:
        """Let the server, once started anew, know when each transaction was committed."""
        await self._do("ALTER SYSTEM SET track_commit_timestamp = on")

    async def copy(self, name: str, of: str = "empty") -> str:
        """Return the address of a copy of a database."""
        await self._do(f"CREATE DATABASE {name} TEMPLATE {of}")
        return self._named(name)

    async def drop(self, name: str) -> None:
        """Drop a database, and what is still connected to it."""
        await self._do(f"DROP DATABASE {name} WITH (FORCE)")

    async def _do(self, statement: str) -> None:
        connection = await asyncpg.connect(driver_dsn(self._url))
        await connection.execute(statement)
        await connection.close()

    def _named(self, name: str) -> str:
        return self._url.replace("/postgres?", f"/{name}?", 1)


@contextmanager
def workers(count: int, url: str, clock: Path | None = None) -> Iterator[None]:
    """Run so many supervising processes; they end with the context."""
    command = [sys.executable, "-m", "bench.escalation_worker"]
    told = {"HOTLINE_DATABASE_URL": url, **({"HOTLINE_REHEARSAL_CLOCK": str(clock)} if clock else {})}
    pipe = subprocess.PIPE
    children = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, env={**os.environ, **told}) for _ in range(count)
    ]
    try:
        for each in children:
            assert each.stdout is not None
            each.stdout.readline()
        yield
    finally:
        for each in children:
            each.communicate(timeout=60)


async def drained(url: str, now: datetime, most: float) -> None:
    """Return once nothing that had fallen due by then waits, or after so many seconds."""
    connection = await asyncpg.connect(driver_dsn(url))
    waits = "SELECT EXISTS (SELECT FROM timers WHERE next_rung_at <= $1)"
    until = time.perf_counter() + most
    try:
        while time.perf_counter() < until and await connection.fetchval(waits, now):
            await asyncio.sleep(LOOK_EVERY)
    finally:
        await connection.close()


async def measured(url: str, work: Callable[[], Awaitable[Any]]) -> Figures:
    """Return rungs a second, and CPU a rung by kind of process, of what is climbed meanwhile."""
    before, begun = spent(), time.perf_counter()
    await work()
    took, after = time.perf_counter() - begun, spent()
    connection = await asyncpg.connect(driver_dsn(url))
    rungs = await connection.fetchval("SELECT count(*) FROM escalations")
    await connection.close()
    return {
        "rungs": rungs,
        "seconds": round(took, 2),
        "rungs/s": round(rungs / took),
        "CPU us/rung": {
            kind: round(1e6 * (after[kind] - before.get(kind, 0)) / rungs, 1) for kind in sorted(after)
        },
    }


async def climbed(url: str) -> Figures:
    """Return what was climbed: how many rungs, of how many deadlines, and what is missing of each."""
    connection = await asyncpg.connect(driver_dsn(url))
    found = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM escalations) AS cards, "
        "(SELECT count(DISTINCT (deadline_id, level)) FROM escalations) AS different, "
        "(SELECT count(*) FROM ticket_history WHERE step = 'escalate') AS history, "
        "(SELECT count(*) FROM outbox WHERE headers ->> 'ce_type' = 'ticket.escalated') AS events"
    )
    await connection.close()
    return dict(found or {})


async def drain(server: Server, rows: int, processes: int, most: float) -> Figures:
    """Drain what is due by SQL alone, and then by the timer, from copies of one database, each so long."""
    given = Fill(rows, STARTED, timedelta(hours=8))
    await fill(driver_dsn(await server.copy("due")), given, server.versions)
    figures: Figures = {}
    few = await server.copy("by_sql", "due")
    figures["plain SQL"] = await measured(few, lambda: floor(driver_dsn(few), given.until, most))
    await server.drop("by_sql")
    for count in range(1, processes + 1):
        url = await server.copy(f"by_{count}", "due")
        clock = server.folder / f"{count}.json"
        RehearsalClock(clock).set(given.since - BEFORE)

        async def work(url: str = url, clock: Path = clock) -> None:
            RehearsalClock(clock).set(given.until + timedelta(seconds=1))
            await drained(url, given.until, most)

        with workers(count, url, clock):
            figures[f"timer, {count} process{'es' if count > 1 else ''}"] = await measured(url, work)
        figures["climbed"] = await climbed(url)
        await server.drop(f"by_{count}")
    await server.drop("due")
    return figures


async def outage(server: Server, tickets: int, most: float) -> Figures:
    """Let nobody look for a night in which each ticket missed two rungs; then start, and see how long."""
    url = await server.copy("night")
    given = Fill(2 * tickets, STARTED, NIGHT, clocks=2)
    await fill(driver_dsn(url), given, server.versions)
    clock = server.folder / "night.json"
    RehearsalClock(clock).set(given.until)

    begun = time.perf_counter()
    with workers(1, url, clock):
        ready = time.perf_counter()
        figures = await measured(url, lambda: drained(url, given.until, most))
    starting = {"process ready after s": round(ready - begun, 2)}
    figures |= {"tickets": tickets, **starting, "climbed": await climbed(url)}
    await server.drop("night")
    return figures


async def storm(server: Server, rows: int, within: timedelta, most: float) -> Figures:
    """Let rungs fall due evenly over some real time; return how late each was committed, in ms."""
    url = await server.copy("storm")

    async def work() -> None:
        await asyncio.sleep(max((given.until - SystemClock().now()).total_seconds(), 0) + 1)
        await drained(url, given.until, most)

    with workers(1, url):  # it runs, and has found nothing, when the first falls due
        given = Fill(rows, SystemClock().now() + timedelta(seconds=10 + rows / 5_000), within)
        await fill(driver_dsn(url), given, server.versions)
        figures = await measured(url, work)
    connection = await asyncpg.connect(driver_dsn(url))
    late = "extract(epoch FROM pg_xact_commit_timestamp(xmin) - fell_due_at) * 1000"
    cuts = await connection.fetchval(
        f"SELECT percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY {late}) FROM escalations"
    )
    await connection.close()
    figures["late ms"] = dict(zip(("p50", "p99", "most"), (round(each, 1) for each in cuts), strict=True))
    await server.drop("storm")
    return figures


def additions(times: int = 20_000) -> Figures:
    """Add five working days, and four working hours, to random moments; microseconds each, of CPU."""
    contents = {kind: (content, version) for kind, version, content in shipped()}
    calendar, chance = calendar_from(*contents[CALENDAR]), random.Random(1)
    starts = [STARTED - timedelta(minutes=chance.randrange(400_000)) for _ in range(times)]
    figures: Figures = {}
    for amount in (Amount(5, Unit.WORKING_DAYS), Amount(240, Unit.WORKING_MINUTES)):
        begun = time.process_time()
        for each in starts:
            add(each, amount, calendar)
        added = time.process_time()
        for each in starts:
            reckon(Terms(each, amount), calendar)
        name = f"{amount.count} {amount.unit}"
        figures[f"add {name}"] = round(1e6 * (added - begun) / times, 2)
        figures[f"reckon {name}"] = round(1e6 * (time.process_time() - added) / times, 2)
    return figures


async def run(asked: argparse.Namespace) -> Figures:
    """Measure what is asked for on one PostgreSQL."""
    rows, within, most = max(asked.rows, 400), timedelta(seconds=asked.storm_seconds), asked.most_seconds
    parts: dict[str, Callable[[Server], Awaitable[Figures]]] = {
        "storm": lambda server: storm(server, asked.storm or rows // 10, within, most),
        "outage": lambda server: outage(server, asked.night or rows // 10, most),
        "drain": lambda server: drain(server, rows, asked.processes, most),
    }
    figures: Figures = {"us CPU": additions()}
    with (
        tempfile.TemporaryDirectory(prefix="escalation-") as folder,
        EmbeddedPostgres(Path(folder)) as postgres,
    ):
        server = Server(Path(folder), postgres.url)
        await server.prepare()
        await server.keep_commit_times()
        postgres.stop()
        postgres.start()
        for name, part in parts.items():
            if asked.only in (None, name):
                figures[name] = await part(server)
    return figures


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="bench/escalation", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="deadlines due [1000000]")
    parser.add_argument("--processes", type=int, default=2, help="supervising processes, at most [2]")
    parser.add_argument("--storm", type=int, help="rungs of the storm [a tenth of the deadlines]")
    parser.add_argument("--night", type=int, help="tickets of the outage [a tenth of the deadlines]")
    parser.add_argument("--storm-seconds", type=float, default=60, help="how long it lasts [60]")
    parser.add_argument("--only", choices=("storm", "outage", "drain"), help="one part alone [all]")
    parser.add_argument(
        "--most-seconds",
        type=float,
        default=600,
        help="how long each may drain; the figures are of that [600]",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    figures = uvloop.run(run(given))
    print(json.dumps(figures, ensure_ascii=False, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
