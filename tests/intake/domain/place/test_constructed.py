"""Addresses put together from the gazetteer as callers and operators write them, the answer known."""

from itertools import cycle

import pytest

from intake.domain.place.gazetteer import Gazetteer
from intake.domain.place.locate import Given, locate
from tests.intake.domain.place.conftest import NAMES, path, places

VILLAGES = [code for code in NAMES if code[9:] != "000"]
TOWNSHIPS = [code for code in NAMES if code[9:] == "000" and code[6:9] != "000"]
BEFORE = (
    "",
    "海口市",
    "海口",
    "海南海口",
    "海南省海口市",
    "海南省 海口市 ",
    "海南省,海口市,",
    "（海南省）海口市",
    "中国海南省海口市市辖区",
)
BEHIND = ("", "3号", "附近", "1栋2单元301房", "路口", "一巷5号")
BETWEEN = ("", " ", "\u3000", ",", "，", "、", "-", "/", "|", "—")
ELSEWHERE = [name for each in places("elsewhere") for name in (each.name, *each.aliases)]
OURS_AND_ELSEWHERE = (
    "龙华区民治街道",
    "中山街道",
    "红旗镇",
    "三江镇",
    "人民大道",
    "大同路10号",
    "万达广场",
    "光明村委会",
    "国贸",
)


def named(code: str) -> tuple[str, str, str]:
    return NAMES[code[:6] + "000000"], NAMES[code[:9] + "000"], NAMES[code]


def streets(name: str) -> tuple[str, ...]:
    """Return a street as it is written, its suffix too short, too long and twice."""
    if not name.endswith("街道"):
        return name, name + name, name + "人民政府辖区", name + "镇政府辖区"
    ways = ("街道", "街道办事处", "街道办", "街办", "路街道办", "街道街道办事处", "街道 办事处")
    return name * 2, *(name.removesuffix("街道") + each for each in ways)


@pytest.mark.parametrize("between", BETWEEN)
def test_every_village_is_found_whatever_parts_the_names(between: str, gazetteer: Gazetteer) -> None:
    before, behind = cycle(BEFORE), cycle(BEHIND)
    for code in VILLAGES:
        address = next(before) + between.join(named(code)) + next(behind)
        found = locate(Given(address=address), gazetteer)
        assert (found.division, found.problems) == (code, ()), address


def test_every_village_is_found_behind_any_way_to_write_its_street(gazetteer: Gazetteer) -> None:
    for code in VILLAGES:
        district, street, village = named(code)
        for each in streets(street):
            address = f"{district}{each}{village}"
            assert locate(Given(address=address), gazetteer).division == code, address


def test_every_street_is_found_however_its_suffix_is_written(gazetteer: Gazetteer) -> None:
    behind = cycle(BEHIND)
    for code in TOWNSHIPS:
        for each in streets(NAMES[code]):
            address = f"海口市{NAMES[code[:6] + '000000']}{each}{next(behind)}"
            assert locate(Given(address=address), gazetteer).division == code, address


def test_what_lies_in_any_other_city_or_county_of_the_country_is_not_ours(gazetteer: Gazetteer) -> None:
    ours = cycle(OURS_AND_ELSEWHERE)
    for name in ELSEWHERE:
        address = f"{name}{next(ours)}"
        found = locate(Given(address=address), gazetteer)
        assert found.division is None, address
        assert [each.code for each in found.problems] == ["outside_city"], address
        assert locate(Given(text=f"市民来电反映:{address}停水"), gazetteer).division is None, address


@pytest.mark.parametrize("text", ["事发地点在{a},来电人现住{b}", "{b}的市民反映,诉求地点:{a}"])
def test_of_a_matter_that_is_said_to_be_in_another_city_nothing_is_here(
    text: str, gazetteer: Gazetteer
) -> None:
    for name, code in zip(ELSEWHERE, cycle(VILLAGES), strict=False):
        said = text.format(a=name, b="".join(named(code)))
        assert locate(Given(text=said), gazetteer).division is None, said


def test_who_is_from_another_city_may_tell_of_a_place_of_ours(gazetteer: Gazetteer) -> None:
    villages = cycle(VILLAGES)
    for name in ELSEWHERE:
        code = next(villages)
        for text in ("户籍{},现住海口市{}", "{}的王先生反映:在{}", "从{},海口市{}"):
            said = text.format(name, "".join(named(code))) + "停水"
            assert locate(Given(text=said), gazetteer).division == code, said


