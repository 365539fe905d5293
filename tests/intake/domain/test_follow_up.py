"""An earlier ticket's number is told from every other long number."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from intake.domain.follow_up import is_our_number, quoted_tickets
from intake.domain.text import folded
from services.tickets import ticket_number

OURS = ticket_number("HK", datetime(2026, 11, 23, tzinfo=UTC), 17)
THEIRS = "20260305970123"
LIKE_A_TIME = "20260305071530"


@pytest.mark.parametrize(
    "text",
    [
        f"工单号{THEIRS},一直没有处理",
        f"工单编号：{THEIRS}《关于路灯不亮的问题》",
        f"(政府工单号: {THEIRS})",
        f"编号:{THEIRS}",
        f"办件号({THEIRS})是否办结",
        f"上次反映过（{THEIRS}）",
        f"【工单编号：{THEIRS}】",
        f"{THEIRS}《关于路灯不亮的问题》",
        f"电话无法接通（{THEIRS}）市民再次来电",
        "工单号２０２６０３０５９７０１２３",
    ],
)
def test_a_number_called_a_ticket_is_one(text: str) -> None:
    assert [each.number for each in quoted_tickets(folded(text))] == [THEIRS]


def test_our_own_number_needs_no_name_and_its_check_digits_must_be_right() -> None:
    assert [(each.number, each.certainty) for each in quoted_tickets(f"还是{OURS}那件事")] == [
        (OURS, "computed")
    ]
    wrong = OURS[:-1] + str((int(OURS[-1]) + 1) % 10)
    assert quoted_tickets(f"还是{wrong}那件事") == []


@pytest.mark.parametrize("text", [f"工单号{LIKE_A_TIME}", f"见{LIKE_A_TIME}《关于路灯》", f"({LIKE_A_TIME})"])
def test_a_number_that_could_be_a_time_of_day_needs_its_surroundings(text: str) -> None:
    assert [each.number for each in quoted_tickets(text)] == [LIKE_A_TIME]
    assert quoted_tickets(f"系统时间{LIKE_A_TIME}掉线") == []


@pytest.mark.parametrize(
    "text",
    [
        "电话13876543210,0898-66662222",
        "工单号13876543210",
        "身份证号11010519491231002X",
        "身份证110105194912310021",
        "事发2026年3月5日8时",
        "2026030507时左右",
        "车牌琼A12345,车架号LSVAA4182E2184847",
        f"订单号{THEIRS}",
        f"快递单号:{THEIRS}",
        f"银行卡号{THEIRS}",
        "卡号6222020200011234567",
        "工单号20260305",
        "统一社会信用代码91350100M000100Y43",
        "工单号12****3456789",
        "第20260305970123888888888888888号",
    ],
)
def test_other_numbers_are_no_tickets(text: str) -> None:
    assert quoted_tickets(text) == []


def test_several_numbers_stand_in_their_order_each_once() -> None:
    other = "20251130845612"
    text = f"工单号{THEIRS}与办件号{other}为同一问题,再次说明工单号{THEIRS}"
    assert [each.number for each in quoted_tickets(text)] == [THEIRS, other]


@given(some.integers(1, 99_999_999), some.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)))  # noqa: DTZ001
def test_every_number_we_give_is_known_as_ours(sequence: int, day: datetime) -> None:
    assert is_our_number(ticket_number("HK", day, sequence))


@given(some.text(max_size=80) | some.text("0123456789工单号（）编 HK", max_size=80))
def test_no_text_makes_it_raise(text: str) -> None:
    for quoted in quoted_tickets(text):
        assert quoted.number in text.upper()
