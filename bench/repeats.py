"""How surely two calls of a real file are told to be about one matter, beside pg_trgm's similarity."""

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.table import Table

from bench.cpu import spent
from intake.defaults import shipped_mapping
from intake.domain.normalize import NormalizedCall, normalize_record
from intake.domain.repeats import Account, other_matter, same_matter
from intake.shipped import shipped_catalogue
from intake.source_file import read_lines
from services.postgres import EmbeddedPostgres
from services.resources import driver_dsn
from services.wording import said

MAPPING = "haikou_2018"
SEED = 12345
STEPS = 100

Pair = tuple[NormalizedCall, NormalizedCall]
console = Console(stderr=True)


@dataclass
class Figures:
    """What one measure says of pairs that are one matter, and of pairs that mostly are not; in percent."""

    measure: str
    recall: float
    false_positives: float
    cpu_us: float


@dataclass
class Pairs:
    """
    Follow-ups with the call they quote, and calls of one category and district put together by chance.

    `apart` are follow-ups under another category or district than the call they quote: no measure
    of their words brings those together here.
    """

    true: list[Pair]
    chance: list[Pair]
    apart: int


def calls(file: Path) -> list[NormalizedCall]:
    """Return the calls of a file, normalized as an import would."""
    declared, catalogue = shipped_mapping(MAPPING), shipped_catalogue()
    lines = [line for line in read_lines(file, declared) if line.fault is None]
    return [normalize_record(line.record, declared, catalogue, historical=True) for line in lines]


def pairs_of(found: Sequence[NormalizedCall], most: int) -> Pairs:
    """Return the pairs of a file; the same ones each time."""
    known = {each.call.source_number: each for each in found if each.call.source_number}
    quoting = [(known[each.call.follows], each) for each in found if each.call.follows in known]
    true = [(one, other) for one, other in quoting if not other_matter(_account(one), _account(other))]
    alike: defaultdict[tuple[str, str], list[NormalizedCall]] = defaultdict(list)
    for each in found:
        if each.call.category and each.call.division:
            alike[each.call.category, each.call.division[:6]].append(each)
    groups = [group for group in alike.values() if len(group) > 1]
    chance = random.Random(SEED)
    weights = [len(group) for group in groups]
    picked = chance.choices(groups, weights, k=most) if groups else []
    by_chance = [(one, other) for one, other in (chance.sample(group, 2) for group in picked)]
    return Pairs(true, by_chance, len(quoting) - len(true))


def _account(call: NormalizedCall) -> Account:
    return Account.of_call(call, said)


def ours(pairs: Pairs) -> Figures:
    """Measure what decides in this service."""
    begun = time.process_time()
    sure = [
        [same_matter(_account(one), _account(other)).same for one, other in some]
        for some in (pairs.true, pairs.chance)
    ]
    spent_us = 1e6 * (time.process_time() - begun) / max(len(pairs.true) + len(pairs.chance), 1)
    return Figures("same_matter", _share(sure[0]), _share(sure[1]), round(spent_us, 1))


async def trigrams(pairs: Pairs) -> tuple[list[float], list[float], float]:
    """Return pg_trgm's similarity of every pair, and the CPU µs a pair on PostgreSQL."""
    with (
        tempfile.TemporaryDirectory(prefix="repeats-") as folder,
        EmbeddedPostgres(Path(folder), durable=False) as server,
    ):
        connection = await asyncpg.connect(driver_dsn(server.url))
        try:
            await connection.execute("CREATE EXTENSION pg_trgm")
            before = spent().get("PostgreSQL", 0.0)
            found = [await _similarities(connection, some) for some in (pairs.true, pairs.chance)]
            cost = spent().get("PostgreSQL", 0.0) - before
        finally:
            await connection.close()
    return found[0], found[1], round(1e6 * cost / max(len(pairs.true) + len(pairs.chance), 1), 1)


async def _similarities(
    connection: "asyncpg.Connection[asyncpg.Record]", some: Sequence[Pair]
) -> list[float]:
    query = "SELECT similarity(one, other) FROM unnest($1::text[], $2::text[]) AS pair (one, other)"
    one, other = ([said(pair[side].call.text) for pair in some] for side in (0, 1))
    return [row[0] for row in await connection.fetch(query, one, other)]


def at_best(true: Sequence[float], chance: Sequence[float], cpu_us: float, most: float) -> list[Figures]:
    """Return pg_trgm where it parts the pairs best, and with no more false positives than `most`."""
    every = [
        Figures(
            f"pg_trgm ≥ {step / STEPS:g}",
            _share([each >= step / STEPS for each in true]),
            _share([each >= step / STEPS for each in chance]),
            cpu_us,
        )
        for step in range(1, STEPS + 1)
    ]
    best: Callable[[Figures], float] = lambda each: each.recall - each.false_positives  # noqa: E731
    as_sure = [each for each in every if each.false_positives <= most]
    return [max(every, key=best), *([max(as_sure, key=best)] if as_sure else [])]


def _share(found: Sequence[bool]) -> float:
    return round(100 * sum(found) / len(found), 2) if found else 0.0


def show(pairs: Pairs, figures: Sequence[Figures]) -> None:
    """Print the figures."""
    table = Table("", "recall %", "false positives %", "CPU µs a pair")
    for each in figures:
        table.add_row(each.measure, f"{each.recall:g}", f"{each.false_positives:g}", f"{each.cpu_us:g}")
    Console().print(table)
    print(f"{len(pairs.true)} follow-ups with the call they quote, {len(pairs.chance)} pairs by chance.")
    print(f"Left out: {pairs.apart} follow-ups under another category or district than the call they quote.")


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="bench/repeats", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help=f"a file of calls in the form {MAPPING}")
    parser.add_argument("--pairs", type=int, default=20_000, help="pairs put together by chance [20000]")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    if given.file is None or not given.file.is_file():
        print("No data: name a file of calls in the form", MAPPING)
        return
    pairs = pairs_of(calls(given.file), given.pairs)
    console.print(f"{len(pairs.true)} + {len(pairs.chance)} pairs")
    mine = ours(pairs)
    true, chance, cpu_us = asyncio.run(trigrams(pairs))
    found = [mine, *at_best(true, chance, cpu_us, mine.false_positives)]
    if given.json:
        said_of = {"true": len(pairs.true), "chance": len(pairs.chance), "apart": pairs.apart}
        print(json.dumps({"pairs": said_of, "figures": [asdict(each) for each in found]}))
        return
    show(pairs, found)


if __name__ == "__main__":
    main()
