"""How many calls a second are registered over HTTP, beside one SQL statement each and beside a peer."""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from socket import socket

import asyncpg
from rich.console import Console
from rich.table import Table

from bench.cpu import spent
from bench.floor import CONNECTIONS, floor
from bench.load import Flood, post, run_flood
from bench.peer import AUTHORIZATION, Helpdesk
from services.resources import driver_dsn

LONGEST_START = 60.0
WARM_UP = 1000
PEER_CALLS = 600
DISTRICTS = ("秀英区", "龙华区", "琼山区", "美兰区")
ROADS = ("滨海大道", "国兴大道", "海府路", "龙昆南路", "人民大道", "椰海大道", "白水塘路")
MATTERS = (
    ("夜间施工噪声扰民", "020100", "某工地夜间十一点后仍在施工,噪声很大,影响休息"),
    ("路灯不亮", "010500", "路口南侧的路灯连续几晚不亮,行人看不清路面"),
    ("占道经营", "010200", "商贩把摊位摆到人行道上,行人只能走机动车道"),
    ("小区停水", "050100", "从清早起整栋楼停水,物业说不清楚什么时候恢复"),
)

console = Console(stderr=True)


@dataclass
class Phase:
    """One flood: calls a second, milliseconds of an answer, CPU milliseconds a call."""

    name: str
    calls: int
    rate: float
    ms: dict[str, float]
    cpu_ms: dict[str, float]


def call(number: int) -> dict[str, object]:
    """Return a call like no other: another caller, another place and text in each."""
    title, category, text = MATTERS[number % len(MATTERS)]
    district, road = DISTRICTS[number // 4 % 4], ROADS[number // 16 % 7]
    place = f"{district}{road}{number % 997 + 1}号"
    return {
        "hotline": "12345",
        "kind": "complaint",
        "title": title,
        "text": f"市民来电反映:{place}附近{text},已经是第{number}次,请有关部门尽快核实处理并回复。",
        "category": category,
        "address": place,
        "caller": {"name": "王女士", "phone": f"138{number:08d}"},
    }


def body(number: int, **more: object) -> bytes:
    """Return a call as it is sent."""
    return json.dumps({**call(number), **more}, ensure_ascii=False).encode()


def measured(name: str, calls: int, work: Callable[[], Flood], answer: int) -> Phase:
    """Run a flood and return its figures; every answer must have that status."""
    before = spent()
    found = work()
    after = spent()
    if found.statuses != {answer: calls}:
        raise RuntimeError(f"{name}: {dict(found.statuses)}, first {found.first_refusal[:300]!r}")
    cuts = statistics.quantiles(found.took_ms, n=100) if calls > 1 else [found.took_ms[0]] * 99
    ms = {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2)}
    cpu = {kind: round(1000 * (after[kind] - before.get(kind, 0)) / calls, 3) for kind in sorted(after)}
    phase = Phase(name, calls, round(calls / found.seconds, 1), ms, cpu)
    console.print(f"{name}: {phase.rate:,.0f}/s")
    return phase


