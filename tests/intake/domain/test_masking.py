"""What a department is shown of a caller."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.domain.masking import for_department, masked_id, masked_name, masked_phone
from schemas.ticket import Caller


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("460100199001011234", "460100********1234"),
        ("E12345678", "*********"),
        ("46010019900101123X", "460100********123X"),
    ],
)
def test_an_id_number_shows_six_and_four(number: str, shown: str) -> None:
    assert masked_id(number) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613812341234", "138****1234"),
        ("13812341234", "138****1234"),
        ("+8689866778899", "898****8899"),
        ("12345", "*****"),
    ],
)
def test_a_phone_shows_three_and_four(number: str, shown: str) -> None:
    assert masked_phone(number) == shown


@given(st.from_regex(r"\+861[3-9][0-9]{9}", fullmatch=True))
def test_no_more_than_seven_digits_of_a_mobile_are_shown(number: str) -> None:
    assert sum(each.isdigit() for each in masked_phone(number)) == 7


@pytest.mark.parametrize(
    ("name", "shown"),
    [("王女士", "王女士"), ("陈小明", "陈先生/女士"), ("欧阳先生", "欧阳先生"), ("Smith", "S**")],
)
def test_a_name_shows_how_to_address_its_owner(name: str, shown: str) -> None:
    assert masked_name(name) == shown


def test_of_a_withheld_caller_only_the_type_is_shown() -> None:
    caller = Caller(name="王女士", phone="+8613800138000", id_number="460100199001011234", withheld=True)
    assert for_department(caller).model_dump(exclude_none=True) == {
        "type": "person",
        "withheld": True,
        "anonymous": False,
    }


def test_a_proxy_is_the_one_to_speak_to() -> None:
    proxy = {"name": "李代办", "phone": "+8613900001234", "organisation": "海垦社区"}
    shown = for_department(
        Caller.model_validate({"name": "符老伯", "phone": "+8613800138000", "type": "proxy", "proxy": proxy})
    )
    assert (shown.name, shown.phone) == ("符老伯", None)
    assert shown.proxy is not None
    assert (shown.proxy.phone, shown.proxy.organisation) == ("139****1234", "海垦社区")


def test_an_enterprise_is_shown_by_its_name() -> None:
    caller = Caller.model_validate(
        {"name": "海口某某商贸有限公司", "phone": "+8613800138000", "type": "enterprise"}
    )
    shown = for_department(caller)
    assert (shown.name, shown.phone) == ("海口某某商贸有限公司", "138****8000")
