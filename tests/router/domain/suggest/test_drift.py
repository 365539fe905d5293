"""When recent calls no longer look like those of the training."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from router.domain.suggest.drift import Look, Verdict, drift, look_at, stability_index
from tests.router.domain.suggest.small import a_model

THEN = Look(1000, {"水务": 0.5, "城管": 0.3, "公交": 0.2}, 0.8, 0.1)
SHARES = some.lists(some.floats(0.01, 1), min_size=3, max_size=3).map(
    lambda each: dict(zip(("水务", "城管", "公交"), (part / sum(each) for part in each), strict=True))
)


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (THEN, Verdict.STABLE),
        (Look(99, {"公交": 1.0}, 0.1, 0.9), Verdict.TOO_FEW),
        (Look(1000, {"水务": 0.4, "城管": 0.3, "公交": 0.3}, 0.8, 0.1), Verdict.STABLE),
        (Look(1000, {"水务": 0.35, "城管": 0.35, "公交": 0.3}, 0.8, 0.1), Verdict.WATCH),
        (Look(1000, {"水务": 0.33, "城管": 0.33, "公交": 0.34}, 0.8, 0.1), Verdict.WATCH),
        (Look(1000, {"水务": 0.2, "城管": 0.3, "公交": 0.5}, 0.8, 0.1), Verdict.DRIFTED),
        (Look(1000, THEN.shares, 0.74, 0.1), Verdict.WATCH),
        (Look(1000, THEN.shares, 0.69, 0.1), Verdict.DRIFTED),
        (Look(1000, THEN.shares, 0.95, 0.1), Verdict.STABLE),
        (Look(1000, THEN.shares, 0.8, 0.14), Verdict.WATCH),
        (Look(1000, THEN.shares, 0.8, 0.17), Verdict.DRIFTED),
    ],
)
def test_the_worst_measure_is_the_verdict(now: Look, verdict: Verdict) -> None:
    assert drift(THEN, now).verdict is verdict


def test_labels_that_were_rare_count_together() -> None:
    then = {"水务": 0.98, "教育": 0.01, "民政": 0.01}
    assert stability_index(then, {"水务": 0.98, "民政": 0.02}) == pytest.approx(0)
    assert stability_index(then, {"水务": 0.5, "从未见过": 0.5}) > 0.2


@given(SHARES, SHARES)
def test_the_index_is_nothing_for_the_same_and_never_less_than_nothing(
    one: dict[str, float], other: dict[str, float]
) -> None:
    assert stability_index(one, one) == pytest.approx(0)
    assert stability_index(one, other) >= 0


def test_a_look_counts_labels_confidence_and_what_is_not_known() -> None:
    seen = look_at(a_model(), ["停水", "停水", "占道", "占道"])
    assert seen.shares == {"供水": 0.5, "城管": 0.5}
    assert 0.8 < seen.confidence < 1
    assert seen.unknown == pytest.approx(2 / 3)
    assert look_at(a_model(), []).n == 0
