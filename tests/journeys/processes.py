"""Starts commands of the service as real processes, which end with the tests."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.leash import LEASH

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "services"]
START_SECONDS = 180
STOP_SECONDS = 60


@dataclass
class Process:
    """A running command; what it said on stdout, and where it serves."""

    child: subprocess.Popen[str]
    said: list[str]
    url: str
    log: Path

    def kill(self) -> None:
        """As a power cut would."""
        self.child.kill()
        self.child.wait(60)

    def stop(self) -> int:
        """As an operator would; return the exit code. One that does not stop is killed, and that is told."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The test's environment without any setting of the service but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return {**kept, "PYTHONPATH": str(ROOT), **extra}


def start(arguments: Sequence[str], env: Mapping[str, str], log: Path) -> Process:
    """
    Start a serving command and return once it says where it serves.

    Call it from the main thread: the process ends with the thread that started it.
    """
    with log.open("a") as stderr:
        child = subprocess.Popen(
            [*LEASH, *COMMAND, *arguments],
            env=environment(env),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(child, lines), daemon=True).start()
    said: list[str] = []
    while True:
        try:
            line = lines.get(timeout=START_SECONDS)
        except BaseException:
            child.kill()
            raise
        if line is None:
            raise AssertionError(f"It ended with {child.wait(10)}:\n{log.read_text()[-3000:]}")
        said.append(line)
        if found := re.search(r"\bat (http://\S+?)[,\s]", line):
            return Process(child, said, found[1], log)


def _read(child: subprocess.Popen[str], lines: "queue.Queue[str | None]") -> None:
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            lines.put(line)
    lines.put(None)


def run(arguments: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    """Run a command to its end and return what it printed."""
    done = subprocess.run(
        [*COMMAND, *arguments], env=environment(env or {}), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_key(who: str, run: Callable[..., str]) -> str:
    """Make a key of a role, or of a department; `run` runs a command on the service."""
    is_role = who in ("agent", "supervisor", "admin")
    holder = ["--role", who] if is_role else ["--role", "department", "--department", who]
    return str(json.loads(run("keys", "add", *holder, "--json"))["key"])
