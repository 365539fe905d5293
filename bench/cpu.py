"""CPU seconds of the processes a measurement started, by what they are."""

import os
from collections import defaultdict
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
KINDS = (
    ("postgres", "PostgreSQL"),
    ("java", "Kafka"),
    ("bench.sink", "sink"),
    ("bench.hook_sink", "sink"),
    ("bench.webhook_worker", "courier"),
    ("services", "service"),
    ("bench.intake_server", "service"),
    ("bench.escalation_worker", "service"),
    ("bench.bare_server", "service"),
    ("gunicorn", "service"),
)


def spent() -> dict[str, float]:
    """Return CPU seconds so far of this process (the client) and its descendants, dead ones included."""
    children: dict[int, list[int]] = defaultdict(list)
    seconds: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children[int(fields[1])].append(int(folder.name))
        seconds[int(folder.name)] = sum(map(int, fields[11:15])) / TICKS
    found = defaultdict(float, client=seconds[os.getpid()])
    waiting = list(children[os.getpid()])
    while waiting:
        pid = waiting.pop()
        waiting += children[pid]
        found[_kind(pid)] += seconds[pid]
    return found


def _kind(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return "other"
    return next((kind for mark, kind in KINDS if mark in command), "other")
