"""Rows out of a history: the most general that explains a subtree, and only with evidence."""

import csv
import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from router.domain.learning import Past, learn, measured, wilson
from tests.command_line import app


def past(path: str, place: str, department: str, count: int) -> list[Past]:
    return [Past(tuple(path.split("/")), place, department)] * count


@pytest.mark.parametrize(
    ("agreeing", "tickets", "bound"), [(3, 3, 0.4385), (90, 100, 0.8256), (0, 10, 0.0), (0, 0, 0.0)]
)
def test_the_lower_bound_of_wilsons_interval(agreeing: int, tickets: int, bound: float) -> None:
    assert wilson(agreeing, tickets) == pytest.approx(bound, abs=1e-4)


def test_the_most_general_row_that_explains_a_subtree_is_preferred() -> None:
    history = past("城管/占道", "龙华区", "执法局", 40) + past("城管/广告", "美兰区", "执法局", 40)
    (row,) = learn(history, 0.8, 10)
    assert (row.path, row.place, row.department, row.tickets) == (("城管",), "", "执法局", 80)


def test_what_goes_elsewhere_in_one_district_or_one_class_has_a_row_of_its_own() -> None:
    history = [
        *past("城管/占道", "龙华区", "执法局", 200),
        *past("城管/占道", "美兰区", "执法局", 200),
        *past("城管/路灯", "龙华区", "市政局", 30),
        *past("城管/广告", "美兰区", "美兰分局", 30),
    ]
    found = {(each.path, each.place): each.department for each in learn(history, 0.8, 10)}
    assert found == {
        (("城管",), ""): "执法局",
        (("城管", "广告"), ""): "美兰分局",
        (("城管", "路灯"), ""): "市政局",
    }
    told = measured(learn(history, 0.8, 10), history)
    assert (told.coverage, told.agreement) == (1.0, 1.0)


def test_what_has_no_evidence_is_left_to_people() -> None:
    split = past("城管/占道", "龙华区", "甲", 20) + past("城管/占道", "龙华区", "乙", 20)
    few = past("城管/占道", "龙华区", "甲", 9)
    assert learn(split, 0.8, 10) == []
    assert learn(few, 0.8, 10) == []
    assert learn([], 0.8, 10) == []


def test_a_row_bears_its_evidence_in_words() -> None:
    (row,) = learn(past("城管/占道", "龙华区", "甲", 40), 0.8, 10)
    assert row.note() == "历史40件中40件由该单位办理(100.0%),威尔逊下限91.2%;类别路径:城管"


def test_a_file_is_learnt_from_at_the_command_line(tmp_path: Path) -> None:
    history, out = tmp_path / "history.csv.gz", tmp_path / "rows.csv"
    lines = (
        ["大类,小类,区,单位"]
        + ["城管,占道,460106,urban-management"] * 40
        + ["城管,路灯,,municipal-works"] * 40
    )
    history.write_bytes(gzip.compress("\n".join(lines).encode("gb18030")))
    columns = ["--category", "大类,小类", "--division", "区", "--department", "单位"]
    command = ["jurisdictions", "learn", str(history), *columns, "--out", str(out), "--json"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "rows": 2,
        "history": {"tickets": 80, "coverage": 1.0, "agreement": 1.0},
    }
    rows = list(csv.DictReader(out.read_text("utf-8-sig").splitlines()))
    assert {(row["category"], row["department"]) for row in rows} == {
        ("城管", "urban-management"),
        ("城管/路灯", "municipal-works"),
    }


def test_a_column_the_file_does_not_have_is_named(tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    history.write_text("a,b\n1,2\n")
    columns = ["--category", "a", "--division", "区", "--department", "b"]
    command = ["jurisdictions", "learn", str(history), *columns, "--out", str(tmp_path / "rows.csv")]
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, done.stderr) == (1, "hotline: history.csv has no column 区; it has a、b.\n")
