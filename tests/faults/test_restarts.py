"""The database killed and stopped under every role at work: no loop of any ends, and no call is lost."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from services.migrate import migrate
from services.postgres import EmbeddedPostgres
from services.role import backing
from services.roles import Loop, keep_running
from tests.conftest import MONDAY, ROLES
from tests.inprocess import InProcess
from tests.services.bus.waiting import until

NOISE = {"kind": "complaint", "title": "夜间施工", "text": "工地夜间打桩", "category": "020100"}
PLACE = {"division": "460106002000"}
LANES = 3
ENDS = (signal.SIGKILL, signal.SIGINT, signal.SIGQUIT)
"""As a power cut would end it, as an operator in a hurry, and as one who cannot wait."""
GRAVE = ("error", "critical")
MEANWHILE = {"request_failed", "postgres_ended"}
"""What may be said of it: so no event was buried, and no rung put off."""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path) as server:
        yield server


class Calls:
    """Agents who hand in one call after another, each until it is answered; `taken` grows."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.taken: list[str] = []
        self.over = asyncio.Event()

    async def hand_in(self, lane: int) -> None:
        number = 0
        while not self.over.is_set():
            number += 1
            caller = {"phone": f"13{lane}{number:08}"}
            call = {**NOISE, **PLACE, "caller": caller, "source_number": f"{lane}-{number}"}
            while (answer := await self._client.post("/v1/tickets", json=call)).status_code == 503:
                await asyncio.sleep(0.02)
            assert answer.is_success, answer.text
            self.taken.append(answer.json()["id"])

    async def more(self) -> None:
        """Return once some more were answered."""
        before = len(self.taken)
        await until(self._count, lambda now: now > before + LANES)

    async def _count(self) -> int:
        return len(self.taken)


async def test_no_loop_of_any_role_ends_however_often_the_database_does(
    own: EmbeddedPostgres, tmp_path: Path
) -> None:
    await migrate(own.url, [seed for role in ROLES for seed in role.seeds], MONDAY)
    async with InProcess.opened(own.url, ROLES, MONDAY) as hotline:
        loops: list[Loop] = [each for role in (*ROLES[1:], backing) for each in role.loops]
        loops += [lambda _: hotline.resources.wakeups.run(), lambda _: hotline.bus.run(), own.keep]
        calls = Calls(await hotline.client())
        with capture_logs() as logs:
            work = [asyncio.create_task(keep_running(repr(each), each, hotline.resources)) for each in loops]
            agents = [asyncio.create_task(calls.hand_in(lane)) for lane in range(LANES)]
            for how in ENDS:
                await calls.more()
                os.kill(int((tmp_path / "postgres" / "postmaster.pid").read_text().splitlines()[0]), how)
            await calls.more()
            calls.over.set()
            await asyncio.gather(*agents)
            await until(lambda: hotline.rows(WAITING), lambda rows: not rows)
            ended = [task for task in work if task.done()]
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        assert ended == []
        assert {each["event"] for each in logs if each["log_level"] in GRAVE} <= MEANWHILE
        kept = [row.id for row in await hotline.rows("SELECT id FROM tickets")]
        assert sorted(kept) == sorted(calls.taken)


WAITING = "SELECT 1 FROM outbox WHERE published_at IS NULL"
