"""Several processes share one port: ready together, stopped together, and none outlives another."""

import asyncio
import os
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from schemas.errors import Misconfigured
from services import processes
from services.processes import ProcessEnded, run_processes
from services.roles import open_port, reserve_port
from tests.journeys.processes import ROOT, Process, make_key, run, start
from tests.services.bus.waiting import until

CHILD = """
import os, pathlib, time
here, pid = pathlib.Path.cwd(), os.getpid()
(here / f"{pid}.begun").touch()
while not (here / f"{pid}.may-serve").exists():
    time.sleep(0.01)
print("serving", flush=True)
(here / f"{pid}.serves").touch()
time.sleep(600)
"""

PARENT = """
import asyncio, os, sys
from services.processes import run_processes
asyncio.run(run_processes([sys.executable, "-c", sys.argv[1]], 2, os.environ, asyncio.Event().wait))
"""


def running(pids: list[int]) -> list[int]:
    """Of these processes those that have not ended."""
    return [pid for pid in pids if Path(f"/proc/{pid}/cmdline").exists() and _state(pid) != "Z"]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


class Two:
    """Two processes under this one, each of which serves when it may."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ready = asyncio.Event()

    async def run(self, *beside: Callable[[], Awaitable[None]]) -> None:
        async def ready() -> None:
            self.ready.set()

        await run_processes([sys.executable, "-c", CHILD], 2, os.environ, ready, beside)  # type: ignore[arg-type]

    async def begun(self) -> list[int]:
        return sorted(int(each.stem) for each in self.folder.glob("*.begun"))

    async def serve(self, pid: int) -> None:
        (self.folder / f"{pid}.may-serve").touch()

        async def serves() -> bool:
            return (self.folder / f"{pid}.serves").exists()

        await until(serves)

    async def none_is_left(self) -> None:
        pids = await self.begun()

        async def left() -> list[int]:
            return running(pids)

        await until(left, lambda seen: not seen)


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Two:
    monkeypatch.chdir(tmp_path)
    return Two(tmp_path)


@asynccontextmanager
async def under_way(two: Two) -> AsyncIterator["tuple[asyncio.Task[None], list[int]]"]:
    work = asyncio.create_task(two.run())
    try:
        yield work, await until(two.begun, lambda pids: len(pids) == 2)
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_they_are_ready_when_the_last_of_them_is(two: Two) -> None:
    async with under_way(two) as (_, (one, other)):
        await two.serve(one)
        assert not two.ready.is_set()
        await two.serve(other)
        await asyncio.wait_for(two.ready.wait(), 20)
    await two.none_is_left()


async def test_one_that_dies_takes_the_others_down_and_its_exit_code_is_told(two: Two) -> None:
    async with under_way(two) as (work, (one, _)):
        os.kill(one, signal.SIGKILL)
        with pytest.raises(ExceptionGroup) as caught:
            await asyncio.wait_for(work, 20)
    (fault,) = caught.value.exceptions
    assert isinstance(fault, ProcessEnded)
    assert str(one) in str(fault)
    assert "-9" in str(fault)
    await two.none_is_left()


async def test_work_beside_them_that_fails_takes_them_down(two: Two) -> None:
    async def fail() -> None:
        await until(two.begun, lambda pids: len(pids) == 2)
        raise Misconfigured("The database does not start.")

    with pytest.raises(ExceptionGroup):
        await asyncio.wait_for(two.run(fail), 20)
    await two.none_is_left()


async def test_told_to_stop_they_are_told_too(two: Two) -> None:
    async with under_way(two) as (work, _):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(work, 20)
    await two.none_is_left()


async def test_one_that_hangs_is_killed_when_it_was_told_to_stop(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE_SECONDS", 0.1)
    async with under_way(two) as (work, (one, other)):
        os.kill(other, signal.SIGSTOP)
        os.kill(one, signal.SIGKILL)
        with pytest.raises(ExceptionGroup):
            await asyncio.wait_for(work, 20)
    await two.none_is_left()


async def test_none_outlives_a_parent_that_is_killed(two: Two) -> None:
    command = [sys.executable, "-c", PARENT, CHILD]
    parent = await asyncio.create_subprocess_exec(*command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        await until(two.begun, lambda pids: len(pids) == 2)
    finally:
        parent.kill()
        await parent.wait()
    await two.none_is_left()


def test_a_port_somebody_has_is_not_shared_with_who_does_not_say_so() -> None:
    with reserve_port("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        with open_port("127.0.0.1", port, shared=True) as one, open_port("127.0.0.1", port, shared=True):
            one.listen()
            with pytest.raises(Misconfigured):
                open_port("127.0.0.1", port)
            with pytest.raises(Misconfigured):
                reserve_port("127.0.0.1", port)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Process]:
    arguments = ["up", "--port", "0", "--processes", "2", "--data", str(tmp_path / "data")]
    process = start(arguments, {}, tmp_path / "log")
    yield process
    process.kill()


def servers(url: str) -> list[int]:
    """The processes that listen on a service's port."""
    port = f":{int(url.rpartition(':')[2]):04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{each[9]}]" for each in lines if each[1].endswith(port) and each[3] == "0A"}
    pids = [int(each.name) for each in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if sockets & set(_open_files(pid))]


def _open_files(pid: int) -> Iterator[str]:
    with suppress(OSError):  # the process has ended
        for each in list(Path(f"/proc/{pid}/fd").iterdir()):
            with suppress(OSError):  # the file is closed by now
                yield str(each.readlink())


def test_two_processes_of_the_whole_service_answer_on_one_port_and_stop_with_it(
    service: Process, tmp_path: Path
) -> None:
    key = make_key("admin", lambda *told: run([*told, "--data", str(tmp_path / "data")]))
    pids = servers(service.url)
    try:
        assert len(pids) == 2
        assert service.child.pid not in pids
        request = urllib.request.Request(
            f"{service.url}/v1/hotlines", headers={"authorization": f"Bearer {key}"}
        )
        for _ in range(10):  # each is a connection of its own
            with urllib.request.urlopen(request, timeout=20) as answer:
                assert answer.status == 200
    finally:
        assert service.stop() == 0
    assert running(pids) == []


def test_a_process_that_dies_ends_the_service_loudly(service: Process) -> None:
    one, other = servers(service.url)
    os.kill(one, signal.SIGKILL)
    assert service.child.wait(60) == 1
    assert running([one, other]) == []
    assert f"The process {one} ended" in service.log.read_text()
