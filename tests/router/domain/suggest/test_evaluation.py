"""Figures against a hand count, thresholds that promise no more than was proved."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from router.domain.suggest.evaluation import (
    Outcome,
    coverage,
    coverages,
    label_reports,
    macro_f1,
    reliability,
    top,
)
from router.domain.suggest.thresholds import least_confidence, lower_bound

OUTCOMES = [
    Outcome("水务", ("水务", "城管", "公交"), 0.95),
    Outcome("水务", ("城管", "水务", "公交"), 0.55),
    Outcome("城管", ("城管", "水务", "公交"), 0.85),
    Outcome("公交", ("城管", "水务", "教育"), 0.35),
    Outcome("教育", (), 0.0),
]
SOME = some.lists(
    some.builds(
        Outcome,
        some.sampled_from("甲乙"),
        some.sampled_from([("甲", "乙"), ("乙", "甲")]),
        some.floats(0, 1),
    ),
    max_size=60,
)


def test_the_figures_are_those_of_a_hand_count() -> None:
    assert (top(OUTCOMES, 1), top(OUTCOMES, 3)) == (2 / 5, 3 / 5)
    by_label = {each.label: each for each in label_reports(OUTCOMES)}
    assert (by_label["水务"].precision, by_label["水务"].recall, by_label["水务"].f1) == (1, 0.5, 2 / 3)
    assert (by_label["城管"].precision, by_label["城管"].recall, by_label["城管"].f1) == (1 / 3, 1, 0.5)
    assert [by_label[each].f1 for each in ("公交", "教育")] == [0, 0]
    assert macro_f1(OUTCOMES) == pytest.approx((2 / 3 + 0.5) / 4)


def test_the_reliability_table_sets_confidence_beside_truth() -> None:
    bins = {each.least: (each.n, each.confidence, each.right) for each in reliability(OUTCOMES)}
    assert bins == {
        0.0: (1, 0.0, 0.0),
        0.3: (1, 0.35, 0.0),
        0.5: (1, 0.55, 0.0),
        0.8: (1, 0.85, 1.0),
        0.9: (1, 0.95, 1.0),
    }


def test_coverage_counts_what_reaches_the_threshold_and_what_of_it_is_right() -> None:
    assert coverage(OUTCOMES, 0.55).coverage == 3 / 5
    assert coverage(OUTCOMES, 0.55).precision == 2 / 3
    nobody = coverages(OUTCOMES, {"0.97": None, "0.99": 0.99})
    assert [(each.coverage, each.precision) for each in nobody.values()] == [(0, None), (0, None)]


def test_no_calls_have_no_figures_and_break_nothing() -> None:
    assert (top([], 1), macro_f1([]), reliability([]), coverage([], 0.5).coverage) == (0, 0, [], 0)


def test_a_few_right_answers_promise_nothing() -> None:
    few = [Outcome("水务", ("水务",), 0.99)] * 20
    assert least_confidence(few, 0.95) is None
    assert least_confidence([], 0.95) is None


def test_a_threshold_is_the_lowest_confidence_that_still_keeps_the_promise() -> None:
    sure = [Outcome("水务", ("水务",), 0.9)] * 200
    less = [Outcome("水务", ("水务",), 0.7)] * 200
    wrong = [Outcome("城管", ("水务",), 0.5)] * 100
    assert least_confidence([*wrong, *less, *sure], 0.97) == 0.7


@given(SOME, some.sampled_from((0.5, 0.8, 0.95)))
def test_what_a_threshold_lets_through_keeps_the_promise_where_it_was_chosen(
    outcomes: list[Outcome], promised: float
) -> None:
    least = least_confidence(outcomes, promised)
    if least is not None:
        assert (coverage(outcomes, least).precision or 0) >= promised


@given(some.integers(0, 500), some.integers(1, 500))
def test_what_is_proved_is_never_more_than_what_was_seen(right: int, more: int) -> None:
    count = right + more
    assert 0 <= lower_bound(right, count) <= right / count + 1e-9
    assert lower_bound(10 * right, 10 * count) >= lower_bound(right, count) - 1e-9
