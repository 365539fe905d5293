"""Aliases, landmarks and roads that ship: rows name divisions that exist, no name means two things."""

from collections import Counter

import pytest

from intake.domain.place.gazetteer import Certainty, Gazetteer, Place
from intake.domain.place.spelling import loose_spellings, spellings
from tests.intake.domain.place.conftest import NAMES, REFERENCE, divisions, places

FILES = ("division_aliases", "elsewhere", "landmarks", "roads")
ROWS = [each for name in FILES for each in places(name)]


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_its_columns_and_no_stray_space(name: str) -> None:
    lines = (REFERENCE / f"{name}.csv").read_bytes().decode("utf-8").split("\n")
    assert lines[0] == "name,aliases,divisions"
    assert lines[-1] == ""
    assert [line for line in lines if line != line.strip()] == []


@pytest.mark.parametrize("place", ROWS, ids=lambda place: place.name)
def test_a_row_names_divisions_that_exist(place: Place) -> None:
    assert set(place.divisions) <= set(NAMES)
    assert len(set(place.divisions)) == len(place.divisions)
    assert "460100000000" not in place.divisions


def test_no_name_is_given_twice() -> None:
    counted = Counter(name for each in ROWS for name in (each.name, *each.aliases))
    assert [name for name, times in counted.items() if times > 1] == []


def test_no_landmark_or_road_is_written_like_a_division(gazetteer: Gazetteer) -> None:
    official = {name for each in divisions() for name in spellings(each)}
    assert [each.name for each in ROWS if each.name in official and each.divisions] == []


def test_the_road_of_a_street_is_no_division() -> None:
    for name in (
        "海秀中路",
        "滨海大道",
        "龙华路",
        "白龙南路",
        "海府路",
        "和平南路",
        "人民大道",
        "中山路",
        "国兴大道",
    ):
        assert name in {each.name for each in places("roads")}


def test_the_road_of_a_division_has_only_districts_or_streets_it_lies_in(gazetteer: Gazetteer) -> None:
    for place in places("roads"):
        assert gazetteer.meanings[place.name].certainty is Certainty.LANDMARK
        assert place.divisions


def test_units_of_one_stem_are_never_confused(gazetteer: Gazetteer) -> None:
    assert gazetteer.meanings["海秀街道"].codes == ("460105002",)
    assert gazetteer.meanings["海秀镇"].codes == ("460105102",)
    assert "海秀" not in gazetteer.meanings
    assert "海府" not in gazetteer.meanings
    assert "海垦" not in gazetteer.meanings
    assert gazetteer.meanings["海府街道"].codes != gazetteer.meanings["府城街道"].codes


def test_every_division_is_found_by_its_own_name(gazetteer: Gazetteer) -> None:
    for each in divisions():
        assert any(each.code.startswith(code) for code in gazetteer.meanings[each.name].codes)


def test_a_loose_name_never_counts_as_a_sure_one(gazetteer: Gazetteer) -> None:
    loose = {name for each in divisions() for name in loose_spellings(each)}
    sure = {name for each in divisions() for name in spellings(each)}
    for name in loose - sure:
        assert gazetteer.meanings[name].certainty is not Certainty.EXACT


def test_a_place_outside_the_divisions_given_is_left_out() -> None:
    small = Gazetteer.of(divisions()[:3], landmarks=[Place("某公园", (), ("999999000000",))])
    assert "某公园" not in small.meanings
