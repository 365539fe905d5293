"""ID numbers and credit codes: never required; a wrong one is kept and pointed out."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from intake.domain.caller import Notes, settled_caller
from intake.domain.identity import id_check, read_credit_code, read_id_number
from schemas.ticket import Caller, CallerType

# The example of GB 11643-1999 itself; a real person never had it.
STANDARD = "11010519491231002X"
TODAY = date(2026, 11, 24)


@pytest.mark.parametrize("said", [STANDARD, "110105 19491231 002x", "１１０１０５１９４９１２３１００２Ｘ"])
def test_a_right_id_number_however_it_is_written(said: str) -> None:
    read = read_id_number(said, TODAY)
    assert (read.value, read.problems) == (STANDARD, ())
    assert [each.value for each in read.evidence] == ["resident_id"]


def _with_check(first: str) -> str:
    return first + id_check(first)


@pytest.mark.parametrize(
    "said", ["9135 0100 M000 100Y 43", " 91350100 M000100Y43 ", "９１３５０１００ Ｍ０００１００Ｙ\u3000４３"]
)
def test_a_caller_may_give_a_credit_code_with_blanks_inside(said: str) -> None:
    caller = Caller(type=CallerType.ENTERPRISE, credit_code=said)
    settled = settled_caller(vars(caller), Notes())
    assert settled.get("credit_code", caller.credit_code) == "91350100M000100Y43"
    with pytest.raises(ValidationError, match="at most 18"):
        Caller(credit_code="9135 0100 M000 100Y 434")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("110105194912310021", "id_number_check"),
        (_with_check("11010519490231002"), "id_number_birthday"),
        (_with_check("46010020270101002"), "id_number_birthday"),
        (_with_check("99010518000101002"), "id_number_birthday"),
        (_with_check("20010519491231002"), "id_number_area"),
        ("110105********002X", "id_number_masked"),
        ("不告诉你", "id_number_unknown"),
    ],
)
def test_a_wrong_id_number_is_kept_and_pointed_out(said: str, code: str) -> None:
    read = read_id_number(said, TODAY)
    assert (read.value, [each.code for each in read.problems]) == (said, [code])


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("E12345678", "passport"),
        ("EA1234567", "passport"),
        ("H12345678", "hong_kong_macau_permit"),
        ("M1234567801", "hong_kong_macau_permit"),
        ("12345678", "taiwan_permit"),
        ("TWN123456789012", "foreigner_permit"),
        (_with_check("91115619880101002"), "resident_id"),
        (_with_check("81000019900101002"), "resident_id"),
        ("110105491231002", "resident_id_15"),
    ],
)
def test_other_papers_are_accepted(said: str, kind: str) -> None:
    read = read_id_number(said, TODAY)
    assert (read.value, [each.value for each in read.evidence], read.problems) == (said, [kind], ())


@pytest.mark.parametrize(
    "known_good",
    [
        "91350100M000100Y43",  # the example of GB 32100-2015
        "914403001922038216",
        "91330100799655058B",
        "9144030071526726XG",
        "91110000802100433B",
    ],
)
def test_known_good_credit_codes_are_right(known_good: str) -> None:
    assert read_credit_code(known_good.lower()).value == known_good
    assert read_credit_code(known_good).problems == ()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("91350100M000100Y44", "credit_code_check"),
        ("91350100M000100Z43", "credit_code_form"),
        ("91350100M000101Y43", "credit_code_check"),
        ("460100000012345", "credit_code_form"),
    ],
)
def test_a_wrong_credit_code_is_kept_and_pointed_out(said: str, code: str) -> None:
    read = read_credit_code(said)
    assert (read.value, [each.code for each in read.problems]) == (said, [code])


@given(some.integers(0, 16), some.integers(1, 9))
def test_every_single_wrong_digit_is_noticed(place: int, more: int) -> None:
    digit = str((int(STANDARD[place]) + more) % 10)
    assert read_id_number(STANDARD[:place] + digit + STANDARD[place + 1 :]).problems


@given(some.text(max_size=30))
def test_no_text_makes_it_raise_and_reading_twice_changes_nothing(said: str) -> None:
    for read in (read_id_number, read_credit_code):
        once = read(said)
        assert read(once.value).value == once.value
