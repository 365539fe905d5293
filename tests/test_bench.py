"""The measurement measures: every call it sends goes all the way, and each stage has its figure."""

import json
import subprocess
from pathlib import Path

from tests.test_docs import ROOT


def test_a_short_walk_brings_every_call_all_the_way() -> None:
    command: list[str | Path] = [ROOT / "bench" / "walk", "--way", "embedded", "--calls", "20", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (figures,) = json.loads(done.stdout)
    assert figures["calls"] == 20
    assert list(figures["rates"]) == ["registered", "assigned", "clocked", "delivered"]
    assert all(rate > 0 for rate in (*figures["rates"].values(), figures["floor"]))
    assert figures["cpu_ms_per_call"]["service"] > 0
