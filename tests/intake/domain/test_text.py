"""Invisible characters go; what was said stays, in the width and writing it was said in."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from intake.domain.text import clean, folded, one_line

ANY_TEXT = some.text(some.characters(), max_size=60)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("第一行\r\n第二行\r第三行\u2028第四行", "第一行\n第二行\n第三行\n第四行"),
        ("\ufeff头上和\ufeff中间的标记", "头上和中间的标记"),
        ("零\u200b宽\u200c字\u2060符", "零宽字符"),
        ("\u202e倒写\u202c", "倒写"),
        ("响铃\x07和空\x00字符\x1b[0m", "响铃和空字符[0m"),
        ("两个  空格,三个   空格,\u3000\u3000缩进", "两个 空格,三个 空格,\u3000缩进"),
        ("行尾空格 \t\n下一行", "行尾空格\n下一行"),
        ("上段\n\n\n\n下段", "上段\n\n下段"),
        ("半个\ud83d代理", "半个\ufffd代理"),
        ("一对\ud83d\ude00代理", "一对😀代理"),
        ("一家👨\u200d👩\u200d👧人", "一家👨\u200d👩\u200d👧人"),
        ("字\u200d连", "字连"),
        ("ＡＢＣ１２３，（全角）", "ＡＢＣ１２３，（全角）"),
        ("龍華區海墾街道", "龍華區海墾街道"),
        ("普通的一句话。", "普通的一句话。"),
        ("\u200b \ufeff", ""),
    ],
)
def test_what_nobody_sees_goes_and_what_was_said_stays(said: str, kept: str) -> None:
    assert clean(said) == kept


def test_a_title_is_one_line() -> None:
    assert one_line(" 夜间\n施工\t 噪声 ") == "夜间 施工 噪声"


@pytest.mark.parametrize(
    ("said", "matched"),
    [
        ("龍華區濱海大道８８號", "龙华区滨海大道88号"),
        ("ＨＫ２０２６", "HK2026"),
        ("臺灣街", "台湾街"),
        ("已是简体,标点，不变（）", "已是简体,标点，不变（）"),
        ("著名的乾隆", "著名的乾隆"),
    ],
)
def test_for_matching_only_writing_and_width_are_folded(said: str, matched: str) -> None:
    assert folded(said) == matched


@given(ANY_TEXT)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert one_line(one_line(text)) == one_line(text)


@given(some.text(some.characters(categories=("L", "N", "P", "S")), max_size=60))
def test_every_visible_character_stays(text: str) -> None:
    assert clean(text) == text


@given(ANY_TEXT)
def test_clean_text_can_be_stored(text: str) -> None:
    stored = clean(text)
    assert "\x00" not in stored
    assert stored.encode("utf-8").decode("utf-8") == stored


@given(ANY_TEXT)
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(folded(text)) == len(text)
    assert folded(folded(text)) == folded(text)
