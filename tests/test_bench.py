"""The measurement measures: every call it sends goes all the way, and each stage has its figure."""

import csv
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


def test_a_short_search_measures_every_filter() -> None:
    command: list[str | Path] = [ROOT / "bench" / "search", "--tickets", "2000", "--times", "2", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert len(figures) > 20
    assert all(0 < each["p50"] <= each["p99"] for each in figures.values())


def test_a_short_flood_registers_every_call_and_line_beside_the_floor() -> None:
    command: list[str | Path] = [
        ROOT / "bench" / "intake",
        "--calls",
        "200",
        "--batch",
        "300",
        "--no-peer",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["floor"] > 0
    assert [each["calls"] for each in figures["phases"]] == [200, 200, 200, 20, 200, 200, 300]
    assert all(each["rate"] > 0 and each["cpu_ms"]["service"] > 0 for each in figures["phases"])


def test_a_short_file_measures_who_calls_again_beside_trigrams(tmp_path: Path) -> None:
    said = "市民来电反映:龙华区滨海大道56号门口的路灯连续三晚不亮,行人看不见路,请市政管理局核实处理,谢谢!"
    other = "市民来电反映:龙华区龙昆南路公交站台的座椅断裂,老人没有地方坐,请市政管理局核实处理,谢谢!"
    names = ["ticket", *(f"category{level}" for level in range(1, 5)), "district", "text"]
    rows = [
        ("20180101000001", said),
        ("20180102000002", f"市民再次来电:工单编号20180101000001{said}至今没有人来修。"),
        ("20180103000003", other),
    ]
    file = tmp_path / "calls.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        written = csv.writer(stream)
        written.writerow(names)
        written.writerows(
            [number, "城市管理(部件类)", "公共设施", "路灯", "路灯", "龙华区", text] for number, text in rows
        )
    command: list[str | Path] = [ROOT / "bench" / "repeats", file, "--pairs", "20", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["pairs"] == {"true": 1, "chance": 20, "apart": 0}
    assert found["figures"][0]["recall"] == 100
    assert {"same_matter", "pg_trgm"} <= {each["measure"].split()[0] for each in found["figures"]}


def test_a_short_storm_climbs_every_rung_once_beside_plain_sql() -> None:
    small = ["--rows", "400", "--processes", "1", "--storm-seconds", "2", "--json"]
    command: list[str | Path] = [ROOT / "bench" / "escalation", *small]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["drain"]["climbed"] == dict.fromkeys(("cards", "different", "history", "events"), 400)
    assert found["outage"]["climbed"]["different"] == 80
    assert 0 < found["storm"]["late ms"]["p50"] <= found["storm"]["late ms"]["p99"]
    assert found["drain"]["timer, 1 process"]["CPU us/rung"]["service"] > 0


def test_a_short_queue_is_delivered_and_recorded_beside_the_bare_clients() -> None:
    short = ["--deliveries", "300", "--rounds", "1", "--processes", "2", "--tickets", "0", "--json"]
    command: list[str | Path] = [ROOT / "bench" / "webhooks", *short]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {"bare aiohttp", "aiohttp, addresses checked", "httpx"} <= set(found["clients"])
    assert all(each["posts/s"] > 0 and each["CPU us"] > 0 for each in found["clients"].values())
    in_rounds = ("90 endpoints", "89 and one dead", "90 endpoints, 2 processes")
    queues = [found["one endpoint"], *(each for name in in_rounds for each in found[name])]
    assert len(queues) == 4
    assert all(each["delivered/s"] > 0 and each["CPU us"]["courier"] > 0 for each in queues)
    assert set(found["a dead one costs"]) == {"time %", "CPU %"}
