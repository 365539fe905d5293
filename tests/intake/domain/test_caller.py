"""A caller's fields read together: what stands in the wrong one, and who asked not to be known."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from intake.domain.caller import Notes, settled_caller, settled_proxy
from schemas.ticket import Caller

MOBILE = "+8613876543210"


@pytest.mark.parametrize(
    ("said", "settled"),
    [
        ({"name": "王女士", "phone": MOBILE}, {}),
        ({"name": "王女士", "phone": "13876543210"}, {"phone": MOBILE}),
        ({"name": "王女士13876543210"}, {"name": "王女士", "phone": MOBILE}),
        ({"phone": "13876543210(张先生)"}, {"name": "张先生", "phone": MOBILE}),
        ({"phone": "13876543210(备用)"}, {"phone": MOBILE}),
        ({"name": "市民", "phone": "13876543210(张先生)"}, {"name": "张先生", "phone": MOBILE}),
        ({"name": "市民", "phone": MOBILE}, {"name": None}),
        ({"name": "市民"}, {"name": None, "anonymous": True}),
        ({"name": "匿名", "phone": "隐藏"}, {"name": None, "phone": None, "anonymous": True}),
        ({"name": "匿名", "phone": MOBILE}, {"name": None, "withheld": True}),
        ({"name": "保密", "phone": MOBILE}, {"name": None, "withheld": True}),
        ({"name": "保密"}, {"name": None, "withheld": True}),
        ({"name": "保密", "phone": "保密"}, {"name": None, "phone": None, "withheld": True}),
        ({"name": "王女士", "phone": "隐藏"}, {"phone": None}),
        ({"name": "王女士", "phone": MOBILE, "anonymous": True}, {"anonymous": False, "withheld": True}),
        ({"name": "王女士", "phone": "保密"}, {"phone": None, "withheld": True}),
        ({"name": "王女士", "phone": "不详"}, {"phone": None}),
        ({"phone": MOBILE, "id_number": "无"}, {"id_number": None}),
        ({"phone": MOBILE, "credit_code": "不详"}, {"credit_code": None}),
        ({"anonymous": True}, {}),
        ({}, {}),
    ],
)
def test_the_fields_of_a_caller_settle_each_other(said: dict[str, Any], settled: dict[str, Any]) -> None:
    assert settled_caller(said, Notes()) == settled


def test_who_is_anonymous_and_leaves_a_phone_is_withheld_and_it_is_said() -> None:
    notes = Notes()
    settled_caller({"phone": MOBILE, "anonymous": True}, notes)
    assert [each.code for each in notes.problems] == ["anonymous_with_identity"]
    assert ("caller.withheld", "true") in [(each.field, each.value) for each in notes.evidence]


def test_what_is_read_of_a_proxy_is_never_said_of_the_caller() -> None:
    for phone in ("0898-66662222", "138****3210", "保密"):
        notes = Notes()
        settled_proxy({"name": "李代办", "phone": phone}, notes)
        fields = [each.field for each in notes.evidence] + [each.field for each in notes.problems]
        assert set(fields) == {"caller.proxy.phone"}


def test_a_second_number_in_the_name_is_kept_as_evidence() -> None:
    notes = Notes()
    assert settled_caller({"name": "王女士13976543210", "phone": MOBILE}, notes) == {"name": "王女士"}
    assert "+8613976543210" in [each.value for each in notes.evidence]


_FIELD = (
    some.none()
    | some.text(some.characters(), max_size=40)
    | some.text("王女士市民匿保密1380(）", max_size=20)
)


@given(some.fixed_dictionaries({"name": _FIELD, "phone": _FIELD, "id_number": _FIELD}), some.booleans())
def test_whatever_is_said_settles_into_a_caller_and_settles_once(said: dict[str, Any], asked: bool) -> None:
    once = {**said, "anonymous": asked, **settled_caller({**said, "anonymous": asked}, Notes())}
    caller = Caller(
        **{name: value and str(value)[:30] if name == "id_number" else value for name, value in once.items()}
    )
    assert settled_caller(once, Notes()) == {}
    assert caller.anonymous == once["anonymous"]
