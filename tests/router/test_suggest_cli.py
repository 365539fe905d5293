"""`hotline suggest`: a city trains on its own calls, and reads what it may expect."""

import csv
import gzip
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from router.domain.suggest.model import suggest_by_model
from router.model_file import load_model
from tests.command_line import app
from tests.test_docs import ROOT

PLACES = [
    f"{street}{number}号" for street in ("解放路", "新民街", "长堤巷", "和平里") for number in (3, 8, 15, 27)
]
SAYINGS = {
    "水务集团": ("{}停水两天没有人来修", "{}水管爆裂往外喷水", "住在{}，自来水发黄不能喝"),
    "公交公司": ("在{}等公交，司机甩站不停", "公交车在{}急刹车，乘客摔倒", "{}公交站牌坏了看不清"),
    "城管局": ("{}有人占道摆摊卖烧烤", "{}门前违法搭建铁皮棚", "{}夜市摊贩占道，行人无法通过"),
}
ROWS = [
    {"text": saying.format(place), "unit": unit, "matter": f"{unit}{place}"}
    for unit, sayings in SAYINGS.items()
    for saying in sayings
    for place in PLACES
]
TEXT = ("--text", "text")
COLUMNS = (*TEXT, "--label", "unit")
RIGHT = "水务集团"


def a_file(path: Path, rows: list[dict[str, str]], encoding: str = "utf-8") -> Path:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["matter", "text", "unit"], restval="")
    writer.writeheader()
    writer.writerows(rows)
    written = out.getvalue().encode(encoding)
    path.write_bytes(gzip.compress(written) if path.suffix == ".gz" else written)
    return path


def suggest(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["suggest", *map(str, arguments)])


