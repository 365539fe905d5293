"""Starts the service as real processes: embedded by `up`, or three roles from the compose file."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "services"]
START_SECONDS = 60


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
        self.child.wait(20)

    def stop(self) -> int:
        """As an operator would; return the exit code."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        return self.child.wait(30)


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The test's environment without any setting of the service but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return {**kept, "PYTHONPATH": str(ROOT), **extra}


def start(arguments: Sequence[str], env: Mapping[str, str], log: Path) -> Process:
    """Start a serving command and return once it says where it serves."""
    with log.open("a") as stderr:
        child = subprocess.Popen(
            [*COMMAND, *arguments], env=environment(env), stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(child, lines), daemon=True).start()
    said: list[str] = []
    while True:
        line = lines.get(timeout=START_SECONDS)
        if line is None:
            raise AssertionError(f"It ended with {child.wait(10)}:\n{log.read_text()[-3000:]}")
        said.append(line)
        if found := re.search(r"\bat (http://\S+?)[,\s]", line):
            return Process(child, said, found[1], log)


def _read(child: subprocess.Popen[str], lines: "queue.Queue[str | None]") -> None:
    assert child.stdout is not None
    for line in child.stdout:
        lines.put(line)
    lines.put(None)


def run(arguments: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    """Run a command to its end and return what it printed."""
    done = subprocess.run(
        [*COMMAND, *arguments], env=environment(env or {}), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_key(who: str, env: Mapping[str, str], data: Path | None = None) -> str:
    """Make a key of a role, or of a department."""
    is_role = who in ("agent", "supervisor", "admin")
    holder = ["--role", who] if is_role else ["--role", "department", "--department", who]
    place = ["--data", str(data)] if data else []
    return str(json.loads(run(["keys", "add", *holder, "--json", *place], env))["key"])


@contextmanager
def stopped_at_the_end(*processes: Process) -> Iterator[None]:
    """Stop processes whatever happens."""
    try:
        yield
    finally:
        for process in processes:
            process.stop()
