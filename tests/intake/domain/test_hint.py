"""The operator's line and the unit it names are recognised in many wordings."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from intake.domain.hint import OPERATORS_LINE, hints


def _values(text: str, field: str) -> list[str]:
    return [each.value for each in hints(text) if each.field == field]


@pytest.mark.parametrize(
    "text",
    [
        "路灯不亮。（请有关局按规定在20分钟内联系来电人，响应处置）",
        "路灯不亮。请承办局于三十分钟内核实处理，响应处置！",
        "路灯不亮。(请主管单位半个小时内回复，并响应处置)",
        "路灯不亮（一小时内到场核实,并处理）",
        "路灯不亮(15分钟办件)",
        "路灯不亮,请相关单位响应、处置",
    ],
)
def test_the_operators_line_is_known_in_its_wordings(text: str) -> None:
    assert _values(text, "hint") == [OPERATORS_LINE]


@pytest.mark.parametrize(
    "text",
    ["等了30分钟车还没来,请问还有车吗?", "请问30分钟内可以免费停车吗", "请尽快修好路灯", "每天响30分钟"],
)
def test_what_the_caller_says_about_minutes_is_no_operators_line(text: str) -> None:
    assert _values(text, "hint") == []


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("请龙华区政府核实处理,谢谢", ["龙华区政府"]),
        ("请市水务局尽快给予核实处理!", ["市水务局"]),
        ("请城管部门处理;请某某物业公司配合,请市水务局跟进", ["城管部门", "市水务局"]),
        ("请职能局核实处理", []),
        ("请相关部门尽快处理", []),
        ("请尽快处理", []),
        ("请问怎么办理护照", []),
    ],
)
def test_a_unit_that_is_asked_is_named_and_nobody_in_particular_is_not(text: str, units: list[str]) -> None:
    assert _values(text, "hint.unit") == units


@given(some.text(max_size=80) | some.text("请30分钟内响应处置核实局部门，（）", max_size=80))
def test_every_hint_stands_in_the_text(text: str) -> None:
    assert all(each.words in text for each in hints(text))
