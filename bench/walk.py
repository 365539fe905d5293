"""How many calls a second go all the way: registered, assigned, clocked, delivered to a department."""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count, cycle
from pathlib import Path

import aiohttp
import asyncpg
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.cpu import spent
from bench.floor import CONNECTIONS, floor
from tests.journeys.ways import Distributed, Embedded, Told, Way
from tests.kafka.broker import KafkaBroker, why_kafka_cannot_run

WARM_UP = 100
PACE = 20
PACED = 200
LONGEST = 300.0
LOOK_EVERY = 0.1

STAGES = ("registered", "assigned", "clocked", "delivered")
COUNTS = """
SELECT (SELECT count(*) FROM tickets), (SELECT count(*) FROM assignments),
       (SELECT count(*) FROM deadlines WHERE clock = 'department' AND stage = 'completion'),
       (SELECT count(*) FROM webhook_deliveries WHERE delivered_at IS NOT NULL AND type = 'ticket.assigned')
"""
"""A call given after the office has closed has a card at once too, which is another delivery."""
DEPARTMENTS = ("xiuying", "longhua", "qiongshan", "meilan")
CALLS = [
    {
        "kind": "complaint",
        "category": "020100",
        "division": f"46010{district}000000",
        "title": "夜间施工噪声扰民",
        "text": "工地夜间十一点后仍在施工,噪声很大,影响休息。" * 3,
    }
    for district in (5, 6, 7, 8)
]

console = Console(stderr=True)


@dataclass
class Figures:
    """What one way of running did; rates in calls a second, latencies in milliseconds."""

    way: str
    calls: int
    floor: float
    rates: dict[str, float]
    register_ms: dict[str, float]
    all_the_way_ms: dict[str, float]
    cpu_ms_per_call: dict[str, float]


class PlainEmbedded(Embedded):
    """`hotline up` on the machine's clock."""

    def told(self, name: str) -> Told:
        """Leave the rehearsal's clock out."""
        arguments, environment = super().told(name)
        return [each for each in arguments if each != "--rehearsal"], environment


class PlainDistributed(Distributed):
    """The compose file's processes on the machine's clock."""

    def told(self, name: str) -> Told:
        """Leave the rehearsal's clock out."""
        arguments, environment = super().told(name)
        environment.pop("HOTLINE_REHEARSAL_CLOCK")
        return arguments, environment


@contextmanager
def running_sink() -> Iterator[str]:
    """Start the sink; yield its address."""
    child = subprocess.Popen([sys.executable, "-m", "bench.sink"], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        yield f"http://127.0.0.1:{child.stdout.readline().strip()}"
    finally:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


class Walk:
    """One way of running under measurement."""

    def __init__(
        self, way: Way, sink: str, database: asyncpg.Connection, http: aiohttp.ClientSession
    ) -> None:
        self._way = way
        self._sink = sink
        self._database = database
        self._http = http
        self._agent = {"authorization": f"Bearer {way.make_key('agent')}"}
        self._calls = zip(cycle(CALLS), count(), strict=False)

    async def connect_departments(self) -> None:
        """Register the sink as the system of every department the calls go to."""
        admin = {"authorization": f"Bearer {self._way.make_key('admin')}"}
        for each in DEPARTMENTS:
            endpoint = {"department": f"ecology-environment-{each}", "url": self._sink + "/hook"}
            url = self._way.faces["router"] + "/v1/webhooks/endpoints"
            async with self._http.post(url, json=endpoint, headers=admin) as answer:
                assert answer.status == 201, await answer.text()

    async def call(self, sent: dict[str, float], took: list[float]) -> None:
        """Register one call; note when it was sent, by ticket, and how long the answer took."""
        start = time.monotonic()
        url = self._way.faces["intake"] + "/v1/tickets"
        said, number = next(self._calls)
        # A caller of its own each: who calls again about the same only urges the first ticket.
        body = {**said, "caller": {"name": "王女士", "phone": f"138{number:08d}"}}
        async with self._http.post(url, json=body, headers=self._agent) as answer:
            assert answer.status == 201, await answer.text()
            ticket = (await answer.json())["id"]
        took.append(1000 * (time.monotonic() - start))
        sent[ticket] = start

    async def flood(self, calls: int, concurrency: int) -> tuple[dict[str, float], list[float]]:
        """Send calls as fast as they are taken; return seconds until all had passed each stage, latencies."""
        left = iter(range(calls))
        took: list[float] = []
        base = await self._counts()
        start = time.monotonic()

        async def caller() -> None:
            for _ in left:
                await self.call({}, took)

        async with asyncio.TaskGroup() as group:  # one refused call ends the flood
            for _ in range(concurrency):
                group.create_task(caller())
            watching = group.create_task(self._watch(base, calls, start))
        return watching.result(), took

    async def pace(self, calls: int) -> list[float]:
        """Send calls at an even pace; return how long each took from being sent to being delivered."""
        sent: dict[str, float] = {}
        base = await self._counts()
        start = time.monotonic()
        waiting = []
        for number in range(calls):
            await asyncio.sleep(max(0.0, start + number / PACE - time.monotonic()))
            waiting.append(asyncio.create_task(self.call(sent, [])))
        await asyncio.gather(*waiting)
        await self._watch(base, calls, start)
        async with self._http.get(self._sink + "/seen") as answer:
            seen: dict[str, float] = await answer.json()
        return [1000 * (seen[ticket] - when) for ticket, when in sent.items()]

    async def _watch(self, base: list[int], calls: int, start: float) -> dict[str, float]:
        seconds: dict[str, float] = {}
        with Progress(console=console, transient=True) as bars:
            tasks = {stage: bars.add_task(stage, total=calls) for stage in STAGES}
            while len(seconds) < len(STAGES):
                now = time.monotonic()
                if now - start > LONGEST:
                    raise TimeoutError(f"After {LONGEST:.0f} s only {list(seconds)} of {STAGES} are done.")
                for stage, present, before in zip(STAGES, await self._counts(), base, strict=True):
                    bars.update(tasks[stage], completed=present - before)
                    if present - before >= calls:
                        seconds.setdefault(stage, now - start)
                await asyncio.sleep(LOOK_EVERY)
        return seconds

    async def _counts(self) -> list[int]:
        (row,) = await self._database.fetch(COUNTS)
        return list(row)


async def measure(way: Way, name: str, calls: int, concurrency: int) -> Figures:
    """Start one way of running, flood it, pace it, and write the floor on the same PostgreSQL."""
    try:
        await way.open()
        database = await asyncpg.connect(way.database)
        with running_sink() as sink:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
                walk = Walk(way, sink, database, http)
                await walk.connect_departments()
                await walk.flood(WARM_UP, concurrency)
                before = spent()
                seconds, took = await walk.flood(calls, concurrency)
                after = spent()
                paced = await walk.pace(min(PACED, calls))
        await database.close()
        under = await floor(way.database, calls)
    finally:
        way.close()
    return Figures(
        name,
        calls,
        round(under, 1),
        {stage: round(calls / each, 1) for stage, each in seconds.items()},
        percentiles(took),
        percentiles(paced),
        cpu_per_call(before, after, calls),
    )


def percentiles(values: list[float]) -> dict[str, float]:
    """Return median, 95th and 99th."""
    cuts = statistics.quantiles(values, n=100)
    return {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1), "p99": round(cuts[98], 1)}


