"""What holds for any words at all."""

from hypothesis import given
from hypothesis import strategies as st

from intake.domain.place.locate import Given, locate
from tests.intake.domain.place.conftest import NAMES, SHIPPED

WORDS = st.sampled_from(sorted(SHIPPED.meanings))
FILLER = st.sampled_from(
    ["", " ", ",", "的", "附近", "请", "户籍在", "政府", "从", "到", "市民来电反映:", "\n", "停水"]
)
SPEECH = st.lists(st.one_of(WORDS, FILLER), max_size=8).map("".join)
VILLAGES = sorted(code for code in NAMES if code[9:] != "000")
FLOATS = st.one_of(st.none(), st.floats())


@given(st.text(), st.text(), st.text(), st.lists(st.text(), max_size=4), FLOATS, FLOATS, st.text())
def test_no_text_and_no_number_raises(
    address: str, title: str, text: str, names: list[str], x: float | None, y: float | None, system: str
) -> None:
    locate(Given(tuple(names), address, address, title, text, x, y, system), SHIPPED)


@given(SPEECH, SPEECH, SPEECH, st.lists(WORDS, max_size=3))
def test_what_is_found_is_of_this_city_and_told_level_by_level(
    address: str, title: str, text: str, names: list[str]
) -> None:
    found = locate(Given(names=tuple(names), address=address, title=title, text=text), SHIPPED)
    assert all(each in NAMES and each != "460100000000" for each in found.candidates)
    assert len(set(found.candidates)) == len(found.candidates) <= 5
    assert found.division not in found.candidates
    if found.division is None:
        assert found.evidence == ()
        return
    levels = [found.division[:digits].ljust(12, "0") for digits in (6, 9, 12)]
    assert [each.value for each in found.evidence] == [NAMES[each] for each in dict.fromkeys(levels)]


@given(SPEECH, SPEECH)
def test_words_found_are_words_said(address: str, text: str) -> None:
    found = locate(Given(address=address, text=text), SHIPPED)
    assert all(each.words and each.words in f"{address}\n{text}" for each in found.evidence)


@given(st.sampled_from(VILLAGES), st.sampled_from(["", "停水", "路灯不亮,请核实", "有人占道经营"]))
def test_a_full_address_always_leads_to_its_village(code: str, text: str) -> None:
    district, street = NAMES[code[:6] + "000000"], NAMES[code[:9] + "000"]
    found = locate(Given(address=f"海口市{district}{street}{NAMES[code]}", text=text), SHIPPED)
    assert found.division == code
    assert found.problems == ()


@given(st.sampled_from(VILLAGES), SPEECH)
def test_a_declared_village_stands_whatever_else_is_said(code: str, text: str) -> None:
    names = (NAMES[code[:6] + "000000"], NAMES[code[:9] + "000"], NAMES[code])
    assert locate(Given(names=names, text=text, address=text), SHIPPED).division == code


@given(st.sampled_from(sorted(NAMES)), SPEECH)
def test_a_declared_code_is_never_left(code: str, text: str) -> None:
    found = locate(Given(division=code, text=text), SHIPPED)
    if code != "460100000000":
        assert found.division is not None
        assert found.division.startswith(code.rstrip("0") if code[9:] == "000" else code)
