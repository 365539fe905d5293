"""Where a call is about: tables a clerk could check."""

import pytest

from intake.domain.place.gazetteer import Gazetteer
from intake.domain.place.locate import Given, locate
from tests.intake.domain.place.conftest import path

ADDRESSES = [
    ("海口市龙华区金贸街道玉沙路9号", "龙华区/金贸街道"),
    ("海南省海口市美兰区蓝天街道办事处万华社区居委会", "美兰区/蓝天街道/万华社区居民委员会"),
    ("海口美兰区海府路街道办东湖里社区", "美兰区/海府街道/东湖里社区居民委员会"),
    ("龙华区大同路街道办某小区", "龙华区/大同街道"),
    ("秀英区海秀街道金鼎社区居民委员会", "秀英区/海秀街道/金鼎社区居民委员会"),
    ("秀英区海秀镇永庄村村民委员会", "秀英区/海秀镇/永庄村委会"),
    ("秀英区海秀镇水头村一队", "秀英区/海秀镇/水头村委会"),
    ("琼山区云龙镇云裕村委会", "琼山区/云龙镇/云裕村委会"),
    ("龙华区新坡镇新村村委会", "龙华区/新坡镇/新村村委会"),
    ("秀英区海秀镇新村村委会", "秀英区/海秀镇/新村村委会"),
    ("城西镇山高村3号", "龙华区/城西镇"),
    ("龙桥镇挺丰村委会", "龙华区/龙桥镇/挺丰村委会"),
    ("瓊山區府城街道北官社區居委會", "琼山区/府城街道/北官社区居委会"),
    ("海口桂林洋经济开发区迈进社区", "美兰区/海口桂林洋经济开发区（农场）/迈进社区"),
    ("美兰区,灵山镇", "美兰区/灵山镇"),
    ("龙华 区 金贸 街道", "龙华区/金贸街道"),
    ("海口市 龙华 区 金贸 街道 玉沙路9号", "龙华区/金贸街道"),
    ("美兰\u3000区,灵山  镇", "美兰区/灵山镇"),
    ("龙 华 区 金 贸 街 道", "龙华区/金贸街道"),
    ("秀英区 海秀镇 永庄 村委会", "秀英区/海秀镇/永庄村委会"),
]


@pytest.mark.parametrize(("address", "expected"), ADDRESSES)
def test_an_address_leads_to_the_deepest_division_it_names(
    address: str, expected: str, gazetteer: Gazetteer
) -> None:
    found = locate(Given(address=address), gazetteer)
    assert path(found.division) == expected
    assert found.problems == ()


UNDECIDED = [
    "海秀路3号",
    "海秀",
    "滨海大道100号",
    "椰海大道旁",
    "国兴大道与海府路路口",
    "琼山",
    "龙华那边",
    "城西 镇海路",
    "海府路 街道 脏乱",
    "龙华 路口",
    "府西路",
    "南海大道工地",
    "海甸五西路与滨海大道之间",
    "三亚市天涯区",
    "深圳市龙华区民治街道",
    "广州市龙华区",
    "琼海市嘉积镇人民大道",
    "儋州市那大镇大同路10号",
    "文昌市文城镇红旗镇",
    "深圳市宝安区龙华街道",
    "北京市朝阳区国贸",
    "乌鲁木齐市龙华路",
    "某村委会",
    "三联附近",
    "",
]


@pytest.mark.parametrize("text", UNDECIDED)
def test_a_stem_a_crossing_road_or_another_city_decides_nothing(text: str, gazetteer: Gazetteer) -> None:
    assert locate(Given(text=text), gazetteer).division is None
    assert locate(Given(address=text), gazetteer).division is None


