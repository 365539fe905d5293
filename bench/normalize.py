"""How well calls of a real file are normalized: precision and recall by level, traps, µs a call."""

import argparse
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from intake.defaults import shipped_mapping
from intake.domain.catalogue import Catalogue
from intake.domain.mapping import Mapping, read_mapping
from intake.domain.normalize import NormalizedCall, normalize, normalize_record
from intake.normalize_file import official_names
from intake.shipped import shipped_catalogue
from intake.source_file import Line, read_lines

MAPPING = "haikou_2018_forms"
# Read as a city would first declare it: 横 for longitude; the shipped mapping knows better.
NAIVE = {
    "longitude": {"paths": ["横坐标"]},
    "latitude": {"paths": ["纵坐标"]},
}
COLUMNS = ("辖区", "镇街", "村居")
LEVELS = ("district", "street", "village")
SETTINGS: dict[str, tuple[str, ...]] = {
    "declared columns as they are": (),
    "declared columns blanked": COLUMNS,
    "address blanked too": (*COLUMNS, "诉求地址"),
}
ROUNDS = 3

Record = dict[str, Any]
console = Console(stderr=True)


@dataclass
class Score:
    """Of the rows whose columns say a level: how many were placed there, and how many of those rightly."""

    known: int = 0
    said: int = 0
    right: int = 0

    @property
    def precision(self) -> float:
        """Return the share of what was said that is right, in percent."""
        return round(100 * self.right / self.said, 1) if self.said else 0.0

    @property
    def recall(self) -> float:
        """Return the share of what is known that was found, in percent."""
        return round(100 * self.right / self.known, 1) if self.known else 0.0


@dataclass
class Figures:
    """What one setting did."""

    setting: str
    levels: dict[str, Score]
    placed_without_columns: int
    rows_without_columns: int
    us_per_call: float
    cpu_us_per_call: float
    misses: list[str] = field(default_factory=list)


@dataclass
class Trap:
    """A known trap: how many rows have it, and of how many it was said or solved."""

    name: str
    rows: int
    handled: int


def mapping() -> Mapping:
    """Return the shipped mapping with its axes as their names say."""
    declared = shipped_mapping(MAPPING).model_dump(exclude_none=True)
    declared["fields"] |= NAIVE
    return read_mapping(declared)


def truth(record: Record, catalogue: Catalogue) -> dict[str, str | None]:
    """Return what the columns say, by today's official names; None where they say nothing of today."""
    code = ""
    for column in COLUMNS:
        meaning = catalogue.gazetteer.meanings.get(record[column].strip())
        deeper = [each for each in meaning.codes if each.startswith(code)] if meaning else []
        if len(deeper) != 1 or len(deeper[0]) <= len(code):
            break
        code = deeper[0]
    return official_names(code.ljust(12, "0") if code else None, catalogue)


def measure(setting: str, lines: list[Line], declared: Mapping, catalogue: Catalogue) -> Figures:
    """Normalize every row of a file without these columns, and compare with what the columns said."""
    blank = dict.fromkeys(SETTINGS[setting], "")
    records = [{**line.record, **blank} for line in lines]
    found = [normalize_record(each, declared, catalogue, historical=True) for each in records]
    wall, cpu = _cost(lambda: [normalize_record(each, declared, catalogue, True) for each in records])
    figures = Figures(setting, {name: Score() for name in LEVELS}, 0, 0, *_each(wall, cpu, len(lines)))
    for line, normalized in zip(lines, found, strict=True):
        _judge(line, normalized, figures, catalogue)
    return figures


def _judge(line: Line, normalized: NormalizedCall, figures: Figures, catalogue: Catalogue) -> None:
    known = truth(line.record, catalogue)
    names = official_names(normalized.call.division, catalogue)
    if known["district"] is None:
        figures.rows_without_columns += 1
        figures.placed_without_columns += names["district"] is not None
        return
    for level in LEVELS:
        if known[level] is None:
            continue
        score = figures.levels[level]
        score.known += 1
        score.said += names[level] is not None
        score.right += names[level] == known[level]
    wrong = [
        level for level in LEVELS if names[level] is not None and known[level] not in (None, names[level])
    ]
    missed = [level for level in LEVELS if names[level] is None and known[level] is not None]
    if wrong or missed:
        figures.misses.append(_miss(line, known, names, normalized, wrong))


