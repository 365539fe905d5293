"""Texts that say nearly the same are found, whatever the operator wrote around them."""

from router.domain.suggest.duplicates import groups_of, near_duplicates

LAMP = "国兴大道与大英山东一路路口的路灯连续三晚不亮，行人看不清路面，影响出行安全"


def test_the_same_matter_in_nearly_the_same_words_is_one_group() -> None:
    again = f"市民来电反映：{LAMP}，请有关局核实处理，谢谢！"
    assert groups_of([LAMP, "小区停水两天无人处理", again, LAMP]) == [0, 1, 0, 0]


def test_other_matters_and_short_questions_stay_apart() -> None:
    assert groups_of(["医保卡丢了如何补办", "身份证丢了到哪里补办", "路灯不亮"]) == [0, 1, 2]


def test_texts_that_say_nothing_of_their_own_lie_together() -> None:
    assert groups_of(["", "路灯不亮", "。"]) == [0, 1, 0]


def test_what_is_declared_to_belong_together_is_one_group() -> None:
    assert groups_of(["路灯不亮", "小区停水", "公交甩站"], ["案1", "", "案1"]) == [0, 1, 0]
    assert groups_of(["路灯不亮", "小区停水"], ["", ""]) == [0, 1]


def test_what_was_seen_before_is_known_again() -> None:
    assert near_duplicates([f"{LAMP}。", "公交车甩站"], [LAMP, "小区停水"]) == [True, False]
