"""Whatever stands in a phone field becomes E.164, or stays as it was said with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from intake.domain.phone import phone, read_phone

MOBILE = "+8613876543210"


@pytest.mark.parametrize(
    "said",
    [
        "13876543210",
        "138 7654 3210",
        "138-7654-3210",
        "1 3 8 7 6 5 4 3 2 1 0",
        "１３８７６５４３２１０",
        "+86 138-7654-3210",
        "8613876543210",
        "0086-13876543210",
        "013876543210",
        "手机:13876543210",
        "\u200b13876543210",
        "tel:13876543210",
    ],
)
def test_a_mobile_however_it_is_written(said: str) -> None:
    assert phone(said) == MOBILE


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("0898-66662222", "+8689866662222"),
        ("089866662222", "+8689866662222"),
        ("(0898)6666 2222", "+8689866662222"),
        ("+86 898 6666 2222", "+8689866662222"),
        ("66662222", "+8689866662222"),
        ("6666-2222", "+8689866662222"),
        ("010-65292327", "+861065292327"),
        ("021—55556666", "+862155556666"),
        ("0755–88889999", "+8675588889999"),
        ("021 - 5555 6666", "+862155556666"),
        ("021/55556666", "+862155556666"),
        ("0898_66662222", "+8689866662222"),
        ("区号0898,电话66662222", "+8689866662222"),
        ("0898-66662222-801", "+8689866662222;ext=801"),
        ("66662222转801", "+8689866662222;ext=801"),
        ("0898-66662222 分机 12", "+8689866662222;ext=12"),
        ("66662222#801", "+8689866662222;ext=801"),
        ("0898-66662222分机号801", "+8689866662222;ext=801"),
        ("0898-66662222转分机801", "+8689866662222;ext=801"),
        ("0898-66662222,分机:801", "+8689866662222;ext=801"),
        ("0898-66662222(转801)", "+8689866662222;ext=801"),
        ("138_7654_3210", MOBILE),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("+886-0912345678", "+886912345678"),
        ("400-123-4567", "+864001234567"),
        ("8008101234", "+868008101234"),
        ("+852 9123 4567", "+85291234567"),
        ("85291234567", "+85291234567"),
        ("+1 (650) 253-0000", "+16502530000"),
        ("001 650 253 0000", "+16502530000"),
        ("12345", "12345"),
        ("10086", "10086"),
    ],
)
def test_landlines_extensions_service_and_foreign_numbers(said: str, number: str) -> None:
    assert phone(said) == number
    assert read_phone(said).problems == ()


def test_a_local_number_says_that_its_area_code_was_added() -> None:
    assert [each.certainty for each in read_phone("66662222").evidence] == ["computed"]
    assert [each.certainty for each in read_phone("0898-66662222").evidence] == ["exact"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("withheld", "隐藏 匿名 不留 Private 拒绝提供 私密号码 未显示 号码隐藏 不便提供 不公开"),
        ("absent", "未知 无 (无) * *** - unknown 0 00000000000 没有联系方式 号码未知 未登记 微信"),
        ("in_confidence", "保密 要求保密 号码保密 不愿透露 拒绝透露 保密号码 隐私"),
    ],
)
def test_a_field_without_a_number_says_why_and_keeps_the_word(value: str, words: str) -> None:
    for said in words.split():
        read = read_phone(said)
        assert (read.number, read.problems, read.secret) == (None, (), value == "in_confidence")
        assert [(each.value, each.words) for each in read.evidence] == [(value, said)]


def test_a_line_behind_the_area_code_of_another_city_is_not_one_of_this_city() -> None:
    read = read_phone("区号021,电话55556666")
    assert (read.number, [each.code for each in read.problems]) == ("区号021,电话55556666", ["phone_invalid"])


def test_a_day_is_no_local_number() -> None:
    assert [each.code for each in read_phone("20260415").problems] == ["phone_invalid"]
    assert phone("68741234") == "+8689868741234"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("138****3210", "phone_masked"),
        ("138●●●●3210", "phone_masked"),
        ("1387654****", "phone_masked"),
        ("*******3210", "phone_masked"),
        ("1387654321", "phone_invalid"),
        ("138765432101", "phone_invalid"),
        ("+999999999", "phone_invalid"),
        ("460100199001011234", "phone_invalid"),
        ("20260305970123", "phone_invalid"),
        ("张三", "phone_invalid"),
    ],
)
def test_what_cannot_be_dialled_stays_as_it_was_said_with_a_problem(said: str, code: str) -> None:
    read = read_phone(said)
    assert (read.number, [each.code for each in read.problems]) == (said, [code])


def test_of_several_numbers_the_first_is_the_phone_and_the_others_are_evidence() -> None:
    read = read_phone("66662222/13876543210(家属)")
    assert (read.number, read.others) == ("+8689866662222", (MOBILE,))
    assert [each.value for each in read.evidence] == ["+8689866662222", MOBILE]


def test_a_bad_number_before_a_good_one_does_not_hide_it() -> None:
    assert phone("1387654,13876543210") == MOBILE


def test_an_ordinary_mobile_needs_no_evidence() -> None:
    assert read_phone("13876543210").evidence == ()


def test_nothing_said_is_no_phone_and_no_problem() -> None:
    assert (phone(None), read_phone("  ").number, read_phone("").problems) == (None, None, ())


@given(some.text(some.characters(), max_size=40) | some.text("0123456789+-()转 ;ext=*,/１", max_size=40))
def test_reading_twice_is_reading_once_and_nothing_is_ever_lost(said: str) -> None:
    once = read_phone(said)
    assert phone(once.number) == once.number
    if once.number is None and said.strip():
        assert once.evidence or not said.strip().isprintable()
