"""The departments and the jurisdiction table that ship, judged by brute force over all rows."""

import csv
import re
from collections import Counter
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from router.defaults import rows as shipped
from router.department_sheet import lint as lint_departments
from router.department_sheet import read_sheet
from router.domain.area import Area, by_code
from router.domain.inquiry import Inquiry
from router.domain.known import Known, KnownDepartment
from router.domain.lint import lint
from router.domain.matching import JurisdictionTable, decide
from router.shipped import shipped_sheet
from tests.router.sheets import HEADER

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 23)
CITY = "460100000000"
DISTRICTS = {"460105": "xiuying", "460106": "longhua", "460107": "qiongshan", "460108": "meilan"}
COLUMNS = {
    "departments": "code,name,level,division,parent,credit_code,enterprise,aliases,valid_from,valid_to",
    "jurisdictions": HEADER,
}
EXAMPLE = "海口市派单目录（示例，待市里确认）"

Row = dict[str, str]


def read(path: str) -> list[Row]:
    with (ROOT / f"{path}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


DEPARTMENTS = {row["code"]: row for row in read("router/reference/departments")}
JURISDICTIONS = read("router/reference/jurisdictions")
PLAIN = [row for row in JURISDICTIONS if not (row["area"] or row["keywords"] or row["attributes"])]
DIVISIONS = {row["code"]: row for row in read("intake/reference/divisions")}
CATEGORIES = {row["code"]: row for row in read("intake/reference/categories")}
TOWNSHIPS = [code for code, row in DIVISIONS.items() if row["level"] == "township"]
MATTERS = [code for code, row in CATEGORIES.items() if row["parent"]]


def in_force(row: Row, day: date) -> bool:
    ends = row["valid_to"]
    return date.fromisoformat(row["valid_from"]) <= day and (not ends or day <= date.fromisoformat(ends))


def winners(category: str, division: str, day: date = TODAY) -> list[Row]:
    """
    Every row of the most specific pair: the longest category first, then the longest division.

    Of a ticket that says nothing but its category and place, so rows with more conditions do not count.
    """
    fits = [
        row
        for row in PLAIN
        if in_force(row, day)
        and category.startswith(row["category"])
        and division.startswith(row["division"])
    ]
    best = max(((len(row["category"]), len(row["division"])) for row in fits), default=None)
    return [row for row in fits if (len(row["category"]), len(row["division"])) == best]


def decided(category: str, division: str) -> str | None:
    """The department that a ticket goes to by itself, or None when a person decides."""
    found = winners(category, division)
    return found[0]["department"] or None if len(found) == 1 else None


@pytest.mark.parametrize(("name", "count"), [("departments", 140), ("jurisdictions", 311)])
def test_a_file_has_its_columns_and_one_line_per_row(name: str, count: int) -> None:
    raw = (ROOT / "router" / "reference" / f"{name}.csv").read_bytes()
    assert raw.decode("utf-8").splitlines()[0] == COLUMNS[name]
    assert raw.endswith(b"\n")
    assert b"\r" not in raw
    rows = read(f"router/reference/{name}")
    assert raw.count(b"\n") == len(rows) + 1
    keys = [next(iter(row.values())) for row in rows]
    assert len(keys) == len(set(keys)) == count


def test_a_department_is_named_once_and_placed_where_its_level_belongs() -> None:
    levels = {"city": "city", "district": "district", "township": "township"}
    for code, row in DEPARTMENTS.items():
        assert re.fullmatch(r"[a-z][a-z0-9-]{2,40}", code), code
        assert re.search(r"[一-鿿]", row["name"]), code
        assert DIVISIONS[row["division"]]["level"] == levels[row["level"]], code
    names = [row["name"] for row in DEPARTMENTS.values()]
    assert len(names) == len(set(names))


def test_the_sheet_that_ships_is_a_tree_without_faults() -> None:
    sheet = read_sheet((ROOT / "router" / "reference" / "departments.csv").read_text("utf-8"))
    assert lint_departments(sheet, {}, DIVISIONS) == []
    assert {unit.credit_code for unit in sheet.units.values()} == {None}
    assert sum(unit.enterprise for unit in sheet.units.values()) == 10


def test_there_is_a_unit_for_each_township_and_the_same_bodies_in_each_district() -> None:
    levels = Counter(row["level"] for row in DEPARTMENTS.values())
    assert levels == {"city": 46, "district": 48, "township": 46}
    assert sorted(TOWNSHIPS) == sorted(
        row["division"] for row in DEPARTMENTS.values() if row["level"] == "township"
    )
    bodies = {
        place: {
            code.removesuffix(f"-{slug}")
            for code, row in DEPARTMENTS.items()
            if row["level"] == "district" and row["division"] == f"{place}000000"
        }
        for place, slug in DISTRICTS.items()
    }
    assert len(bodies["460106"]) == 12
    assert all(each == bodies["460106"] for each in bodies.values())


def test_a_row_names_a_department_in_force_unless_a_person_decides() -> None:
    for row in JURISDICTIONS:
        assert row["mode"] in {"direct", "manual"}, row["id"]
        assert (row["mode"] == "manual") == (not row["department"]), row["id"]
        assert not row["department"] or in_force(DEPARTMENTS[row["department"]], TODAY), row["id"]
        assert row["legal_basis"], row["id"]


def test_a_row_speaks_of_a_known_class_and_place_by_its_prefix() -> None:
    for row in JURISDICTIONS:
        assert len(row["category"]) in {0, 2, 4, 6}, row["id"]
        assert len(row["division"]) in {0, 4, 6, 9, 12}, row["id"]
        assert bool(row["division"]) != bool(row["area"]), row["id"]
        assert not row["category"] or row["category"].ljust(6, "0") in CATEGORIES, row["id"]
        assert not row["division"] or row["division"].ljust(12, "0") in DIVISIONS, row["id"]
        assert row["id"].startswith(f"{row['category'] or 'fallback'}-{row['division'] or row['area']}")


def test_a_row_gives_a_place_to_a_department_that_serves_it() -> None:
    for row in JURISDICTIONS:
        if row["department"] and row["division"]:
            serves = DEPARTMENTS[row["department"]]["division"].rstrip("0")
            assert row["division"].startswith(serves), row["id"]


def test_no_duty_is_pushed_down_to_a_township() -> None:
    named = {DEPARTMENTS[row["department"]]["level"] for row in JURISDICTIONS if row["department"]}
    assert named == {"city", "district"}


def test_every_class_has_exactly_one_row_in_every_township() -> None:
    wrong = {
        (category, township): [row["id"] for row in found]
        for category, township in product(CATEGORIES, TOWNSHIPS)
        if len(found := winners(category, township)) != 1
    }
    assert wrong == {}


def test_no_named_matter_is_left_to_the_fallback() -> None:
    left = {
        category
        for category, township in product(MATTERS, TOWNSHIPS)
        if winners(category, township)[0]["category"] == ""
    }
    assert left == set()


def test_without_a_district_only_these_matters_wait_for_a_person() -> None:
    waiting = {category for category in MATTERS if decided(category, CITY) is None}
    assert waiting == {"040100", "040101", "040200", "040400", "100500", "140400"}


def test_a_city_wide_ticket_never_meets_two_rows() -> None:
    assert [code for code in CATEGORIES if len(winners(code, CITY)) > 1] == []


@pytest.mark.parametrize(("place", "slug"), DISTRICTS.items())
def test_an_unknown_matter_in_a_known_district_goes_to_its_government(place: str, slug: str) -> None:
    assert decided("", f"{place}000000") == f"government-{slug}"
    assert decided("", CITY) is None


@pytest.mark.parametrize(
    ("category", "division", "department"),
    [
        # construction noise in 滨海街道: decided by a city rule, not by the national law
        ("020100", "460106002000", "ecology-environment-longhua"),
        ("020100", CITY, "ecology-environment"),
        # parking: road, pavement, fire lane, compound; the word alone does not decide
        ("030100", "460106003000", "traffic-police"),
        ("030200", "460106003000", "urban-management-longhua"),
        ("030200", CITY, "urban-management"),
        ("030300", "460106003000", "fire-rescue"),
        ("040101", "460106003000", "housing-construction-longhua"),
        # unpaid wages at a site in 灵山镇: the place of work decides
        ("060100", "460108101000", "human-resources-meilan"),
        ("060100", CITY, "human-resources"),
        # the same stem, two units, one district
        ("010200", "460105002000", "urban-management-xiuying"),
        ("010200", "460105102000", "urban-management-xiuying"),
        ("050100", "460105002001", "water-group"),
        ("140100", "460106002000", "efficiency-centre"),
        ("140200", CITY, "efficiency-centre"),
    ],
)
def test_a_ticket_goes_to_the_department_a_clerk_would_name(
    category: str, division: str, department: str
) -> None:
    assert decided(category, division) == department


@pytest.mark.parametrize("category", ["140400", "140000"])
@pytest.mark.parametrize("division", [CITY, "460106000000", "460106002000"])
def test_what_may_be_a_report_about_an_official_waits_for_a_person(category: str, division: str) -> None:
    (row,) = winners(category, division)
    assert (row["mode"], row["department"]) == ("manual", "")


def test_rules_by_the_citys_noise_ordinance_begin_with_it() -> None:
    by_ordinance = [row for row in JURISDICTIONS if "海口市噪声污染防治办法" in row["legal_basis"]]
    assert {row["category"] for row in by_ordinance} == {"0201", "0202", "0203"}
    assert {row["valid_from"] for row in by_ordinance} == {"2025-02-01"}


def test_a_basis_is_a_law_or_says_that_it_is_an_example() -> None:
    other = {row["legal_basis"] for row in JURISDICTIONS} - {EXAMPLE}
    assert [basis for basis in other if not basis.startswith(("《", "国办发", "国办函"))] == []


KNOWN = Known(
    TODAY,
    {code: row["name"] for code, row in CATEGORIES.items()},
    {code: row["name"] for code, row in DIVISIONS.items()},
    {
        row["code"]: KnownDepartment(**{name: row[name] for name in KnownDepartment.__slots__})
        for row in shipped("departments")
    },
    by_code(
        Area(
            row["code"],
            row["name"],
            tuple(row["divisions"]),
            tuple((x, y) for x, y in row["outline"] or ()),
            row["valid_from"],
            row["valid_to"],
        )
        for row in shipped("areas")
    ),
)


def test_the_table_that_ships_is_without_a_fault() -> None:
    assert shipped_sheet().faults == ()
    assert [each.message for each in lint(shipped_sheet().rows, KNOWN)] == []


@pytest.mark.parametrize(
    ("category", "more", "department", "co_handlers"),
    [
        # S2: on the road, on the pavement, in a compound; the word parking alone does not decide
        ("030100", {}, "traffic-police", ()),
        ("030100", {"text": "车停在人行道上"}, "urban-management-longhua", ()),
        ("030100", {"text": "车停在小区内的人行道"}, "housing-construction-longhua", ()),
        ("030100", {"attributes": {"parking_place": "pavement"}}, "urban-management-longhua", ()),
        ("030200", {"attributes": {"parking_place": "road"}}, "traffic-police", ()),
        ("030200", {"attributes": {"parking_place": "compound"}}, "housing-construction-longhua", ()),
        # an agent who asked knows better than the words
        (
            "030100",
            {"text": "停在人行道边", "attributes": {"parking_place": "compound"}},
            "housing-construction-longhua",
            (),
        ),
        # S3: wages of a building site go by the place of work, with 住建 beside
        (
            "060100",
            {"text": "工地欠薪", "places": {"work": "460108101000"}},
            "human-resources-meilan",
            ("housing-construction-meilan",),
        ),
        ("060100", {"places": {"work": "460108101000"}}, "human-resources-meilan", ()),
        # 12315: the merchant's place of business
        ("070200", {"places": {"merchant": "460105001000"}}, "market-supervision-xiuying", ()),
        # special areas
        ("010300", {"areas": {"happened": ("jiangdong",)}}, "urban-management", ()),
        ("030500", {"areas": {"happened": ("xinhai-port",)}}, "transport-port", ("port-group",)),
    ],
)
def test_what_a_category_alone_must_not_decide_is_decided_by_what_else_is_known(
    category: str, more: dict[str, Any], department: str, co_handlers: tuple[str, ...]
) -> None:
    table = JurisdictionTable.of("shipped", shipped_sheet().rows)
    (row,) = decide(table, Inquiry(category, "460106003000", TODAY, **more))
    assert (row.department, row.co_handlers) == (department, co_handlers)
