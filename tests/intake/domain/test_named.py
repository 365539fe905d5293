"""What a text names that tells one thing from another."""

import pytest

from intake.domain.named import names, number_of, substituted


@pytest.mark.parametrize(
    ("text", "sort", "found"),
    [
        ("车牌琼A·12345占道", "plate", {"12345"}),
        ("订单20260101001不退款", "digits", {"20260101001"}),
        ("工单编号20180322991121还没有办", "digits", None),
        ("住三号楼二单元", "building", {"3"}),
        ("住三号楼二单元", "unit", {"2"}),
        ("A座电梯坏了", "building", {"A"}),
        ("一栋楼的人都没有水", "building", None),
        ("11月15号晚上", "house", None),
        ("我在甲餐饮有限公司上班", "firm", {"甲"}),
        ("某公司拖欠工资", "firm", None),
        ("市民反映:阳光小区太吵", "homes", {"阳光"}),
        ("这个小区太吵", "homes", None),
        ("国兴大道与大英山东一路路口", "road", {"国兴", "大英山东一"}),
        ("十字路口堵车", "road", None),
        ("突然断电", "supply", {"电"}),
        ("坐42路公交车", "line", {"42"}),
    ],
)
def test_a_text_names_things_of_a_sort(text: str, sort: str, found: set[str] | None) -> None:
    assert names(text).get(sort) == found


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("12", "12"),
        ("十二", "12"),
        ("一二", "12"),
        ("二十", "20"),
        ("一百零三", "103"),
        ("008", "8"),
        ("B", "B"),
    ],
)
def test_a_number_is_one_however_it_is_written(written: str, digits: str) -> None:
    assert number_of(written) == digits


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("突然停水了", "突然停电了", True),
        ("突然停水了", "突然停水了,还没有来", False),
        ("突然停水了", "突然停电了,还没有来", True),
        ("突然停水了,很急", "今天早上没有水", False),
        ("张三打人,老师张三打学生", "李四打人,老师李四打学生", True),
        ("一样", "一样", False),
    ],
)
def test_a_few_characters_in_place_of_others_are_seen(one: str, other: str, found: bool) -> None:
    assert (substituted(one, other) is not None) is found
    assert (substituted(other, one) is not None) is found


def test_what_is_long_or_made_of_one_letter_takes_no_time() -> None:
    long = "国兴大道" * 3000
    assert substituted(long, long + "路") is None
    assert substituted("啊" * 9000, "哦" * 9000) is None
    assert names("一" * 9000) == {}