@contextmanager
def serving(port: int, processes: int) -> Iterator[tuple[str, str]]:
    """Start the intake role with a PostgreSQL of its own; yield the database's address and an agent's key."""
    command = [sys.executable, "-m", "bench.intake_server", str(port), str(processes)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        said = json.loads(child.stdout.readline())
        yield said["url"], said["keys"]["agent"]
    finally:
        child.terminate()
        child.wait(LONGEST_START)
        assert child.stdout is not None
        child.stdout.close()


def until_answered(url: str) -> None:
    """Wait until a server answers, whatever it answers."""
    end = time.monotonic() + LONGEST_START
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def registering(port: int, key: str, calls: int, clients: Sequence[int], processes: int) -> Iterator[Phase]:
    """Register calls one by one, at several numbers of clients."""
    by = f", {processes} processes" if processes > 1 else ""
    numbers = iter(range(100_000_000))

    def requests(count: int) -> list[bytes]:
        fresh = [next(numbers) for _ in range(count)]
        return [post("/v1/tickets", key, body(each), once=f"bench-{each}") for each in fresh]

    run_flood(port, requests(WARM_UP), 16)
    for count in clients:
        wanted = requests(calls if count > 1 else calls // 10)
        name = f"register, {count} client{'s' if count > 1 else ''}{by}"
        yield measured(name, len(wanted), lambda some=wanted, at=count: run_flood(port, some, at), 201)  # type: ignore[misc]


def in_batches(port: int, key: str, calls: int) -> Phase:
    """Register calls by one request of many lines."""
    lines = b"\n".join(body(50_000_000 + each, source_number=f"bench-{each}") for each in range(calls))
    request = post("/v1/tickets:batch", key, lines, "application/x-ndjson")
    whole = measured("batch of lines, 1 client", 1, lambda: run_flood(port, [request], 1), 200)
    cpu = {kind: round(each / calls, 4) for kind, each in whole.cpu_ms.items()}
    return Phase(whole.name, calls, round(1000 * calls / whole.ms["p50"], 1), whole.ms, cpu)


def bare(calls: int) -> Phase:
    """Send the same calls to the framework alone, which answers them without doing anything."""
    port = free_port()
    child = subprocess.Popen([sys.executable, "-m", "bench.bare_server", str(port)])
    try:
        until_answered(f"http://127.0.0.1:{port}/healthz")
        requests = [post("/v1/tickets", "-", body(each)) for each in range(calls)]
        return measured("floor: FastAPI alone, 64 clients", calls, lambda: run_flood(port, requests, 64), 201)
    finally:
        child.terminate()
        child.wait(LONGEST_START)


def peer(folder: Path, database_url: str, port: int) -> Phase | None:
    """Register the same calls with the peer; None, and why is said, when it cannot be installed."""
    asyncio.run(_create_peer_database(database_url))
    helpdesk = Helpdesk(folder, database_url, port)
    try:
        helpdesk.start()
        until_answered(f"http://127.0.0.1:{port}/api/tickets/")
        requests = [_peer_request(each) for each in range(PEER_CALLS)]
        run_flood(port, requests[:50], 16)
        return measured(
            "peer: django-helpdesk, 16 clients", PEER_CALLS, lambda: run_flood(port, requests, 16), 201
        )
    except (subprocess.SubprocessError, OSError) as fault:
        console.print(f"peer: not measured, {fault}")
        return None
    finally:
        helpdesk.stop()


def _peer_request(number: int) -> bytes:
    said = call(number)
    ticket = {"queue": 1, "title": said["title"], "description": said["text"], "priority": 3}
    request = post("/api/tickets/", "-", json.dumps(ticket, ensure_ascii=False).encode())
    return request.replace(b"Bearer -", AUTHORIZATION.encode())


async def _create_peer_database(database_url: str) -> None:
    connection = await asyncpg.connect(driver_dsn(database_url))
    await connection.execute("CREATE DATABASE peer")
    await connection.close()


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(calls: int, batch: int, *, with_peer: bool) -> tuple[float, list[Phase]]:
    """Measure all but several processes on one PostgreSQL; return the floor and the phases."""
    found = [bare(calls)]
    port = free_port()
    with serving(port, processes=2) as (_, key):
        found += registering(port, key, calls, (16, 64), processes=2)
    port = free_port()
    with serving(port, processes=1) as (url, key):
        found += registering(port, key, calls, (1, 16, 64), processes=1)
        found.append(in_batches(port, key, batch))
        under = asyncio.run(floor(driver_dsn(url), calls))
        console.print(f"floor: {under:,.0f}/s")
        if with_peer:
            with tempfile.TemporaryDirectory(prefix="peer-") as folder:
                other = peer(Path(folder), url, free_port())
            found += [other] if other else []
    return round(under, 1), found


def show(under: float, found: Sequence[Phase]) -> None:
    """Print the figures as a table."""
    table = Table("", "calls", "calls/s", "p50 ms", "p99 ms", "CPU app", "CPU database", "CPU client")
    for each in found:
        cpu = [f"{each.cpu_ms.get(kind, 0):g}" for kind in ("service", "PostgreSQL", "client")]
        table.add_row(
            each.name,
            f"{each.calls:,}",
            f"{each.rate:,.0f}",
            f"{each.ms['p50']:g}",
            f"{each.ms['p99']:g}",
            *cpu,
        )
    table.add_row(f"floor: one statement each, {CONNECTIONS} connections", "", f"{under:,.0f}")
    Console().print(table, "CPU in milliseconds a call, of two cores shared by all.")


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="bench/intake", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000, help="calls of a flood [10000]")
    parser.add_argument("--batch", type=int, default=40_000, help="lines of the batch [40000]")
    parser.add_argument("--no-peer", action="store_true", help="leave the peer out: nothing is installed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    under, found = run(max(given.calls, 100), max(given.batch, 2), with_peer=not given.no_peer)
    if given.json:
        print(json.dumps({"floor": under, "phases": [asdict(each) for each in found]}))
    else:
        show(under, found)


if __name__ == "__main__":
    main()
