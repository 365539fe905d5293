"""A name field: a name, how to address it, or which kind of none it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from intake.domain.person import ABSENT, ANONYMOUS, NAMED, WITHHELD, read_name


@pytest.mark.parametrize(
    ("said", "surname", "honorific"),
    [
        ("王女士", "王", "女士"),
        ("张先生", "张", "先生"),
        ("李小姐", "李", "小姐"),
        ("陈阿姨", "陈", "阿姨"),
        ("符某", "符", "某"),
        ("刘总", "刘", "总"),
        ("欧阳女士", "欧阳", "女士"),
        ("歐陽女士", "欧阳", "女士"),
        ("王小明先生", "王", "先生"),
        ("欧阳晓月", "欧阳", None),
        ("吴多泰", "吴", None),
        ("陈生", "陈", None),
        ("John Smith", None, None),
        ("买买提·阿不都", None, None),
        ("海口某某贸易有限公司", None, None),
        ("王女士(老)", None, None),
    ],
)
def test_surname_and_honorific_are_known_and_the_name_stays(
    said: str, surname: str | None, honorific: str | None
) -> None:
    read = read_name(said)
    assert (read.value, read.standing) == (said, NAMED)
    assert (read.surname, read.honorific) == (surname, honorific)


@pytest.mark.parametrize(
    ("said", "standing"),
    [
        ("匿名", ANONYMOUS),
        ("不愿透露姓名", ANONYMOUS),
        ("不留名", ANONYMOUS),
        ("Anonymous", ANONYMOUS),
        ("保密", WITHHELD),
        ("要求保密", WITHHELD),
        ("市民", ABSENT),
        ("热心市民", ABSENT),
        ("无", ABSENT),
        ("先生", ABSENT),
        ("***", ABSENT),
        ("undefined", ABSENT),
        ("", ABSENT),
    ],
)
def test_words_that_are_no_name_are_told_apart(said: str, standing: str) -> None:
    read = read_name(said)
    assert (read.value, read.standing) == (None, standing)


@pytest.mark.parametrize(
    ("said", "name", "phones"),
    [
        ("王女士13876543210", "王女士", ("+8613876543210",)),
        ("13876543210", None, ("+8613876543210",)),
        ("王先生 0898-66662222-801", "王先生", ("+8689866662222;ext=801",)),
        ("王13", "王13", ()),
        ("诉求人：林女士", "林女士", ()),
        ("（王先生）", "王先生", ()),
    ],
)
def test_a_phone_in_the_name_is_taken_out_of_it(said: str, name: str | None, phones: tuple[str, ...]) -> None:
    read = read_name(said)
    assert (read.value, read.phones) == (name, phones)


def test_a_name_too_long_to_store_is_cut_with_a_problem() -> None:
    read = read_name("名" * 120)
    assert (len(read.value or ""), [each.code for each in read.problems]) == (100, ["name_cut"])


@given(some.text(some.characters(), max_size=130) | some.text("王女士 :：姓名（）12138·匿", max_size=30))
def test_reading_a_name_twice_is_reading_it_once(said: str) -> None:
    once = read_name(said)
    if once.value is not None:
        again = read_name(once.value)
        assert (again.value, again.surname) == (once.value, once.surname)
        assert len(once.value) <= 100
