"""Several processes that serve one port together: ready together, and none outlives another."""

import asyncio
import ctypes
import signal
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import structlog

from schemas.errors import HotlineError

PR_SET_PDEATHSIG = 1
PATIENCE_SECONDS = 30.0
"""How long one that is told to stop may take; then it is killed."""

_libc = ctypes.CDLL(None, use_errno=True)

log = structlog.get_logger()


class ProcessEnded(HotlineError):
    """One of several processes ended though nobody told it to."""

    code = "process_ended"


def follow_parent(sign: signal.Signals) -> None:
    """Ask the kernel for this signal when the thread that started this process is gone."""
    _libc.prctl(PR_SET_PDEATHSIG, sign, 0, 0, 0)


@contextmanager
def told_to_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` when the process is told to stop, by Ctrl-C or SIGTERM."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for each in signals:
        loop.add_signal_handler(each, stop)
    try:
        yield
    finally:
        for each in signals:
            loop.remove_signal_handler(each)


async def run_processes(
    command: Sequence[str],
    count: int,
    environment: Mapping[str, str],
    ready: Callable[[], Awaitable[None]],
    beside: Iterable[Callable[[], Coroutine[Any, Any, None]]] = (),
) -> None:
    """
    Run a command in that many processes until this one is told to stop, then tell them.

    Each says a line on stdout once it serves, and `ready` is called when all have. One that ends
    by itself, or work `beside` them that fails, takes everything down: raises `ProcessEnded`.
    Call it in the main thread: however this process ends, they end with it.
    """
    told, serving = asyncio.Event(), [asyncio.Event() for _ in range(count)]

    async def announce() -> None:
        for each in serving:
            await each.wait()
        await ready()

    with told_to_stop(told.set):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_run(command, environment, each)) for each in serving]
            tasks += [group.create_task(work()) for work in (announce, *beside)]
            await told.wait()
            for task in tasks:
                task.cancel()


async def _run(command: Sequence[str], environment: Mapping[str, str], serving: asyncio.Event) -> None:
    """Run one process, and stop it when this task is cancelled."""
    child = await create_subprocess_exec(
        *command,
        env=environment,
        stdout=PIPE,
        start_new_session=True,  # a Ctrl-C is for us alone, who then tell them
        preexec_fn=lambda: follow_parent(signal.SIGKILL),
    )
    assert child.stdout is not None
    try:
        while await child.stdout.readline():
            serving.set()
        code = await child.wait()
        log.critical("process_ended", pid=child.pid, exit_code=code)
        raise ProcessEnded(f"The process {child.pid} ended with exit code {code}, so the others are stopped.")
    finally:
        with suppress(ProcessLookupError):
            child.terminate()
        await _ended(child)


async def _ended(child: Process) -> None:
    """Wait for a process that was told to stop: one that hangs must not keep all from being started anew."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await child.wait()
    except TimeoutError:
        log.critical("process_killed", pid=child.pid)
        child.kill()
        await child.wait()
