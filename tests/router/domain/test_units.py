"""A unit fits its level, its division, its parent and its credit code, or a clerk reads what is wrong."""

from dataclasses import replace
from datetime import date

import pytest

from router.domain.units import Unit, acting, credit_code_fault, succeeded, unit_faults

DAY = date(2026, 11, 23)
SINCE = date(2019, 1, 1)
CITY, DISTRICT, STREET, VILLAGE = "460100000000", "460106000000", "460106002000", "460106002001"
DIVISIONS = {CITY, DISTRICT, STREET, VILLAGE, "460107000000"}

BUREAU = Unit("bureau", "某市局", "city", CITY, SINCE)
OFFICE = Unit("office", "某区局", "district", DISTRICT, SINCE, parent="bureau")
HOUSE = Unit("house", "某街道办", "township", STREET, SINCE, parent="office")
COMMITTEE = Unit("committee", "某居委会", "village", VILLAGE, SINCE, parent="house")
TREE = {each.code: each for each in (BUREAU, OFFICE, HOUSE, COMMITTEE)}


def says(unit: Unit, **others: Unit) -> list[tuple[str, str]]:
    units = {**TREE, unit.code: unit, **others}
    return [(each.column, each.says) for each in unit_faults(unit, units, DIVISIONS)]


@pytest.mark.parametrize("unit", TREE.values(), ids=lambda each: each.code)
def test_a_tree_of_four_levels_has_no_faults(unit: Unit) -> None:
    assert says(unit) == []


@pytest.mark.parametrize(
    ("changes", "column", "sentence"),
    [
        ({"level": "city"}, "level", "层级city与行政区划460106000000不符"),
        ({"level": "province"}, "level", "层级“province”不是city、district、township、village之一"),
        ({"division": "460199000000"}, "division", "没有行政区划460199000000"),
        ({"parent": "nobody"}, "parent", "没有上级单位nobody"),
        ({"parent": "office"}, "parent", "上级单位office又在office之下,成为循环"),
        ({"parent": "committee"}, "parent", "上级单位committee又在office之下,成为循环"),
        ({"valid_to": date(2018, 1, 1)}, "valid_to", "停用日期2018-01-01早于启用日期2019-01-01"),
        ({"name": "某市局"}, "name", "名称“某市局”与bureau重复"),
        ({"credit_code": "12345"}, "credit_code", "统一社会信用代码“12345”应为十八位数字或大写字母"),
    ],
)
def test_a_clerk_reads_what_is_wrong_with_a_unit(
    changes: dict[str, object], column: str, sentence: str
) -> None:
    assert says(replace(OFFICE, **changes)) == [(column, sentence)]  # type: ignore[arg-type]


def test_a_unit_serves_a_place_inside_its_parents_and_on_no_higher_level() -> None:
    elsewhere = replace(HOUSE, parent="other")
    other = Unit("other", "琼山区局", "district", "460107000000", SINCE)
    assert says(elsewhere, other=other) == [
        ("parent", "行政区划460106002000不在上级单位other的460107000000之内")
    ]
    above = Unit("above", "另一市局", "city", CITY, SINCE, parent="office")
    assert says(above) == [("parent", "上级单位office的层级低于above")]
    assert says(replace(above, parent="bureau")) == []


def test_two_units_may_bear_a_name_one_after_the_other() -> None:
    old = replace(BUREAU, code="old", valid_to=date(2018, 12, 31), valid_from=date(2010, 1, 1))
    assert says(old) == []


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("91350100M000100Y43", None),
        ("91350100M000100Y44", "统一社会信用代码91350100M000100Y44校验位不符"),
        ("91350100M000100Z43", "统一社会信用代码“91350100M000100Z43”应为十八位数字或大写字母"),
    ],
)
def test_a_credit_code_is_checked(code: str, fault: str | None) -> None:
    assert credit_code_fault(code) == fault


def test_a_units_matters_go_to_the_first_successor_that_is_there() -> None:
    first = replace(BUREAU, code="first", valid_to=date(2020, 12, 31), successor="second")
    second = replace(BUREAU, code="second", valid_to=date(2023, 12, 31), successor="bureau")
    units = {each.code: each for each in (first, second, BUREAU)}
    for day, who in ((date(2020, 6, 1), "first"), (date(2022, 1, 1), "second"), (DAY, "bureau")):
        found = acting("first", units, day)
        assert found is not None
        assert found.code == who
    assert succeeded(units, date(2020, 6, 1)) == {}
    assert succeeded(units, date(2022, 1, 1)) == {"first": "second"}
    assert succeeded(units, DAY) == {"first": "bureau", "second": "bureau"}
    assert (
        acting("first", {**units, "bureau": replace(BUREAU, valid_to=SINCE, successor="first")}, DAY) is None
    )
