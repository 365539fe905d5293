"""The supervising process killed ten times in a storm, its database cut off, its clock set back."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg

from services.clock import RehearsalClock
from services.resources import driver_dsn
from tests.escalation.test_many_rungs import DEADLINES, NOISE, OTHERS_GONE, TICKETS, TUESDAY_EIGHT
from tests.inprocess import InProcess
from tests.journeys.processes import ROOT, environment
from tests.leash import LEASH
from tests.services.bus.waiting import until

KILLS = 10
COUNT = 12_000
FINDINGS = 2
"""Both departments were red at signing too often: that is a rung of its own, once for each."""
FIRED = """
    SELECT count(*) AS cards, count(DISTINCT deadline_id) AS deadlines,
           count(*) FILTER (WHERE fell_due_at = '2026-11-24T00:00:00Z') AS dated,
           (SELECT count(*) FROM supervision_notices) AS notices,
           (SELECT count(*) FROM outbox WHERE headers ->> 'ce_type' = 'ticket.escalated') AS events
    FROM escalations
"""
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'hotline'"
)


@contextmanager
def worker(url: str, clock: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with the timer and nothing else; it is killed at the end."""
    command = [*LEASH, sys.executable, "-m", "bench.escalation_worker"]
    told = environment({"HOTLINE_DATABASE_URL": url, "HOTLINE_REHEARSAL_CLOCK": str(clock)})
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **told}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            yield child
        finally:
            child.kill()


async def test_ten_kills_in_a_storm_lose_no_rung_and_double_none(
    hotline: InProcess, database_url: str, tmp_path: Path
) -> None:
    """What a dead worker had begun is whole or not there, and a start repeats nothing."""
    await hotline.call(**NOISE)
    for statement in (TICKETS, DEADLINES.replace("5000", str(COUNT)), OTHERS_GONE):
        await hotline.rows(statement)
    await hotline.rows("DELETE FROM outbox RETURNING id")
    clock = RehearsalClock(tmp_path / "clock.json")
    clock.set(TUESDAY_EIGHT + timedelta(hours=12))
    seen = await asyncpg.connect(driver_dsn(database_url))
    try:
        cards, in_the_middle = 0, 0
        for kill in range(KILLS):
            with worker(database_url, tmp_path / "clock.json"):
                while (now := await seen.fetchval("SELECT count(*) FROM escalations")) == cards < COUNT:
                    pass
                if kill == 2:
                    await seen.execute(CUT)
                if kill == 4:
                    clock.advance(timedelta(hours=-6))
            cards = now
            in_the_middle += cards < COUNT
        assert in_the_middle > 2
        with worker(database_url, tmp_path / "clock.json"):
            while await seen.fetchval("SELECT count(*) FROM timers"):
                pass
            clock.advance(timedelta(days=1))
        (fired,) = await seen.fetch(FIRED)
        assert dict(fired) == dict.fromkeys(
            ("cards", "deadlines", "dated", "notices", "events"), COUNT + FINDINGS
        )
        versions = "SELECT count(*) FROM (SELECT ticket_id FROM ticket_history WHERE step = 'escalate') AS h"
        assert await seen.fetchval(versions) == COUNT + FINDINGS
    finally:
        await seen.close()


async def test_e2_a_worker_dead_for_three_hours_gives_every_rung_it_missed_once_in_order_and_marked_late(
    hotline: InProcess, database_url: str, tmp_path: Path
) -> None:
    """Two rungs fell due meanwhile; nothing but the database knows of them, for there is no broker."""
    ticket = await hotline.call(**NOISE)
    start = hotline.clock.now()
    clock = RehearsalClock(tmp_path / "clock.json")
    clock.set(start)
    with worker(database_url, tmp_path / "clock.json"):
        pass  # it runs, and is killed, before anything is due
    assert await hotline.cards(ticket["id"]) == []
    clock.set(start + timedelta(hours=3))
    for _ in range(2):
        with worker(database_url, tmp_path / "clock.json"):
            await until(lambda: hotline.rows("SELECT 1 FROM escalations WHERE level = 1"))
    cards = await hotline.cards(ticket["id"])
    assert [(each["stage"], each["level"], each["fell_due_at"]) for each in cards] == [
        ("sign", 0, "2026-11-23T01:22:30Z"),
        ("sign", 1, "2026-11-23T01:30:00Z"),
    ]
    late = [timedelta(seconds=each["late_by"]) for each in cards]
    assert timedelta(hours=2, minutes=30) <= late[1] < late[0] < timedelta(hours=2, minutes=45)
