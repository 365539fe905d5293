"""What operators write into every text is data, and left out."""

import re

import pytest

from services.wording import operators_words, said


@pytest.mark.parametrize(("pattern", "example"), operators_words())
def test_each_phrase_that_ships_is_left_out(pattern: str, example: str) -> None:
    assert re.fullmatch(pattern, example)
    assert said(example) == ""


def test_what_the_caller_said_stays() -> None:
    assert said("市民来电反映:路灯不亮,请市政局尽快核实处理,谢谢!") == "路灯不亮, , !"