def _miss(line: Line, known: Any, names: Any, normalized: NormalizedCall, wrong: list[str]) -> str:
    want, got = ("/".join(str(each[level] or "-") for level in LEVELS) for each in (known, names))
    because = "; ".join(f"{each.source}:{each.words}" for each in normalized.evidence if each.field in LEVELS)
    words = normalized.call.text[:60].replace("\n", " ")
    kind = f"WRONG {wrong[0]}" if wrong else "missed"
    return f"{kind} line {line.number}: {want} <- {got} ({because}) {words}"


def _cost(work: Callable[[], Any]) -> tuple[float, float]:
    """Return the least wall and CPU seconds of several rounds."""
    costs = []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        costs.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(costs)


def _each(wall: float, cpu: float, count: int) -> tuple[float, float]:
    return round(1e6 * wall / max(count, 1), 1), round(1e6 * cpu / max(count, 1), 1)


def traps(lines: list[Line], declared: Mapping, catalogue: Catalogue) -> Iterator[Trap]:
    """Count each known trap, and how often it was seen for what it is."""
    pairs = [(line.record, normalize_record(line.record, declared, catalogue, True)) for line in lines]

    def trap(name: str, has: Callable[[Record], Any], handled: Callable[[NormalizedCall], Any]) -> Trap:
        rows = [normalized for record, normalized in pairs if has(record)]
        return Trap(name, len(rows), sum(bool(handled(each)) for each in rows))

    yield trap("axes swapped", _is_swapped, _problem("coordinates_swapped"))
    yield trap("coordinates 0/0", _is_zero, _problem("coordinates_zero"))
    yield trap("plane coordinates", _is_plane, _problem("coordinates_plane"))
    yield trap("dispatched before created", _is_early, _problem("dispatched_before_created"))
    yield trap("village `undefined`", lambda row: "undefined" in _place(row), _has_no("division_unknown"))
    yield _whole_city(lines, declared, catalogue)
    yield trap("street as 街道办事处", lambda row: "办事处" in row["镇街"], _street(catalogue))
    yield trap("street as 路街道办事处", lambda row: "路街道" in row["镇街"], _street(catalogue))
    yield trap("quotes a fourteen-digit number", _quotes, _evidence("follows"))
    yield trap("operator's line", lambda row: "响应处置" in _bare(row), _evidence("hint"))
    yield trap("unit named: 请…核实处理", _asks, _evidence("hint.unit"))


def _whole_city(lines: list[Line], declared: Mapping, catalogue: Catalogue) -> Trap:
    """Read 诉求区域 as if it were the district: 全市 must say nothing, and be no fault either."""
    naive = read_mapping({**declared.model_dump(exclude_none=True), "division_names": ["诉求区域"]})
    rows = [line.record for line in lines if line.record["诉求区域"] == "全市"]
    read = [normalize_record(each, naive, catalogue, True) for each in rows]
    handled = [
        each
        for each in read
        if not any(why.source == "declared" and why.field in LEVELS for why in each.evidence)
        and not any(why.code == "division_unknown" for why in each.problems)
    ]
    return Trap("诉求区域 as district is 全市", len(rows), len(handled))


def _problem(code: str) -> Callable[[NormalizedCall], bool]:
    return lambda call: any(each.code == code for each in call.problems)


def _has_no(code: str) -> Callable[[NormalizedCall], bool]:
    return lambda call: not any(each.code == code for each in call.problems)


def _evidence(name: str) -> Callable[[NormalizedCall], bool]:
    return lambda call: any(each.field.startswith(name) for each in call.evidence)


def _street(catalogue: Catalogue) -> Callable[[NormalizedCall], bool]:
    return lambda call: official_names(call.call.division, catalogue)["street"] is not None


def _point(record: Record) -> tuple[float, float] | None:
    try:
        return float(record["横坐标"]), float(record["纵坐标"])
    except ValueError:
        return None


def _is_swapped(record: Record) -> bool:
    point = _point(record)
    return point is not None and 19 < point[0] < 21 and 109 < point[1] < 112


