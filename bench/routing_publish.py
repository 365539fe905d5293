"""A publish while another process routes all the time: when it counts there, and whether it is whole."""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from bench.routing_cases import city_rows
from router.choose import civil_day
from router.domain.explain import record
from router.domain.matching import JurisdictionTable, explain
from router.inquire import inquiry_of
from router.jurisdiction_store import JurisdictionStore, values_of
from router.published import PublishedTable
from schemas.events import Matter
from schemas.ticket import Kind, Urgency
from services.resources import Resources, open_resources
from services.settings import Settings
from services.tickets import Case

VERSIONS = 4
SETTLE_SECONDS = 2.0


async def publish_while_routing(random: Random, count: int, url: str, resources: Resources) -> dict[str, Any]:
    """Publish large versions one after the other; each row's department names its version."""
    for number in range(VERSIONS):
        rows = city_rows(random, count, 0.0, f"v{number}-")
        async with resources.database.transaction() as connection:
            await JurisdictionStore(connection).add_rows(f"v{number}", [values_of(each) for each in rows])
    command = [sys.executable, "-m", "bench.routing", "--route", url]
    pipe = asyncio.subprocess.PIPE
    other = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert other.stdin is not None
    assert other.stdout is not None
    await other.stdout.readline()
    committed = {}
    for number in range(VERSIONS):
        at = datetime.now(UTC) + timedelta(seconds=number)  # noqa: TID251
        async with resources.database.transaction() as connection:
            values = {"published_at": at, "source": "bench"}
            await JurisdictionStore(connection).publish(f"v{number}", values)
        committed[f"v{number}"] = time.time()  # noqa: TID251
        await asyncio.sleep(SETTLE_SECONDS)
    other.stdin.close()
    told = json.loads(await other.stdout.read())
    await other.wait()
    waited = [told["first"][version] - committed[version] for version in committed]
    return {
        "rows": count,
        "versions": VERSIONS,
        "ms until in force in another process, worst": round(1000 * max(waited)),
        "decisions meanwhile": told["decisions"],
        "by half a table": told["mixed"],
        "ms the longest decision": round(1000 * told["longest"]),
    }


async def route_all_the_time(url: str) -> None:
    """Decide without a pause until standard input ends; every decision must be of one version."""
    stop = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    first: dict[str, float] = {}
    decisions = mixed = 0
    longest = 0.0
    random = Random(2)
    async with open_resources(Settings(database_url=url)) as resources:
        print("ready", flush=True)
        while not stop.done():
            begun = time.perf_counter()
            case = _case(random, datetime.now(UTC))  # noqa: TID251
            async with resources.database.transaction() as connection:
                day = civil_day(case.matter.accepted_at, resources)
                snapshot = await resources.part(PublishedTable).in_force(connection, day)
            asked = inquiry_of(case, day, snapshot.areas, resources.settings)
            kept = record(explain(snapshot.table, asked))
            longest = max(longest, time.perf_counter() - begun)
            decisions += 1
            mixed += _is_mixed(snapshot.table, kept)
            first.setdefault(kept["version"], time.time())  # noqa: TID251
    print(json.dumps({"first": first, "decisions": decisions, "mixed": mixed, "longest": longest}))


def _is_mixed(table: JurisdictionTable, kept: dict[str, Any]) -> bool:
    rows = [*kept["winners"], *kept["beaten"]]
    version = str(table.version)
    return version.startswith("v") and any(not each["department"].startswith(version) for each in rows)


def _case(random: Random, now: datetime) -> Case:
    category = f"{random.randrange(1, 15):02}{random.randrange(1, 10):02}00"
    division = f"{random.choice(('460105', '460106', '460107', '460108'))}{random.randrange(1, 12):03}000"
    matter = Matter(
        hotline="12345",
        kind=Kind.COMPLAINT,
        urgency=Urgency.GENERAL,
        category=category,
        division=division,
        accepted_at=now,
    )
    return Case(matter, "测试", "测试")
