"""Decisions a second beside SQL and a rules engine; the oracle; how fast a publish counts."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import uvloop

from bench.routing_cases import CITY, DAY, DENSE, city_rows
from router.domain.inquiry import Inquiry
from router.domain.matching import JurisdictionTable, decide
from router.domain.row import JurisdictionRow, rank
from router.jurisdiction_store import JurisdictionStore, values_of
from router.role import router
from schemas.codes import category_prefixes, division_prefixes
from services.migrate import migrate
from services.postgres import EmbeddedPostgres
from services.resources import driver_dsn, open_resources
from services.settings import Settings
from tests.router import oracle

ENGINE = "rule-engine==4.5.0"
INSTALL_SECONDS = 180
ROUNDS = 3

PEER = """
import json, sys, time
import rule_engine
rules, tickets, most = json.load(sys.stdin)
made = [(rule_engine.Rule(text), winner) for text, winner in rules]
found, begun, cpu = [], time.perf_counter(), time.process_time()
for ticket in tickets:
    found.append(next((winner for rule, winner in made if rule.matches(ticket)), None))
    if time.perf_counter() - begun > most:
        break
took, spent = time.perf_counter() - begun, time.process_time() - cpu
print(json.dumps({"found": found, "seconds": took, "cpu": spent}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--tickets", type=int, default=1_000_000, help="compared with the oracle")
    parser.add_argument("--seconds", type=float, default=150, help="at most, for the oracle")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-peer", action="store_true", help="without the rules engine")
    parser.add_argument("--only-publish", action="store_true", help="how fast a publish counts, nothing else")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--route", metavar="URL", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.route:
        from bench.routing_publish import route_all_the_time

        uvloop.run(route_all_the_time(wanted.route))
        return
    random = Random(wanted.seed)
    if wanted.only_publish:
        print(json.dumps(uvloop.run(with_database(random, wanted.rows, queries=False))))
        return
    found = {"speed": speed(random, wanted.rows), "oracle": compare(random, wanted.tickets, wanted.seconds)}
    found["large table"] = compare_large(random, wanted.rows, wanted.seconds / 5)
    found |= uvloop.run(with_database(random, wanted.rows))
    if not wanted.no_peer:
        found["rules engine"] = rules_engine(random, wanted.rows)
    print(json.dumps(found, indent=None if wanted.json else 2, ensure_ascii=False))


def speed(random: Random, count: int) -> dict[str, Any]:
    """Return decisions a second of wall and of CPU time, the best of some rounds, for two kinds of table."""
    found = {}
    for name, conditions in (("category and place only", 0.0), ("a tenth with conditions", 0.1)):
        table = JurisdictionTable.of("v", city_rows(random, count, conditions))
        tickets = [CITY.ticket(random) for _ in range(200_000)]
        rounds = [_timed(lambda one: decide(table, one), tickets) for _ in range(ROUNDS)]  # noqa: B023
        wall, cpu = min(each[0] for each in rounds), min(each[1] for each in rounds)
        found[name] = {
            "decisions/s": round(len(tickets) / wall),
            "decisions/s of CPU": round(len(tickets) / cpu),
            "CPU us/decision": round(1e6 * cpu / len(tickets), 2),
            "decided": round(sum(len(decide(table, each)) == 1 for each in tickets) / len(tickets), 3),
        }
    return found


def _timed(work: Callable[[Inquiry], object], tickets: list[Inquiry]) -> tuple[float, float]:
    begun, cpu = time.perf_counter(), time.process_time()
    for each in tickets:
        work(each)
    return time.perf_counter() - begun, time.process_time() - cpu


def compare(random: Random, tickets: int, seconds: float) -> dict[str, Any]:
    """Compare small tables, in which much competes, with the oracle, ticket by ticket, as long as allowed."""
    begun, done, tables, wrong, several = time.perf_counter(), 0, 0, 0, 0
    while done < tickets and time.perf_counter() - begun < seconds:
        rows = [DENSE.row(random, number, 0.8) for number in range(random.randrange(1, 30))]
        table = JurisdictionTable.of("v", rows)
        tables += 1
        for _ in range(50):
            asked = DENSE.ticket(random)
            excluded = frozenset({random.choice(rows).department or ""} if random.random() < 0.2 else ())
            ours = sorted(row.id for row in decide(table, asked, excluded))
            wrong += ours != oracle.winners(rows, asked, excluded)
            several += len(ours) > 1
            done += 1
    return {"tickets": done, "tables": tables, "different": wrong, "for a person, as two rows tie": several}


def compare_large(random: Random, count: int, seconds: float) -> dict[str, Any]:
    """Compare one large table with the oracle, on as many tickets as the time allows."""
    rows = city_rows(random, count, 0.1)
    table, begun, done, wrong = JurisdictionTable.of("v", rows), time.perf_counter(), 0, 0
    while time.perf_counter() - begun < seconds:
        asked = CITY.ticket(random)
        wrong += sorted(row.id for row in decide(table, asked)) != oracle.winners(rows, asked)
        done += 1
    return {"rows": count, "tickets": done, "different": wrong}


async def with_database(random: Random, count: int, *, queries: bool = True) -> dict[str, Any]:
    """Measure what needs PostgreSQL: one query per decision, and a publish."""
    from bench.routing_publish import publish_while_routing

    rows = city_rows(random, count, 0.0)
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as postgres:
        await migrate(postgres.url, router.seeds, datetime(2026, 11, 1, tzinfo=UTC))
        async with open_resources(Settings(database_url=postgres.url)) as resources:
            found = {}
            if queries:
                async with resources.database.transaction() as connection:
                    store = JurisdictionStore(connection)
                    await store.add_rows("bench", [values_of(each) for each in rows])
                asked = await _by_query(driver_dsn(postgres.url), rows, random)
                found["one SQL query per decision"] = asked
            found["publish"] = await publish_while_routing(random, count, postgres.url, resources)
    return found


async def _by_query(dsn: str, rows: list[JurisdictionRow], random: Random) -> dict[str, Any]:
    """Ask the same of an indexed table, by a prepared statement over a socket of this machine."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("CREATE INDEX bench ON jurisdictions (version, category, division)")
        await connection.execute("ANALYZE jurisdictions")
        ask = await connection.prepare(
            "SELECT id FROM jurisdictions WHERE version = 'bench' AND category = ANY($1) "
            "AND division = ANY($2) AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3) "
            "ORDER BY length(category) DESC, length(division) DESC, priority DESC LIMIT 1"
        )
        table = JurisdictionTable.of("v", rows)
        tickets = [CITY.ticket(random) for _ in range(3000)]
        begun, cpu, wrong = time.perf_counter(), time.process_time(), 0
        for each in tickets:
            won = await ask.fetchval(category_prefixes(each.category), division_prefixes(each.division), DAY)
            wrong += won != next((row.id for row in decide(table, each)), None)
        took, spent = time.perf_counter() - begun, time.process_time() - cpu
    finally:
        await connection.close()
    return {
        "decisions/s": round(len(tickets) / took),
        "CPU us/decision of the client": round(1e6 * spent / len(tickets)),
        "different": wrong,
    }


def rules_engine(random: Random, count: int) -> dict[str, Any]:
    """Ask a rules engine of the same rows, the most specific first, in an environment of its own."""
    rows = sorted(city_rows(random, count, 0.0), key=rank, reverse=True)
    current = [row for row in rows if row.in_force(DAY)]
    rules = [(f'category =~ "{row.category}" and division =~ "{row.division}"', row.id) for row in current]
    tickets = [CITY.ticket(random) for _ in range(300)]
    asked = [{"category": each.category or "", "division": each.division} for each in tickets]
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin" / "python")
        install = [python, "-m", "pip", "install", "-q", ENGINE]
        subprocess.run(install, check=True, timeout=INSTALL_SECONDS, stdout=sys.stderr)
        sent = json.dumps([rules, asked, 20])
        done = subprocess.run([python, "-c", PEER], input=sent, text=True, check=True, capture_output=True)
    told = json.loads(done.stdout)
    table = JurisdictionTable.of("v", rows)
    ours = [next((row.id for row in decide(table, each)), None) for each in tickets[: len(told["found"])]]
    return {
        "engine": ENGINE,
        "decisions/s": round(len(told["found"]) / told["seconds"], 1),
        "CPU us/decision": round(1e6 * told["cpu"] / len(told["found"])),
        "asked": len(told["found"]),
        "different": sum(one != other for one, other in zip(ours, told["found"], strict=True)),
    }


if __name__ == "__main__":
    main()