TEXTS = [
    ("龙华区金龙路路灯不亮", "龙华区"),
    ("金贸街道有人占道经营,请核实", "龙华区/金贸街道"),
    ("海甸岛三东路积水", "美兰区"),
    ("新埠岛一处井盖破损", "美兰区/新埠街道"),
    ("府城镇忠介路夜市扰民", "琼山区"),
    ("海口市人民大道积水,请市政核实", "美兰区"),
    ("秀英大道与南海大道路口信号灯坏了", "秀英区"),
    ("海甸五西路的公园缺少座椅", "美兰区"),
    ("龙华区滨濂村停水", "龙华区/海垦街道"),
    ("新坡镇群益村委会道路破损", "龙华区/新坡镇/群益村委会"),
    ("某大厦漏水,请龙华区政府核实处理", "龙华区"),
    ("户籍在文昌市,现在龙华区办理居住证", "龙华区"),
    ("从文昌市文城镇到海口市美兰区的班车", "美兰区"),
    ("家在文昌市文城镇,在龙华区租房", "龙华区"),
    ("秀英区政府对面的工地夜间施工", "秀英区"),
    ("市民在海口东站附近的琼山区凤翔街道捡到钱包", "琼山区/凤翔街道"),
    ("户口在秀英区,家在美兰区和平南街道,家里停电", "美兰区/和平南街道"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_free_words_decide_where_they_name_one_place(text: str, expected: str, gazetteer: Gazetteer) -> None:
    assert path(locate(Given(text=text), gazetteer).division) == expected


OPEN = [
    ("龙华区的车开到美兰区就坏了", ["龙华区", "美兰区"]),
    ("从海甸岛到秀英港的公交等了一小时", ["秀英区", "美兰区"]),
    ("从美兰机场搭出租车回城里被司机绕路", ["美兰区"]),
    ("其户口在琼山区,咨询如何办理护照", ["琼山区"]),
    ("龙华区教育局与秀英区教育局互相推诿", ["龙华区", "秀英区"]),
    ("新村村委会不开证明", ["秀英区/海秀镇/新村村委会", "龙华区/新坡镇/新村村委会"]),
]


@pytest.mark.parametrize(("text", "expected"), OPEN)
def test_an_open_place_is_null_with_candidates(text: str, expected: list[str], gazetteer: Gazetteer) -> None:
    found = locate(Given(text=text), gazetteer)
    assert found.division is None
    assert sorted(path(each) for each in found.candidates) == sorted(expected)
    assert found.evidence == ()


def test_two_streets_of_one_district_leave_the_district(gazetteer: Gazetteer) -> None:
    found = locate(Given(text="龙华区金贸街道和龙华区大同街道都停水"), gazetteer)
    assert path(found.division) == "龙华区"
    assert [path(each) for each in found.candidates] == ["龙华区/金贸街道", "龙华区/大同街道"]


def test_declared_names_lead_down_and_silent_ones_are_passed_over(gazetteer: Gazetteer) -> None:
    found = locate(Given(names=("美兰区", "白龙街道办事处", "undefined")), gazetteer)
    assert path(found.division) == "美兰区/白龙街道"
    assert locate(Given(names=("全市", "", "undefined")), gazetteer).division is None
    assert locate(Given(names=("全市",)), gazetteer).problems == ()


def test_a_declared_name_that_is_none_is_told(gazetteer: Gazetteer) -> None:
    found = locate(Given(names=("龙华区", "不存在街道")), gazetteer)
    assert path(found.division) == "龙华区"
    assert [(each.code, each.detail) for each in found.problems] == [
        ("division_unknown", "「不存在街道」不在本市区划表中")
    ]


def test_a_declared_district_is_told_more_by_address_and_text(gazetteer: Gazetteer) -> None:
    given = Given(names=("琼山区",), address="凤翔街道迈瀛路", text="迈瀛社区居委会门口积水")
    assert path(locate(given, gazetteer).division) == "琼山区/凤翔街道/迈瀛社区居委会"


CONTRADICTIONS = [
    (Given(names=("琼山区",), address="龙华区金贸街道"), ""),
    (Given(names=("琼山区",), address="龙华区金贸街道", text="龙华区国贸路停电"), "龙华区/金贸街道"),
    (Given(names=("琼山区", "府城街道"), address="龙华区金贸街道"), "琼山区/府城街道"),
    (Given(division="460107000000", text="美兰区灵山镇停水"), "琼山区"),
    (Given(address="秀英区海秀街道", text="美兰区灵山镇停水"), ""),
    (Given(address="龙华区金贸街道", text="龙华区大同街道停电"), "龙华区/金贸街道"),
    (Given(names=("龙华区", "白龙街道")), ""),
]


@pytest.mark.parametrize(("given", "expected"), CONTRADICTIONS)
def test_a_contradiction_is_shown_and_settled_only_by_a_third_voice(
    given: Given, expected: str, gazetteer: Gazetteer
) -> None:
    found = locate(given, gazetteer)
    assert path(found.division) == expected
    assert "division_contradiction" in [each.code for each in found.problems]
    assert found.division or len(found.candidates) >= 2


def test_a_district_and_a_street_of_another_one_leave_both_as_candidates(gazetteer: Gazetteer) -> None:
    found = locate(Given(text="美兰区秀英街道停水"), gazetteer)
    assert found.division is None
    assert [path(each) for each in found.candidates] == ["美兰区", "秀英区/秀英街道"]
    assert [(each.code, each.detail) for each in found.problems] == [
        ("division_ambiguous", "诉求内容提到美兰区、秀英区"),
        ("division_contradiction", "诉求内容「美兰区」与「秀英街道」不一致"),
    ]


def test_an_address_that_contradicts_itself_leaves_both_as_candidates(gazetteer: Gazetteer) -> None:
    found = locate(Given(address="美兰区海秀街道"), gazetteer)
    assert found.division is None
    assert [path(each) for each in found.candidates] == ["美兰区", "秀英区/海秀街道"]


def test_a_district_beside_an_island_of_another_one_is_told(gazetteer: Gazetteer) -> None:
    found = locate(Given(text="琼山区海甸岛停水"), gazetteer)
    assert path(found.division) == "琼山区"
    assert [each.detail for each in found.problems] == ["诉求内容「琼山区」与「海甸岛」不一致"]


def test_of_two_full_addresses_the_one_written_last_counts(gazetteer: Gazetteer) -> None:
    address = "龙华区中山街道办事处竹林社区居委会琼山区滨江街道办事处下坎社区居委会"
    found = locate(Given(address=address), gazetteer)
    assert path(found.division) == "琼山区/滨江街道/下坎社区居委会"
    assert [each.code for each in found.problems] == ["division_ambiguous"]


def test_an_address_in_another_city_is_told(gazetteer: Gazetteer) -> None:
    found = locate(Given(address="三亚市吉阳区迎宾路"), gazetteer)
    assert found.division is None
    assert [(each.code, each.detail) for each in found.problems] == [
        ("outside_city", "诉求地址「三亚市」不在本市")
    ]


@pytest.mark.parametrize(
    "address",
    ["北京路", "重庆火锅店", "文昌鸡店", "广州酒家", "上海城", "成都小区", "湛江东二路", "中山市民广场"],
)
def test_what_is_named_after_a_city_is_not_in_it(address: str, gazetteer: Gazetteer) -> None:
    assert locate(Given(address=address), gazetteer).problems == ()


def test_a_market_named_after_a_city_is_not_in_it(gazetteer: Gazetteer) -> None:
    found = locate(Given(address="龙华区东方市场南门"), gazetteer)
    assert (path(found.division), found.problems) == ("龙华区", ())
    assert locate(Given(address="三亚市场旁"), gazetteer).problems == ()


def test_every_level_says_what_decided_it(gazetteer: Gazetteer) -> None:
    found = locate(Given(names=("龙华区",), text="金贸街道国贸路有人占道"), gazetteer)
    assert [(each.field, each.value, each.source, each.words, each.certainty) for each in found.evidence] == [
        ("district", "龙华区", "declared", "龙华区", "exact"),
        ("street", "金贸街道", "text", "金贸街道", "exact"),
    ]


def test_a_district_that_was_not_named_follows_from_what_lies_in_it(gazetteer: Gazetteer) -> None:
    district, street = locate(Given(text="城西鎮停水"), gazetteer).evidence
    assert (district.value, district.source, district.words, district.certainty) == (
        "龙华区",
        "gazetteer",
        "城西鎮",
        "parent",
    )
    assert (street.value, street.source, street.words, street.certainty) == (
        "城西镇",
        "text",
        "城西鎮",
        "exact",
    )


@pytest.mark.parametrize(
    ("text", "certainty"),
    [("海甸岛停水", "alias"), ("万绿园路灯不亮", "landmark"), ("噪音扰民,请美兰区政府核实", "office")],
)
def test_evidence_says_how_sure_a_name_is(text: str, certainty: str, gazetteer: Gazetteer) -> None:
    assert [each.certainty for each in locate(Given(text=text), gazetteer).evidence][-1] == certainty


def test_aliases_of_a_landmark_group_calls_about_one_place(gazetteer: Gazetteer) -> None:
    names = {
        locate(Given(text=text), gazetteer).landmark for text in ("美兰机场停车难", "海口美兰国际机场停车难")
    }
    assert names == {"海口美兰国际机场"}


def test_coordinates_come_out_as_degrees(gazetteer: Gazetteer) -> None:
    found = locate(Given(x=20.02, y=110.35, coordinate_system="wgs84"), gazetteer)
    assert (found.longitude, found.latitude) == (110.35, 20.02)
    assert [each.code for each in found.problems] == ["coordinates_swapped"]