def _is_zero(record: Record) -> bool:
    return _point(record) == (0, 0)


def _is_plane(record: Record) -> bool:
    point = _point(record)
    return point is not None and max(map(abs, point)) > 1000


def _is_early(record: Record) -> bool:
    created, passed_on = (_moment(record[each]) for each in ("工单发起时间", "派件时间"))
    return bool(created and passed_on) and passed_on < created


def _moment(written: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"[0-9]+", written)))


def _bare(record: Record) -> str:
    return re.sub(r"\W", "", record["诉求内容"])


def _place(record: Record) -> str:
    return f"{record['村居']}{record['诉求地址']}"


def _quotes(record: Record) -> bool:
    return re.search(r"(?<![0-9])20[0-9]{12}(?![0-9])", record["诉求内容"]) is not None


def _asks(record: Record) -> bool:
    unit = "[^，,。！!请；;]{2,12}(?:局|政府|部门|公司|集团|交警|城管|中心)"
    pattern = f"请(?!职能|相关|有关){unit}(?:给予)?核实处理"
    return re.search(pattern, record["诉求内容"]) is not None


def ordinary(catalogue: Catalogue, calls: list[NormalizedCall]) -> tuple[float, float]:
    """Return wall and CPU µs of one canonical call of this file: what registering over HTTP costs here."""
    given = [each.call.model_copy(update={"division": None, "follows": None}) for each in calls]
    return _each(*_cost(lambda: [normalize(each, catalogue) for each in given]), len(given))


def show(found: list[Figures], seen: list[Trap], misses: int) -> None:
    """Print the figures, the traps and as many misses as asked for."""
    table = Table("", *(each.setting for each in found), title="Place, against the columns 辖区/镇街/村居")
    for level in LEVELS:
        scores = [each.levels[level] for each in found]
        table.add_row(f"{level}: rows that say it", *(str(each.known) for each in scores))
        table.add_row(
            f"{level}: precision %", *(f"{each.precision:g} ({each.right}/{each.said})" for each in scores)
        )
        table.add_row(f"{level}: recall %", *(f"{each.recall:g}" for each in scores))
    without = (f"{each.placed_without_columns}/{each.rows_without_columns}" for each in found)
    table.add_row("placed, of rows without columns", *without)
    table.add_row("µs per call", *(f"{each.us_per_call:g}" for each in found))
    table.add_row("CPU µs per call", *(f"{each.cpu_us_per_call:g}" for each in found))
    Console().print(table)
    second = Table("trap", "rows", "handled", title="Known traps")
    for each in seen:
        second.add_row(each.name, str(each.rows), str(each.handled))
    Console().print(second)
    for figures in found:
        for miss in sorted(figures.misses, key=lambda each: not each.startswith("WRONG"))[:misses]:
            Console().print(f"[{figures.setting}] {miss}", markup=False, highlight=False, soft_wrap=True)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="bench/normalize", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help=f"a file of calls in the form {MAPPING}")
    parser.add_argument("--misses", type=int, default=10, help="misses to print of each setting [10]")
    parser.add_argument("--json", action="store_true", help="print one JSON object, without the misses")
    given = parser.parse_args()
    if given.file is None or not given.file.is_file():
        print("No data: name a file of calls in the form", MAPPING)
        return
    declared, catalogue = mapping(), shipped_catalogue()
    lines = [line for line in read_lines(given.file, declared) if line.fault is None]
    console.print(f"{len(lines)} calls")
    found = [measure(setting, lines, declared, catalogue) for setting in SETTINGS]
    seen = list(traps(lines, declared, catalogue))
    calls = [normalize_record(line.record, declared, catalogue, True) for line in lines]
    wall, cpu = ordinary(catalogue, calls)
    if given.json:
        rates = [{**asdict(each), "misses": len(each.misses)} for each in found]
        print(json.dumps({"settings": rates, "traps": [asdict(each) for each in seen], "canonical_us": wall}))
        return
    show(found, seen, given.misses)
    print(f"a canonical call of this file: {wall:g} µs, CPU {cpu:g} µs")


if __name__ == "__main__":
    main()