@pytest.mark.parametrize(
    "matter",
    [
        "消防通道被占用",
        "消防栓漏水",
        "市政管道破裂",
        "环卫工人乱倒垃圾",
        "园林绿化带枯死",
        "卫生状况差",
        "卫生院收费不合理",
        "文化广场噪音",
        "农业大棚倒塌",
        "住房漏水",
        "劳动者被欠薪",
    ],
)
def test_a_matter_named_like_an_office_is_where_it_is(matter: str, gazetteer: Gazetteer) -> None:
    assert path(locate(Given(text=f"琼山区府城街道{matter}"), gazetteer).division) == "琼山区/府城街道"
    said = f"秀英区石山镇{matter},请龙华区消防核实处理"
    assert path(locate(Given(text=said), gazetteer).division) == "秀英区/石山镇"


TWO_PLACES = [
    "不是{a},是{b}",
    "更正:不在{a},在{b}",
    "事发地点并非{a},应为{b}",
    "户籍在{a},现在{b}租房",
    "联系地址:{a};事发地址:{b}",
    "{b}停水,责任单位不是{a}",
    "不归{a}管,归{b}管",
    "我不住在{a},住{b}",
    "搬离{a}以后,{b}停水",
    "{b}停水。回访地址:{a}",
]


@pytest.mark.parametrize("text", TWO_PLACES)
def test_of_two_places_the_one_denied_or_only_the_callers_does_not_count(
    text: str, gazetteer: Gazetteer
) -> None:
    for code, other in zip(VILLAGES, reversed(VILLAGES), strict=True):
        if code[:6] != other[:6]:
            said = text.format(a="".join(named(other)), b="".join(named(code)))
            assert locate(Given(text=said), gazetteer).division == code, said


@pytest.mark.parametrize("text", ["不是{a}、{b}的,停水", "不在{a}或{b},停水", "户籍在{a}和{b}的人"])
def test_of_two_places_denied_together_or_only_the_callers_neither_counts(
    text: str, gazetteer: Gazetteer
) -> None:
    for code, other in zip(VILLAGES, reversed(VILLAGES), strict=True):
        said = text.format(a="".join(named(other)), b="".join(named(code)))
        assert locate(Given(text=said), gazetteer).division is None, said


@pytest.mark.parametrize(
    "text",
    ["从{a}到{b}的公交", "由{a}开往{b}的班车", "由{a}至{b}的路", "{a}与{b}交界处", "家住{a},反映{b}停水"],
)
def test_between_two_districts_nothing_is_certain(text: str, gazetteer: Gazetteer) -> None:
    for code, other in zip(VILLAGES, reversed(VILLAGES), strict=True):
        if code[:6] != other[:6]:
            said = text.format(a="".join(named(other)), b="".join(named(code)))
            assert locate(Given(text=said), gazetteer).division is None, said


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("海口市龙华区",), "龙华区"),
        (("海南省海口市龙华区", "海口市龙华区金贸街道办事处"), "龙华区/金贸街道"),
        (("龙华区", "龙华区金贸街道", "玉沙社区"), "龙华区/金贸街道/玉沙社区居民委员会"),
        (("市辖区", "多个", "其它"), ""),
    ],
)
def test_a_column_may_spell_out_what_lies_above_it(
    names: tuple[str, ...], expected: str, gazetteer: Gazetteer
) -> None:
    found = locate(Given(names=names), gazetteer)
    assert (path(found.division), found.problems) == (expected, ())


@pytest.mark.parametrize(
    "name", ["龙华区政府", "龙华区、美兰区", "美兰区金贸街道", "三亚市", "海口市国贸路", "金贸"]
)
def test_a_column_that_says_something_else_as_well_is_told(name: str, gazetteer: Gazetteer) -> None:
    found = locate(Given(names=(name,)), gazetteer)
    assert (found.division, [each.code for each in found.problems]) == (None, ["division_unknown"])


def test_an_office_in_an_address_is_where_it_stands(gazetteer: Gazetteer) -> None:
    assert path(locate(Given(address="海口市龙华区教育局"), gazetteer).division) == "龙华区"
    assert path(locate(Given(address="秀英区长流镇政府"), gazetteer).division) == "秀英区/长流镇"
