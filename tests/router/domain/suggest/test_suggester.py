"""Model or lexicon, and whether a suggestion may act by itself."""

from router.domain.suggest.lexicon import suggest_by_names
from router.domain.suggest.suggester import Suggester
from tests.router.domain.suggest.small import a_model

NAMES = {"0201": "施工噪声", "0202": "生活噪声", "0301": "占道经营"}


def test_without_a_model_the_names_are_compared_and_the_answer_says_so() -> None:
    found = Suggester(names=NAMES).suggest("工地夜间施工，噪声很大")
    assert (found.source, found.model) == ("lexicon", None)
    assert [each.label for each in found.candidates] == ["0201"]
    assert [word.text for word in found.candidates[0].words] == ["施工", "噪声"]
    assert sum(each.confidence for each in found.candidates) <= 1


def test_pairs_that_touch_are_one_word_of_the_lexicon() -> None:
    (best, *_) = suggest_by_names("天天有人占道经营", NAMES).candidates
    assert [(word.text, word.start, word.share) for word in best.words] == [("占道经营", 4, 1.0)]


def test_where_there_is_a_model_it_speaks_and_names_its_version() -> None:
    found = Suggester(a_model(), NAMES).suggest("有人占道经营")
    assert (found.source, found.candidates[0].label) == ("model 20260302-0900-abcdef12", "城管")


def test_a_model_that_knows_no_word_leaves_it_to_the_lexicon() -> None:
    found = Suggester(a_model(), NAMES).suggest("施工噪声")
    assert (found.source, found.candidates[0].label) == ("lexicon", "0201")


def test_nothing_in_common_with_any_name_is_no_suggestion() -> None:
    assert Suggester(names=NAMES).suggest("").best is None
    assert Suggester().suggest("占道经营").candidates == ()
