"""What a model says of a text: confidences that add up, and words that stand in the text."""

from itertools import pairwise
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as some

from router.domain.suggest.model import confidences, likelihoods, read, suggest_by_model
from router.domain.suggest.suggestion import Suggestion
from tests.router.domain.suggest.small import LABELS, a_model

TEXTS = some.text(some.sampled_from([*"公交司机车占道城管停水请核实，。 \n１Ａa", "😀"]), max_size=60)
CORRECTIONS = some.floats(-5, 5)


def labels_of(suggestion: Suggestion) -> list[str]:
    return [each.label for each in suggestion.candidates]


@pytest.mark.parametrize(
    ("text", "label"),
    [("公交司机不停车", "公交"), ("小贩占道经营", "城管"), ("小区停水两天", "供水"), ("水管漏水", "供水")],
)
def test_the_label_whose_words_stand_in_the_text_comes_first(text: str, label: str) -> None:
    assert labels_of(suggest_by_model(a_model(), text))[0] == label


def test_a_single_known_word_gives_the_confidence_one_can_reckon() -> None:
    (best, *others) = suggest_by_model(a_model(), "占道").candidates
    assert best.confidence == pytest.approx(exp(3) / (exp(3) + 2))
    assert [each.confidence for each in others] == pytest.approx([1 / (exp(3) + 2)] * 2)


def test_a_label_that_is_often_wrong_is_less_sure_than_its_words_look() -> None:
    doubted = suggest_by_model(a_model(trust_bias=(0.0, -2.0, 0.0)), "占道")
    assert doubted.best is not None
    assert doubted.best.label == "城管"
    assert doubted.best.confidence == pytest.approx(1 / (1 + 2 / exp(3) * exp(2)))


def test_a_label_that_is_hardly_trusted_still_comes_first() -> None:
    found = suggest_by_model(a_model(trust_bias=(0.0, 0.0, -9.0)), "停水")
    assert labels_of(found)[0] == "供水"
    assert found.candidates[0].confidence < 0.01


def test_a_second_name_of_a_unit_is_suggested_by_the_words_of_the_first_as_often_as_it_was_given() -> None:
    given_to = ((0.6, 0.0, 0.4), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    (first, second, third) = suggest_by_model(a_model(given=given_to), "公交司机").candidates
    likely = exp(6 / 2**0.5) / (exp(6 / 2**0.5) + 2)
    assert (first.label, second.label, third.label) == ("公交", "供水", "城管")
    assert first.confidence == pytest.approx(0.6 * likely)
    assert second.confidence == pytest.approx(0.4 * likely + (1 - likely) / 2, rel=1e-4)
    assert [word.text for word in second.words] == ["公交司机"]


@given(TEXTS, CORRECTIONS, some.floats(0.01, 5))
def test_confidences_are_shares_in_order_and_never_add_up_to_more_than_one(
    text: str, bias: float, trust: float
) -> None:
    model = a_model(trust, (bias, -bias, bias / 2))
    every = confidences(model, likelihoods(model, read(model, text)))
    assert every.min() >= 0
    assert every.sum() <= 1 + 1e-6
    shown = [each.confidence for each in suggest_by_model(model, text).candidates]
    assert shown == sorted(shown, reverse=True)
    assert all(0 <= each <= 1 for each in shown)


@given(TEXTS)
def test_words_stand_where_they_say_and_share_what_was_said(text: str) -> None:
    for candidate in suggest_by_model(a_model(), text).candidates:
        assert all(word.text == text[word.start : word.end] for word in candidate.words)
        assert sum(word.share for word in candidate.words) <= 1 + 1e-6
        spans = sorted((word.start, word.end) for word in candidate.words)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_neighbouring_runs_are_one_word_and_the_loudest_comes_first() -> None:
    best = suggest_by_model(a_model(), "昨天公交司机骂人").best
    assert best is not None
    assert [word.text for word in best.words] == ["公交司机"]
    assert best.words[0].share == pytest.approx(1)


def test_a_unit_asked_to_act_is_shown_whole_and_as_what_it_is() -> None:
    found = suggest_by_model(a_model(), "路口有人占道，请龙华区城管局核实处理")
    assert found.named_units == ("龙华区城管局",)
    assert found.best is not None
    named = {word.text: word.names_unit for word in found.best.words}
    assert named == {"占道": False, "龙华区城管局": True}


def test_a_text_of_unknown_words_gets_no_label_from_a_model() -> None:
    found = suggest_by_model(a_model(), "天气很好")
    assert (found.candidates, found.source) == ((), "model 20260302-0900-abcdef12")


def test_what_the_model_has_never_seen_of_a_text_is_said_beside_its_confidence() -> None:
    found = suggest_by_model(a_model(), "停水了吗")
    assert found.unknown == pytest.approx(1 - 1 / 9)  # one of its nine runs is known


def test_width_and_case_of_letters_make_no_difference() -> None:
    model = a_model()
    wide = read(model, "Ａ公交Ｂ")
    assert (read(model, "a公交b").at == wide.at).all()
    assert wide.unknown == pytest.approx(1 - 1 / 9)


def test_a_long_text_is_read_at_its_beginning_and_its_end() -> None:
    middle = "，" * 2000
    assert labels_of(suggest_by_model(a_model(), f"停水{middle}"))[0] == "供水"
    found = suggest_by_model(a_model(), f"{middle}停水")
    assert found.best is not None
    assert [(word.start, word.text) for word in found.best.words] == [(2000, "停水")]
    assert not suggest_by_model(a_model(), f"{middle[:1000]}停水{middle[:1000]}").candidates


def test_as_many_are_shown_as_are_asked_for() -> None:
    assert len(suggest_by_model(a_model(), "停水", most=1).candidates) == 1
    assert set(labels_of(suggest_by_model(a_model(), "停水", most=9))) == set(LABELS)
