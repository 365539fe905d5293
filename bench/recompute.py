"""How fast a million open deadlines follow a published calendar, and how long a ticket waits meanwhile."""

import argparse
import asyncio
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench.cpu import spent
from escalation.draft import begin_draft, content_of, put_content
from escalation.foresee import foresee
from escalation.publish import publish_draft
from escalation.recompute import BATCH, recompute_some
from escalation.role import escalation
from escalation.rule_store import RuleStore
from escalation.rulebook import CALENDAR
from escalation.year import with_year
from intake.role import intake
from router.role import router
from services.clock import SystemClock
from services.migrate import migrate
from services.postgres import EmbeddedPostgres
from services.resources import Resources, open_resources
from services.roles import spare_the_collector
from services.settings import Settings

CLOCKS = 5
STARTED = datetime(2026, 12, 30, 8, 0, tzinfo=UTC)
VERSION = "BENCH-2027"
A_DAY_OFF = {"date": "2027-01-04", "kind": "off", "name": "", "source": "bench", "status": "official"}

FILL_TICKETS = """
INSERT INTO tickets (id, hotline, kind, urgency, live, title, text, category, division, caller, status,
    version, accepted_at, department, due_at, due_provisional, due_because)
SELECT 'HK' || lpad(number::text, 10, '0'), '12345', 'complaint', 'general', false, 't', 't', '020100',
    '460106002000', '{"type":"person"}', 'signed', 3, :at, 'water-group', '2027-01-07T09:30Z', true, 'x'
FROM generate_series(1, :tickets) AS number
"""
FILL_DEADLINES = """
WITH opened AS (
INSERT INTO deadlines (id, ticket_id, opened_by, clock, stage, department, started_at, amount, unit, due_at,
    provisional, rule, source, versions, schedule)
SELECT gen_random_uuid(), tickets.id, gen_random_uuid(), given.clock, given.stage,
    CASE WHEN given.clock = 'department' THEN 'water-group' END, :at, given.amount, 'working_days',
    given.due::timestamptz, true, 'HK-DEFAULT-1', 'x', CAST(:versions AS jsonb), given.rungs::jsonb
FROM tickets, (VALUES
    ('citizen', 'completion', 5, '2027-01-07T09:30Z', '[]'),
    ('department', 'completion', 5, '2027-01-07T09:30Z', '[[0, "2027-01-06T09:30:00+00:00"],
     [1, "2027-01-07T09:30:00+00:00"], [2, "2027-01-08T09:30:00+00:00"], [3, "2027-01-12T09:30:00+00:00"],
     [4, "2027-01-14T09:30:00+00:00"]]'),
    ('department', 'redo', 3, '2027-01-05T09:30Z', '[[0, "2027-01-04T09:30:00+00:00"],
     [1, "2027-01-05T09:30:00+00:00"]]'),
    ('department', 'feedback', 5, '2027-01-07T09:30Z', '[[0, "2027-01-06T09:30:00+00:00"],
     [1, "2027-01-07T09:30:00+00:00"]]'),
    ('citizen', 'callback', 4, '2027-01-06T09:30Z', '[[0, "2027-01-05T09:30:00+00:00"],
     [1, "2027-01-06T09:30:00+00:00"]]')
) AS given (clock, stage, amount, due, rungs)
RETURNING id, schedule
)
INSERT INTO timers SELECT id, 0, (schedule -> 0 ->> 1)::timestamptz FROM opened WHERE schedule <> '[]'
"""
"""All of them end after the day that becomes one of rest: the worst a calendar can do."""


class StoppedClock(SystemClock):
    """It stays 30 December."""

    def now(self) -> datetime:
        """Return the moment the tickets were accepted."""
        return STARTED


async def fill(resources: Resources, deadlines: int) -> None:
    """Make up tickets with five open clocks each."""
    async with resources.database.transaction() as connection:
        versions = await RuleStore(connection).latest()
        asked = {"at": STARTED, "tickets": deadlines // CLOCKS}
        await connection.execute(text(FILL_TICKETS), asked)
        said = {"at": STARTED, "versions": json.dumps(versions)}
        await connection.execute(text(FILL_DEADLINES), said)
    async with resources.database.transaction() as connection:
        await connection.exec_driver_sql("ANALYZE")


async def published(resources: Resources) -> dict[str, Any]:
    """Draft, preview and publish a calendar that moves every deadline; return what that took."""
    async with resources.database.transaction() as connection:
        versions = await RuleStore(connection).latest()
        content = await content_of(connection, CALENDAR, versions[CALENDAR])
        await begin_draft(connection, CALENDAR, VERSION, versions[CALENDAR], "bench", by="one", at=STARTED)
        changed = with_year(
            content, [*(each for each in content["days"] if each["date"] > "2027"), A_DAY_OFF]
        )
        await put_content(connection, CALENDAR, VERSION, changed, by="one", resources=resources)
    begun = time.perf_counter()
    async with resources.database.transaction() as connection:
        found = await foresee(connection, CALENDAR, VERSION, resources)
    previewed = time.perf_counter() - begun
    async with resources.database.transaction() as connection:
        await publish_draft(connection, CALENDAR, VERSION, found.token, None, by="two", resources=resources)
    return {"deadlines": found.deadlines, "moves": found.moved, "preview_s": round(previewed, 1)}


async def recomputed(resources: Resources, most: float) -> dict[str, Any]:
    """Carry a publication to open deadlines, so many seconds at most; return what that took."""
    begun, before, longest, done = time.perf_counter(), spent(), 0.0, 0
    while (started := time.perf_counter()) - begun < most:
        tickets = await resources.database.run(lambda each: recompute_some(each, resources, BATCH))
        longest = max(longest, time.perf_counter() - started)
        if tickets is None:
            break
        done += tickets * CLOCKS
    took, after = time.perf_counter() - begun, spent()
    cpu = {
        "python": after["client"] - before["client"],
        "PostgreSQL": after["PostgreSQL"] - before["PostgreSQL"],
    }
    return {
        "recomputed": done,
        "recompute_s": round(took, 1),
        "CPU us/deadline": {kind: round(1e6 * each / max(done, 1), 1) for kind, each in cpu.items()},
        "longest_s": round(longest, 2),
        "per_s": round(done / took),
    }


async def measure(url: str, deadlines: int, most: float) -> dict[str, Any]:
    """Return the figures of so many open deadlines."""
    await migrate(url, [seed for role in (intake, router, escalation) for seed in role.seeds], STARTED)
    async with open_resources(Settings(database_url=url)) as opened:
        resources = Resources(opened.settings, StoppedClock(), opened.database, opened.wakeups)
        await fill(resources, deadlines)
        spare_the_collector()  # as every process that serves
        return {**await published(resources), **await recomputed(resources, most)}


def main() -> None:
    """Measure on a PostgreSQL of its own."""
    reader = argparse.ArgumentParser(prog="bench/recompute", description=__doc__)
    reader.add_argument("--deadlines", type=int, default=100_000)
    reader.add_argument("--most-seconds", type=float, default=600, help="how long to recompute [600]")
    asked = reader.parse_args()
    with tempfile.TemporaryDirectory(prefix="recompute-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedPostgres(Path(folder) / "postgres") as server:
            print(json.dumps(asyncio.run(measure(server.url, asked.deadlines, asked.most_seconds))))


if __name__ == "__main__":
    main()
