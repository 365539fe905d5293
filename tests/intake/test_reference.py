"""The divisions, hotlines and categories that ship."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from schemas.hotlines import MergeMode

REFERENCE = Path(__file__).parents[2] / "intake" / "reference"
COLUMNS = {
    "divisions": "code,level,name,parent",
    "hotlines": "number,name,owner,mode,certainty,alias_of,statutory_procedure,redirect,department,"
    "valid_from,valid_to",
    "categories": "code,name,parent",
}
CHINESE = re.compile(r"[一-鿿]")


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def siblings(name: str) -> Counter[tuple[str, str]]:
    return Counter((row["parent"], row["name"]) for row in read(name))


DIVISIONS = {row["code"]: row for row in read("divisions")}
HOTLINES = {row["number"]: row for row in read("hotlines")}
CATEGORIES = {row["code"]: row for row in read("categories")}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_file_has_its_columns_one_line_per_row_and_no_stray_space(name: str) -> None:
    raw = (REFERENCE / f"{name}.csv").read_bytes()
    assert raw.decode("utf-8").splitlines()[0] == COLUMNS[name]
    assert raw.endswith(b"\n")
    assert b"\r" not in raw
    assert raw.count(b"\n") == len(read(name)) + 1
    cells = [cell for row in read(name) for cell in row.values()]
    assert [cell for cell in cells if cell != cell.strip()] == []


@pytest.mark.parametrize(("name", "distinct"), [("divisions", 518), ("categories", 101)])
def test_no_key_is_given_twice(name: str, distinct: int) -> None:
    keys = [next(iter(row.values())) for row in read(name)]
    assert len(keys) == len(set(keys)) == distinct


def test_a_number_has_one_line_a_day() -> None:
    lines = [(row["number"], row["valid_from"]) for row in read("hotlines")]
    assert len(lines) == len(set(lines)) == 71
    assert {number for number, many in Counter(number for number, _ in lines).items() if many > 1} == {
        "12356"
    }


def test_there_are_four_districts_and_forty_six_townships() -> None:
    assert Counter(row["level"] for row in DIVISIONS.values()) == {
        "city": 1,
        "district": 4,
        "township": 46,
        "village": 467,
    }


def test_a_division_lies_in_the_division_its_code_says() -> None:
    above = {"district": ("city", 4), "township": ("district", 6), "village": ("township", 9)}
    for code, row in DIVISIONS.items():
        assert re.fullmatch(r"4601\d{8}", code), code
        if row["level"] == "city":
            assert (code, row["parent"]) == ("460100000000", "")
            continue
        level, digits = above[row["level"]]
        assert DIVISIONS[row["parent"]]["level"] == level, code
        assert row["parent"] == (code[:digits]).ljust(12, "0"), code


def test_two_divisions_of_one_parent_never_share_a_name() -> None:
    assert {pair: n for pair, n in siblings("divisions").items() if n > 1} == {}


def test_the_street_and_the_town_of_haixiu_are_different_units() -> None:
    assert DIVISIONS["460105002000"]["name"] == "海秀街道"
    assert DIVISIONS["460105102000"]["name"] == "海秀镇"


def test_a_hotline_is_a_number_with_a_chinese_name_and_owner() -> None:
    for number, row in HOTLINES.items():
        assert re.fullmatch(r"\d{3,6}", number), number
        assert CHINESE.search(row["name"]), number
        assert CHINESE.search(row["owner"]), number
        assert row["mode"] in set(MergeMode), number
        assert bool(row["redirect"]) == (row["mode"] in {"not_merged", "emergency", "confidential"}), number
        assert row["alias_of"] in {"", *HOTLINES}, number
        assert row["certainty"] in {"found", "memory"}, number
        assert bool(row["department"]) == (row["mode"] == "subcentre"), number
    names = [row["name"] for row in HOTLINES.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("mode", "numbers"),
    [
        ("host", "12345"),
        ("parallel", "12315 12333 12320 12328 12329 12319 12369 12348 12393 12316 12317 12350 12385 12314"),
        ("subcentre", "12366 12360 12367 12313 12305"),
        ("merged", "12336 12318 12301 12312 12349 12358 12365 12331 12330 12396 12300 12322 96119"),
    ],
)
def test_these_hotlines_and_no_others_are_merged_in_this_way(mode: str, numbers: str) -> None:
    assert {number for number, row in HOTLINES.items() if row["mode"] == mode} == set(numbers.split())


@pytest.mark.parametrize(
    ("mode", "numbers"),
    [
        ("emergency", "110 119 120 122 12395"),
        ("confidential", "12388 12380 12389 12337 12310"),
    ],
)
def test_emergencies_and_reports_about_officials_are_not_taken_over(mode: str, numbers: str) -> None:
    assert {number for number, row in HOTLINES.items() if row["mode"] == mode} == set(numbers.split())


def test_each_sub_centre_names_a_department_there_is() -> None:
    with (REFERENCE.parents[1] / "router" / "reference" / "departments.csv").open(encoding="utf-8") as file:
        departments = {row["code"] for row in csv.DictReader(file, strict=True)}
    kept = {number: row["department"] for number, row in HOTLINES.items() if row["department"]}
    assert kept["12366"] == "taxation"
    assert set(kept.values()) <= departments


def test_the_lines_12315_absorbed_count_under_it() -> None:
    absorbed = {number for number, row in HOTLINES.items() if row["alias_of"] == "12315"}
    assert absorbed == {"12358", "12365", "12331", "12330"}


def test_a_category_lies_in_the_class_its_code_says() -> None:
    for code, row in CATEGORIES.items():
        assert re.fullmatch(r"\d{6}", code), code
        assert code[:2] != "00", code
        parents = [prefix.ljust(6, "0") for prefix in (code[:4], code[:2])]
        above = [parent for parent in parents if parent != code][:1]
        assert [row["parent"]] == (above or [""]), code
        assert row["parent"] in {"", *CATEGORIES}, code


def test_two_classes_of_one_parent_never_share_a_name() -> None:
    assert {pair: n for pair, n in siblings("categories").items() if n > 1} == {}


def test_every_big_class_has_its_middle_classes() -> None:
    middle = Counter(code[:2] for code in CATEGORIES if code[2:4] != "00" and code.endswith("00"))
    big = [f"{number:02}" for number in range(1, 15)]
    assert [code[:2] for code, row in CATEGORIES.items() if not row["parent"]] == big
    assert [middle[code] for code in big] == [9, 9, 7, 8, 5, 5, 8, 4, 6, 5, 5, 5, 5, 5]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("020100", "建筑施工噪声"),
        ("030100", "违法停车-道路"),
        ("030200", "违法停车-人行道"),
        ("030300", "消防通道占用"),
        ("040101", "小区内停车"),
        ("060100", "欠薪"),
        ("140400", "涉嫌违纪违法"),
        ("149900", "其他"),
    ],
)
def test_the_classes_that_the_rules_speak_of_keep_their_codes(code: str, name: str) -> None:
    assert CATEGORIES[code]["name"] == name
