"""Whether two calls are about one matter, and whether the second says anything new."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.domain.repeats import Account, marks, matter_key, new_facts, one_name, place_of, same_matter
from schemas.likeness import containment, likeness
from schemas.ticket import Call, Caller, Kind

ENDED = datetime(2026, 11, 20, 1, tzinfo=UTC)
LAMP = Account(
    "路灯不亮",
    "国兴大道与五指山路交叉口往东一百米的路灯连续三天晚上不亮,行人看不见路,容易摔倒",
    category="010500",
    division="460107001000",
)
WAGES = Account(
    "拖欠工资",
    "某建筑公司拖欠我和工友去年十月到十二月的工资共四万二千元,多次讨要老板都不接电话",
    category="060100",
    kind=Kind.COMPLAINT,
)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"text": LAMP.text + ",请尽快修复"}, True),
        (
            {"text": "国兴大道与五指山路交叉口往东一百米路灯三天晚上都不亮,行人看不见路容易摔倒,麻烦修一下"},
            True,
        ),
        ({"category": None}, True),
        ({"division": None}, True),
        ({"division": "460107000000"}, True),
        ({"category": "010100"}, False),
        ({"division": "460106002000"}, False),
        ({"text": "龙昆南路公交站台的座椅坏了,老人没有地方坐,希望更换"}, False),
    ],
)
def test_one_matter_is_alike_in_category_place_and_words(change: dict[str, object], same: bool) -> None:
    assert same_matter(LAMP, replace(LAMP, **change)).same is same  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "甲餐饮公司拖欠我三个月工资,多次讨要老板不接电话",
            "乙餐饮公司拖欠我三个月工资,多次讨要老板不接电话",
        ),
        (
            "我在甲餐饮有限公司打工,老板拖欠三个月工资不发,多次讨要",
            "乙餐饮公司老板拖欠三个月工资不发,我打工多次讨要没有用",
        ),
        (
            "车牌琼A12345的小车占用消防通道停放,物业一直不管",
            "车牌琼A54321的小车占用消防通道停放,物业一直不管",
        ),
        ("阳光小区旁工地夜间施工噪声很大,全家睡不着", "明光小区旁工地夜间施工噪声很大,全家睡不着"),
        ("大英山东一路路口的红绿灯坏了两天没人修", "大英山西一路路口的红绿灯坏了两天没人修"),
        ("海垦花园3号楼的电梯坏了三天没人修", "海垦花园八号楼的电梯坏了三天没人修,老人下不了楼"),
        ("三号楼电梯坏了三天没人修,老人下不了楼", "五号楼电梯坏了三天没人修,老人下不了楼"),
        ("住在A栋,电梯坏了三天没有人来修理", "住在B栋,电梯坏了三天了没有人来修理"),
        ("住301室的人每天半夜唱歌,影响楼上楼下", "住401室的人天天半夜唱歌,影响楼上楼下"),
        ("网购的订单号20260101001,商家至今不肯退款", "网购的订单号20260202002,商家至今不肯退款"),
        ("今天早上突然停水,请问什么时候可以恢复正常", "今天早上突然停电,请问什么时候可以恢复正常"),
        ("张三老师在课堂上动手打学生,家长很气愤", "李四老师在课堂上动手打学生,家长很气愤"),
        ("和平小区垃圾一周没有人清理,又脏又臭", "太平小区的垃圾一周没有人清理,又脏又臭"),
        ("阳光城一期的车位乱收费,物业说没有办法", "阳光城二期的车位乱收费,物业说没有办法管"),
        ("第三人民医院挂号要排队三个小时,没有人管", "第四人民医院挂号要排队三个小时,没有人管理"),
        ("42路公交车司机拒载老人,态度十分恶劣", "17路公交车的司机拒载老人,态度十分恶劣"),
        ("中通快递把我的包裹弄丢了,不肯赔偿", "韵达快递把我的包裹弄丢了,不肯赔偿"),
    ],
)
def test_what_names_another_thing_is_unsure(one: str, other: str) -> None:
    assert likeness(one, other) > 0.4
    mine, theirs = (replace(LAMP, title="来电", text=text) for text in (one, other))
    assert not same_matter(mine, theirs).same
    assert not same_matter(theirs, mine).same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "我在甲餐饮有限公司打工,老板拖欠三个月工资不发,多次讨要没有用",
            "甲餐饮公司老板拖欠三个月工资不发,我多次讨要没有用,请尽快处理",
        ),
        (
            "海垦花园3号楼的电梯坏了三天没人修,老人下不了楼",
            "海垦花园三号楼的电梯坏了三天还没人修,老人小孩下不了楼,物业推脱",
        ),
        (
            "国兴大道与大英山东一路路口的路灯不亮,晚上看不见",
            "大英山东一路与国兴大道路口的路灯不亮,晚上看不见路,昨天还摔了一个人",
        ),
        (
            "车牌琼A12345的小车占用消防通道停放,物业一直不管",
            "小车琼A·12345占用消防通道停放,物业一直不管,已经影响到救护车出入",
        ),
        (
            "阳光小区旁工地夜间施工噪声很大,全家睡不着",
            "阳光小区旁工地夜间施工噪声很大,全家都睡不着,希望能够制止施工",
        ),
    ],
)
def test_the_same_in_other_words_and_with_more_of_them_is_one_matter(one: str, other: str) -> None:
    mine, theirs = (replace(LAMP, title="来电", text=text) for text in (one, other))
    assert same_matter(mine, theirs).same


@pytest.mark.parametrize(
    "change",
    [
        {"kind": Kind.CONSULT},
        {"name": "李女士"},
        {"name": "王秀英"},
        {"address": "海垦花园5号楼"},
    ],
)
def test_a_question_another_name_or_another_building_leaves_it_unsure(change: dict[str, object]) -> None:
    known = replace(LAMP, name="王秀兰", address="海垦花园3号楼")
    assert same_matter(known, known).same
    assert not same_matter(known, replace(known, **change)).same  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "may_be"),
    [
        ("王女士", "王丽", True),
        ("王丽", "王女士", True),
        (None, "王丽", True),
        ("王女士", "王先生", False),
        ("王丽", "王莉", False),
        ("王女士", "李女士", False),
        ("海南某某公司", "海南甲乙公司", False),
    ],
)
def test_two_names_may_be_one_persons(one: str | None, other: str | None, may_be: bool) -> None:
    assert one_name(one, other) is may_be


def test_a_text_too_short_to_tell_matters_apart_is_unsure() -> None:
    one, other = (replace(LAMP, title="停电", text=text) for text in ("东湖停电的问题", "新埠岛停电的问题"))
    assert not same_matter(one, other).same
    assert same_matter(one, one).same


def test_a_judgement_says_why() -> None:
    because = same_matter(LAMP, replace(LAMP, division="460106002000")).because
    assert because == ("文字相似度100%", "类别一致", "区划不同")


@given(st.text(max_size=80), st.text(max_size=80))
def test_likeness_is_the_same_both_ways_and_never_more_than_one(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other) <= 1
    assert 0 <= containment(one, other) <= 1
    assert likeness(one, one) == 1


@pytest.mark.parametrize(
    ("said", "new"),
    [
        (WAGES, None),
        (replace(WAGES, text=WAGES.text + "!"), None),
        (replace(WAGES, live=True), "正在发生"),
        (replace(WAGES, brings=True), "带来附件"),
        (replace(WAGES, occurred_at=ENDED + timedelta(days=1)), "办结之后发生"),
        (replace(WAGES, occurred_at=ENDED - timedelta(days=9)), None),
        (replace(WAGES, text=WAGES.text + ",至今没有发"), "来电人说“至今”"),
        (replace(WAGES, text=WAGES.text + ",不满意处理结果"), "来电人说“不满意”"),
        (
            replace(
                WAGES, text="该公司现在又不给买社保,还要扣留身份证和押金,要求劳动监察部门上门检查用工合同"
            ),
            "有新的内容",
        ),
        (replace(WAGES, category="020100"), "可能再次发生"),
        (replace(WAGES, category="020100", occurred_at=ENDED - timedelta(days=9)), None),
        (replace(WAGES, category="020100", kind=Kind.CONSULT), None),
        (replace(WAGES, category=None), "可能再次发生"),
    ],
)
def test_what_a_closed_ticket_did_not_answer_is_new(said: Account, new: str | None) -> None:
    assert new_facts(said, WAGES, ENDED) == new


@pytest.mark.parametrize(
    ("address", "landmark", "place"),
    [
        ("海口市龙华区滨海大道56号", None, "滨海大道56号"),
        ("龙华区滨海大道", "滨海大道", None),
        ("龙华区滨海大道", None, None),
        ("和平大道59号椰梦都小区3栋", None, "椰梦都小区"),
        ("椰梦都小区", None, "椰梦都小区"),
        ("美兰区国兴大道某某大厦16楼", None, "某某大厦"),
        (None, "海口火车站", "海口火车站"),
        (None, "国兴大道", None),
        (None, None, None),
    ],
)
def test_a_place_is_a_facility_a_house_or_a_landmark_never_a_road(
    address: str | None, landmark: str | None, place: str | None
) -> None:
    assert place_of(address, "来电", landmark) == place


def test_a_matter_key_needs_category_and_place() -> None:
    call = Call(title="噪声", text="噪声", category="020100", address="龙华区椰梦都小区")
    assert matter_key(call, None) == "020100@椰梦都小区"
    assert matter_key(call.model_copy(update={"category": None}), None) is None
    assert matter_key(call.model_copy(update={"address": None}), None) is None


@pytest.mark.parametrize(
    ("caller", "names"),
    [
        (Caller(phone="+8613800138000"), ("+8613800138000",)),
        (Caller(phone="保密号码"), ()),
        (Caller(id_number="11010519491231002X"), ("11010519491231002X",)),
        (
            Caller(phone="+8613800138000", id_number="11010519491231002X"),
            ("+8613800138000", "11010519491231002X"),
        ),
        (Caller(phone="+8613800138000", id_number="460100********1234"), ("+8613800138000",)),
        (Caller(id_number="460100199001011234"), ()),
        (Caller(id_number="000000000"), ()),
        (Caller(id_number="无"), ()),
        (Caller(anonymous=True), ()),
        (Caller(name="王女士"), ()),
    ],
)
def test_a_caller_is_told_by_phone_and_id_number(caller: Caller, names: tuple[str, ...]) -> None:
    assert marks(Call(title="x", text="x", caller=caller)) == names
