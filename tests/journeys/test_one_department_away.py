"""
Three departments' systems at work, and one that is dead for an hour: in the end nobody can tell.

The one that dies is a process of its own, killed in the middle of its work; it goes on by its book.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.department_sim.hand import Way
from services.department_sim.system import Hotline as Service
from services.department_sim.system import System
from tests.journeys.driver import Answer, Hotline
from tests.journeys.processes import Process, start
from tests.journeys.test_one_call import CONSTRUCTION_NOISE, on
from tests.journeys.test_one_dispute import BURST_PIPE
from tests.journeys.ways import Way as Running
from tests.kafka.broker import free_ports

MORTAL, *IMMORTAL = ("ecology-environment-longhua", "municipal-works-longhua", "water-affairs")
MATTERS = (CONSTRUCTION_NOISE, BURST_PIPE, {"category": "010600", "division": "460106002000"})
BY_REST = IMMORTAL[-1]
"""The others act by their signed hooks, the one that dies too."""

NEVER = "3600"

ATTEMPTS = "SELECT attempts FROM webhook_deliveries WHERE ticket_id = ANY($1) AND delivered_at IS NULL"

Ending = tuple[str, str, tuple[str, ...], int, int, int]
"""Department, status and steps; how many events its system took, the version it holds, and the ticket's."""


class Departments:
    """The three systems; `start_mortal` starts the one that is killed, with a pause between its steps."""

    def __init__(self, hotline: Hotline, work: Path) -> None:
        self.hotline = hotline
        self.status: dict[str, str] = {}
        self._work = work
        self._ports = dict(zip((MORTAL, *IMMORTAL), free_ports(3), strict=True))
        self._process: Process | None = None

    async def open(self, stack: AsyncExitStack) -> None:
        for department in IMMORTAL:
            service = Service(self.hotline.faces["router"], self.hotline.key_of(department), department)
            by = Way.REST if department == BY_REST else Way.HOOK
            system = System(
                "127.0.0.1", self._ports[department], (), service, None, None, 0, 0, lambda _: None, by
            )
            url, _ = await stack.enter_async_context(system.opened())
            self.status[department] = f"{url}/status"

    def start_mortal(self, pause: str) -> None:
        named = ["--department", MORTAL, "--url", self.hotline.faces["router"], "--pause", pause]
        kept = ["--port", str(self._ports[MORTAL]), "--book", str(self._work / "book")]
        key = {"HOTLINE_KEY": self.hotline.key_of(MORTAL)}
        self._process = start(["department-sim", *named, *kept], key, self._work / "sim.log")
        self.status[MORTAL] = self._process.url.replace("/hook", "/status")

    def kill_mortal(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None


@pytest.fixture
async def departments(hotline: Hotline, tmp_path: Path) -> AsyncIterator[Departments]:
    three = Departments(hotline, tmp_path)
    async with AsyncExitStack() as stack:
        stack.callback(three.kill_mortal)
        await three.open(stack)
        yield three
    await hotline.unsubscribes(MORTAL)


async def test_an_hour_without_one_system_ends_as_if_it_had_been_there(
    hotline: Hotline, way: Running, departments: Departments
) -> None:
    # Given a morning, before any office opens, when one of three systems dies after its first signature
    hotline.at(on("2026-11-23", "05:00"))
    departments.start_mortal(pause=NEVER)
    first = await hotline.call(**CONSTRUCTION_NOISE)
    await until_status(hotline, [first], "signed")
    departments.kill_mortal()

    # When more is assigned to all three, the two others do their work
    away = [first, *await calls(hotline)]
    await until_status(hotline, [each for each in away if each["department"] != MORTAL], "resolved")
    hotline.at(on("2026-11-23", "06:00"))
    waiting = [each["id"] for each in away[1:] if each["department"] == MORTAL]
    await hotline.until(
        lambda: way.rows(ATTEMPTS, waiting), lambda rows: [row[0] > 1 for row in rows] == [True] * 2
    )

    # And it comes back after an hour
    departments.start_mortal(pause="0")
    hotline.at(on("2026-11-23", "07:30"))
    faulty = await endings(hotline, away, departments)

    # Then everything ends as on a morning without faults
    hotline.at(on("2026-11-24", "05:00"))
    there = [await hotline.call(**CONSTRUCTION_NOISE), *await calls(hotline)]
    assert faulty == await endings(hotline, there, departments)
    assert {ending[1] for ending in faulty} == {"closed"}
    assert Counter(ending[0] for ending in faulty) == {MORTAL: 3, **dict.fromkeys(IMMORTAL, 2)}


async def calls(hotline: Hotline) -> list[Answer]:
    return [await hotline.call(**matter) for matter in MATTERS for _ in range(2)]


async def until_status(hotline: Hotline, tickets: list[Answer], status: str) -> None:
    async def look() -> set[str]:
        return {(await hotline.ticket(each))["status"] for each in tickets}

    await hotline.until(look, lambda seen: seen == {status})


async def endings(hotline: Hotline, tickets: list[Answer], departments: Departments) -> list[Ending]:
    """Close what is resolved, and return how each ticket ended, once its department's system knows."""
    await until_status(hotline, tickets, "resolved")
    for ticket in tickets:
        await hotline.decides(ticket, "close", note="回访满意")

    async def look() -> list[Ending]:
        return sorted([await ending(hotline, each, departments) for each in tickets])

    # What is told last is that the ticket is closed, by its last version
    return await hotline.until(look, lambda found: all(held == last for *_, held, last in found))


async def ending(hotline: Hotline, ticket: Answer, departments: Departments) -> Ending:
    now = await hotline.ticket(ticket)
    asked = {"ticket": ticket["id"]}
    told = (await hotline.client.get(departments.status[now["department"]], params=asked)).json()
    steps = tuple(await hotline.steps(ticket))
    return now["department"], now["status"], steps, told["taken"], told["version"], now["version"]