def answer(*arguments: str | Path) -> dict[str, Any]:
    done = suggest(*arguments, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained once on a few made-up calls."""
    folder = tmp_path_factory.mktemp("trained")
    out = folder / "unit.model"
    done = suggest("train", a_file(folder / "calls.csv.gz", ROWS), *COLUMNS, "--out", out)
    assert done.exit_code == 0, done.output
    return out


def test_the_model_says_what_it_was_trained_on_and_its_evaluation_stands_beside_it(model: Path) -> None:
    facts = load_model(model).facts
    assert (facts.source, facts.rows, facts.text_column, facts.label_column) == (
        "calls.csv.gz",
        len(ROWS),
        "text",
        "unit",
    )
    assert facts.version.endswith(facts.source_sha256[:8])
    beside = json.loads((model.parent / "unit.model.evaluation.json").read_text("utf-8"))
    assert beside["model"]["version"] == facts.version
    assert {"n", "top1", "top3", "macro_f1", "coverage", "reliability", "labels"} <= beside.keys()
    assert beside["n"] == sum(each["n"] for each in beside["labels"]) == len(ROWS)
    assert sum(each["n"] for each in beside["reliability"]) == len(ROWS)
    assert list(beside["coverage"]) == list(facts.thresholds) == ["0.95", "0.97", "0.99"]
    assert sum(facts.shares.values()) == pytest.approx(1)


def test_new_calls_get_the_right_label_and_the_word_that_says_it(model: Path) -> None:
    best = suggest_by_model(load_model(model), "人民北路一处水管爆裂，请城管局核实处理").best
    assert best is not None
    assert best.label == RIGHT
    assert "水管" in "".join(word.text for word in best.words)


def test_the_same_file_gives_the_same_model(model: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.model"
    suggest("train", a_file(tmp_path / "calls.csv", ROWS), *COLUMNS, "--out", again)
    one, other = load_model(model), load_model(again)
    assert (one.known, one.labels) == (other.known, other.labels)
    assert (one.weights == other.weights).all()


def test_the_figures_are_those_of_a_hand_count(model: Path, tmp_path: Path) -> None:
    rows = [
        {"text": "东湖路停水两天没有人来修", "unit": "水务集团"},
        {"text": "公交车在东湖路急刹车", "unit": "公交公司"},
        {"text": "东湖路有人占道摆摊", "unit": "水务集团"},
        {"text": "东湖路夜市摊贩占道", "unit": "教育局"},
        {"text": "", "unit": "城管局"},
        {"text": "东湖路停水", "unit": " "},
    ]
    found = answer("evaluate", model, a_file(tmp_path / "test.csv", rows), *COLUMNS)
    assert (found["n"], found["top1"], found["top3"]) == (4, 2 / 4, 3 / 4)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1 + 0 + 0) / 4)
    assert found["ms_per_call"] > 0
    assert list(found["coverage"]) == ["0.95", "0.97", "0.99"]
    loaded = load_model(model)
    for promised, each in found["coverage"].items():
        threshold = loaded.facts.thresholds[promised]
        bests = [(suggest_by_model(loaded, row["text"]).best, row["unit"]) for row in rows[:4]]
        sure = [
            best.label == unit
            for best, unit in bests
            if best and threshold is not None and best.confidence >= threshold
        ]
        precision = sum(sure) / len(sure) if sure else None
        assert each == {"threshold": threshold, "coverage": len(sure) / 4, "precision": precision}


def test_rows_left_out_and_labels_never_seen_are_told(model: Path, tmp_path: Path) -> None:
    rows = [*ROWS[:3], {"text": "停水", "unit": ""}, {"text": "校车超载", "unit": "教育局"}]
    done = suggest("evaluate", model, a_file(tmp_path / "test.csv", rows), *COLUMNS)
    assert done.exit_code == 0, done.output
    assert "1 rows skipped" in done.stderr
    assert "1 rows have a label the model has never seen" in done.stdout
    assert "教育局" in done.stdout


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("name", ["calls.csv", "calls.csv.gz"])
def test_a_file_is_read_whatever_wrote_it(model: Path, tmp_path: Path, name: str, encoding: str) -> None:
    file = a_file(tmp_path / name, ROWS[:30], encoding)
    assert answer("evaluate", model, file, *COLUMNS)["top1"] == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("text,部门\n停水,水务\n".encode(), "no column unit; it has text、部门"),
        (b"", "no column text, unit"),
        ("text,unit\n停水,水务\n".encode("utf-16"), "neither UTF-8 nor GB18030"),
        (b"\x1f\x8bnot really", "no whole gzip file"),
        (gzip.compress(b"text,unit\n" * 99, mtime=0)[:-9], "no whole gzip file"),
        (b"text,unit\nwater,one\n", "too few"),
        (("text,unit\n" + "停水,水务\n" * 30).encode(), "too few"),
        (("text,unit\n" + "停水,水务\n" * 30 + "占道,城管\n").encode(), "nothing to learn"),
    ],
)
def test_a_file_that_teaches_nothing_is_refused_in_one_line(tmp_path: Path, given: bytes, said: str) -> None:
    file, out = tmp_path / "calls.csv", tmp_path / "unit.model"
    file.write_bytes(given)
    done = suggest("train", file, *COLUMNS, "--out", out)
    assert done.exit_code == 1, done.output
    assert said in done.stderr
    assert not out.exists()


def test_broken_lines_are_left_out_loudly(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(a_file(tmp_path / "whole.csv", ROWS[:3]).read_text("utf-8") + "只有一格\n", "utf-8")
    done = suggest("evaluate", model, file, *COLUMNS, "--json")
    assert json.loads(done.stdout)["n"] == 3
    assert "1 rows skipped: not the columns of the header" in done.stderr


def test_a_group_stays_on_one_side_of_every_split(tmp_path: Path) -> None:
    file, out = a_file(tmp_path / "calls.csv", ROWS), tmp_path / "unit.model"
    whole = answer("train", file, *COLUMNS, "--out", out)
    found = answer("train", file, *COLUMNS, "--group", "matter", "--out", out)
    assert found["groups"] <= min(whole["groups"], len(SAYINGS) * len(PLACES))


def test_names_that_mean_the_same_are_one_label_in_training_and_in_trying(tmp_path: Path) -> None:
    same, out = tmp_path / "same.csv", tmp_path / "unit.model"
    same.write_text("name,same_as\n自来水公司,水务集团\n", "utf-8")
    other = [
        {**row, "unit": "自来水公司"} if row["unit"] == RIGHT and number % 2 else row
        for number, row in enumerate(ROWS)
    ]
    file = a_file(tmp_path / "calls.csv", other)
    trained = answer("train", file, *COLUMNS, "--same", same, "--out", out)
    assert [each["label"] for each in trained["labels"]] == sorted(SAYINGS)
    new = a_file(tmp_path / "new.csv", [{"text": "人民北路停水两天没有人来修", "unit": "自来水公司"}])
    assert answer("evaluate", out, new, *COLUMNS)["top1"] == 0
    assert answer("evaluate", out, new, *COLUMNS, "--same", same)["top1"] == 1


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("a,b\na,c\n", "a is said to be the same as b and as c"),
        ("a,b\nb,c\n", "a is the same as b, which is the same as c"),
        ("a,a\n", "a is the same as a, which is the same as a"),
    ],
)
def test_names_that_mean_several_are_refused(tmp_path: Path, lines: str, said: str) -> None:
    same = tmp_path / "same.csv"
    same.write_text(f"name,same_as\n{lines}", "utf-8")
    file = a_file(tmp_path / "calls.csv", ROWS)
    done = suggest("train", file, *COLUMNS, "--same", same, "--out", tmp_path / "unit.model")
    assert (done.exit_code, said in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("command", ["evaluate", "drift"])
def test_a_file_that_is_no_model_is_said_in_one_line(tmp_path: Path, command: str) -> None:
    foreign, file = tmp_path / "foreign.model", a_file(tmp_path / "calls.csv", ROWS)
    foreign.write_bytes(b"no model")
    done = suggest(command, foreign, file, *(COLUMNS if command == "evaluate" else TEXT))
    assert (done.exit_code, len(done.stderr.splitlines())) == (1, 1)
    assert "is no model" in done.stderr


def test_a_model_is_not_written_into_a_folder_that_is_not_there(tmp_path: Path) -> None:
    done = suggest("train", a_file(tmp_path / "c.csv", ROWS), *COLUMNS, "--out", tmp_path / "no" / "m")
    assert (done.exit_code, "There is no folder" in done.stderr) == (1, True)


def test_calls_like_those_of_the_training_have_not_drifted(model: Path, tmp_path: Path) -> None:
    found = answer("drift", model, a_file(tmp_path / "calls.csv", ROWS), *TEXT)
    assert (found["verdict"], found["n"]) == ("stable", len(ROWS))
    assert [each["measure"] for each in found["findings"]] == [
        "label_shares",
        "mean_confidence",
        "unknown_text",
    ]


def test_calls_about_something_else_have_drifted_and_the_command_fails(model: Path, tmp_path: Path) -> None:
    rows = [{"text": f"校车超载，学生家长第{number}次来电", "unit": ""} for number in range(120)]
    done = suggest("drift", model, a_file(tmp_path / "calls.csv", rows), *TEXT)
    assert (done.exit_code, "drifted" in done.stdout) == (1, True)


def test_a_few_calls_say_nothing_about_drift(model: Path, tmp_path: Path) -> None:
    assert answer("drift", model, a_file(tmp_path / "calls.csv", ROWS[:9]), *TEXT)["verdict"] == "too_few"


def test_one_text_is_tried_with_the_model_or_with_the_names_and_it_says_which(
    model: Path, tmp_path: Path
) -> None:
    names = tmp_path / "categories.csv"
    names.write_text("code,name\n0301,占道经营\n0201,施工噪声\n", "utf-8")
    by_model = answer("try", "和平里3号停水两天", "--model", model, "--names", names)
    assert by_model["source"] == f"model {load_model(model).facts.version}"
    assert by_model["candidates"][0]["label"] == RIGHT
    by_names = answer("try", "有人占道经营，请城管局核实处理", "--names", names)
    assert (by_names["source"], by_names["candidates"][0]["label"]) == ("lexicon", "0301")
    assert by_names["named_units"] == ["城管局"]
    assert suggest("try", "停水").exit_code == 2


def test_what_learns_is_not_loaded_by_other_commands() -> None:
    code = (
        "import sys, services.composition; from services.__main__ import command_line; command_line();"
        " print(sorted({'scipy', 'sklearn'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_measurement_says_plainly_that_it_has_no_data() -> None:
    command = [sys.executable, "-m", "bench.suggest", "no-such-file.csv.gz"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "No data" in done.stdout


def test_the_measurement_has_figures_for_every_form_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "tickets.csv"
    rows = [
        {
            "month": "201804" if place == PLACES[0] else "201803",
            "text": saying.format(place),
            "text_without_unit_hint": saying.format(place),
            "unit_without_place": unit,
        }
        for unit, sayings in SAYINGS.items()
        for saying in sayings
        for place in PLACES
    ]
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    command: list[str | Path] = [sys.executable, "-m", "bench.suggest", file, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    as_is, stripped = json.loads(done.stdout)
    assert (as_is["setting"], stripped["setting"]) == ("as is", "hint stripped")
    assert as_is["trained_on"] == len(rows) - 9
    assert as_is["tested_on"] + as_is["duplicates_left_out"] == 9
    assert as_is["baseline_top3"] == as_is["found"]["top3"] == 1
    assert as_is["rss_mb"] > 0