def cpu_per_call(before: dict[str, float], after: dict[str, float], calls: int) -> dict[str, float]:
    """Return CPU milliseconds a call cost, by kind of process."""
    return {kind: round(1000 * (after[kind] - before.get(kind, 0)) / calls, 2) for kind in sorted(after)}


def show(found: list[Figures]) -> None:
    """Print the figures as a table."""
    table = Table("", *(each.way for each in found), title=f"{found[0].calls} calls, all the way")
    for stage in STAGES:
        table.add_row(f"{stage}/s", *(f"{each.rates[stage]:,.0f}" for each in found))
    table.add_row(
        f"floor: one statement, {CONNECTIONS} connections, /s", *(f"{each.floor:,.0f}" for each in found)
    )
    for title, name in (
        ("register, flooded, ms p50/p95/p99", "register_ms"),
        (f"all the way at {PACE} calls/s, ms p50/p95/p99", "all_the_way_ms"),
    ):
        table.add_row(
            title, *(" / ".join(f"{ms:g}" for ms in getattr(each, name).values()) for each in found)
        )
    kinds = sorted({kind for each in found for kind in each.cpu_ms_per_call})
    for kind in kinds:
        table.add_row(
            f"CPU ms per call, {kind}", *(f"{each.cpu_ms_per_call.get(kind, 0):g}" for each in found)
        )
    Console().print(table)


async def run(ways: list[str], calls: int, concurrency: int) -> list[Figures]:
    """Measure these ways one after the other."""
    found = []
    for name in ways:
        with tempfile.TemporaryDirectory(prefix="walk-") as folder:
            work = Path(folder)
            console.print(f"{name}: {calls} calls, {concurrency} at once")
            if name == "embedded":
                found.append(await measure(PlainEmbedded(work), name, calls, concurrency))
                continue
            broker = KafkaBroker(work)
            broker.start()
            try:
                found.append(await measure(PlainDistributed(work, broker), name, calls, concurrency))
            finally:
                broker.stop()
    return found


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="bench/walk", description=__doc__)
    parser.add_argument("--calls", type=int, default=3000, help="calls of the flood [3000]")
    parser.add_argument("--concurrency", type=int, default=64, help="calls under way at once [64]")
    parser.add_argument("--way", choices=("embedded", "kafka"), help="only this way")
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    given = parser.parse_args()
    ways = [given.way] if given.way else ["embedded", "kafka"]
    if "kafka" in ways and (reason := why_kafka_cannot_run()):
        console.print(f"kafka: not measured, {reason}")
        ways.remove("kafka")
    found = asyncio.run(run(ways, max(given.calls, 10), given.concurrency))
    if given.json:
        print(json.dumps([asdict(each) for each in found]))
    elif found:
        show(found)


if __name__ == "__main__":
    main()
