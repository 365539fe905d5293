"""How well units are suggested by the text: learned from earlier months, tried on a later, beside an SVM."""

import argparse
import csv
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from router.domain.suggest.duplicates import near_duplicates
from services.wording import said as said_only

TEXTS = {"as is": "text", "hint stripped": "text_without_unit_hint"}
LABEL, MONTH = "unit_without_place", "month"
PROMISED = ("0.95", "0.97", "0.99")

Row = dict[str, str]
console = Console(stderr=True)


@dataclass
class Figures:
    """What one form of the text gave: ours beside the SVM."""

    setting: str
    trained_on: int
    tested_on: int
    duplicates_left_out: int
    baseline_top1: float
    baseline_top3: float
    baseline_seconds: float
    found: dict[str, Any]
    promised: dict[str, Any]
    seconds: float
    cpu_seconds: float
    rss_mb: float
    model_mb: float


def read(file: Path) -> list[Row]:
    given = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    rows = csv.DictReader(io.StringIO(given.decode("utf-8-sig"), newline=""))
    return [row for row in rows if row[LABEL].strip()]


def measure(setting: str, rows: Sequence[Row], until: str, tried: str, cores: int) -> Figures:
    """Train on months up to `until`, try the month `tried` without what was nearly seen before."""
    column = TEXTS[setting]
    rows = [row for row in rows if row[column].strip()]
    past = [row for row in rows if row[MONTH] <= until]
    later = [row for row in rows if row[MONTH] == tried]
    seen = near_duplicates(
        [said_only(row[column]) for row in later], [said_only(row[column]) for row in past]
    )
    new = [row for row, known in zip(later, seen, strict=True) if not known]
    console.print(f"{setting}: {len(past)} to train, {len(new)} to try, {sum(seen)} near-duplicates left out")
    top1, top3, took = baseline(past, new, column)
    with tempfile.TemporaryDirectory() as folder:
        history, test, model = (Path(folder) / name for name in ("history.csv", "test.csv", "model"))
        write(history, past)
        write(test, new)
        options = ("--text", column, "--label", LABEL, "--json")
        begun = time.perf_counter()
        promised, cpu, rss = run(cores, "train", history, *options, "--out", model)
        seconds = time.perf_counter() - begun
        found, _, _ = run(1, "evaluate", model, test, *options)
        size = model.stat().st_size / 1e6
    counts = (len(past), len(new), sum(seen))
    return Figures(setting, *counts, top1, top3, took, found, promised, seconds, cpu, rss, size)


def baseline(past: Sequence[Row], new: Sequence[Row], column: str) -> tuple[float, float, float]:
    """Return top-1, top-3 and seconds of what anybody would try first."""
    begun = time.perf_counter()
    rarity = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    learned = LinearSVC(C=0.5).fit(rarity.fit_transform([row[column] for row in past]), labels(past))
    seconds = time.perf_counter() - begun
    scores = learned.decision_function(rarity.transform([row[column] for row in new]))
    ranked = learned.classes_[(-scores).argsort(axis=1)[:, :3]]
    right = [(row[0] == truth, truth in row) for row, truth in zip(ranked, labels(new), strict=True)]
    first, among = (sum(each) / len(right) for each in zip(*right, strict=True))
    return float(first), float(among), seconds


def labels(rows: Sequence[Row]) -> list[str]:
    return [row[LABEL].strip() for row in rows]


def write(file: Path, rows: Sequence[Row]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*TEXTS.values(), LABEL], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def run(cores: int, *arguments: str | Path) -> tuple[dict[str, Any], float, float]:
    """Run `hotline suggest` as its users do; return its answer, CPU seconds, and MB it held at most."""
    command: list[str | Path] = [sys.executable, "-m", "services", "suggest", *arguments]
    threads = {"OMP_NUM_THREADS": str(cores), "OPENBLAS_NUM_THREADS": str(cores)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **threads}) as child:
        assert child.stdout is not None
        said = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed")
    return json.loads(said), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def show(found: Sequence[Figures]) -> None:
    """Print the figures of each form of the text."""
    table = Table("", *(each.setting for each in found), title="Unit by the text, on a later month")
    table.add_row("trained on, tried on", *(f"{each.trained_on:,}, {each.tested_on:,}" for each in found))
    table.add_row("near-duplicates left out", *(str(each.duplicates_left_out) for each in found))
    table.add_row("SVM: top-1", *(f"{each.baseline_top1:.4f}" for each in found))
    table.add_row("SVM: top-3", *(f"{each.baseline_top3:.4f}" for each in found))
    for name in ("top1", "top3", "macro_f1"):
        table.add_row(name.replace("_", " "), *(f"{each.found[name]:.4f}" for each in found))
    for promised in PROMISED:
        shown = [_promise(each.found["coverage"][promised]) for each in found]
        table.add_row(f"promised {promised}: coverage, precision found", *shown)
    table.add_row("ms a call", *(f"{each.found['ms_per_call']:.2f}" for each in found))
    table.add_row("training, s (CPU s)", *(f"{each.seconds:.0f} ({each.cpu_seconds:.0f})" for each in found))
    table.add_row("SVM: training, s", *(f"{each.baseline_seconds:.0f}" for each in found))
    table.add_row("training, MB of memory", *(f"{each.rss_mb:.0f}" for each in found))
    table.add_row("model, MB", *(f"{each.model_mb:.1f}" for each in found))
    Console().print(table)


def _promise(kept: dict[str, float | None]) -> str:
    precision = kept["precision"]
    return "none" if precision is None else f"{kept['coverage']:.3f}, {precision:.4f}"


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="bench/suggest", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help=f"a CSV with {', '.join(TEXTS.values())}, {LABEL}")
    parser.add_argument("--until", default="201803", help="the last month to train on [201803]")
    parser.add_argument("--month", default="201804", help="the month to try [201804]")
    parser.add_argument("--cores", type=int, default=2, help="threads of linear algebra in training [2]")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    if given.file is None or not given.file.is_file():
        print("No data: name a file of calls with their units")
        return
    rows = read(given.file)
    found = [measure(setting, rows, given.until, given.month, given.cores) for setting in TEXTS]
    if given.json:
        plain = [{**asdict(each), "promised": each.promised["coverage"]} for each in found]
        print(json.dumps(plain, ensure_ascii=False))
        return
    show(found)


if __name__ == "__main__":
    main()
