"""From scores to confidences: two names of one unit are no doubt about the matter, but about the name."""

import numpy as np
import pytest

from router.calibrate import Calibration, Said, calibrate

CLEAR = 3.0
SHORT, LONG, OTHER = range(3)
NAMES = ("环卫局", "环境卫生管理局", "供电局")


def calls(short: int, long: int, other: int) -> Said:
    """Texts that speak clearly for their unit, never for which of its two names it was given."""
    labels = np.repeat([SHORT, LONG, OTHER], [short, long, other])
    scores = np.zeros((len(labels), 3), dtype=np.float32)
    scores[np.arange(len(labels)), np.where(labels == OTHER, OTHER, SHORT)] = CLEAR
    return Said(scores, np.zeros_like(scores), labels, np.ones(len(labels), dtype=bool))


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return calibrate(calls(2400, 600, 3000))


def test_a_label_is_as_likely_as_it_was_given_to_texts_that_speak_alike(calibration: Calibration) -> None:
    likely = calibration.likely(calls(1, 0, 0))[0]
    assert likely[SHORT] == pytest.approx(0.8, abs=0.06)
    assert likely[LONG] == pytest.approx(0.2, abs=0.06)
    assert likely.sum() == pytest.approx(1)


def test_what_has_one_name_is_surer_than_what_has_two(calibration: Calibration) -> None:
    two, one = calibration.outcomes(calls(1, 0, 1), NAMES)
    assert (two.suggested[:2], one.first) == (("环卫局", "环境卫生管理局"), "供电局")
    assert two.confidence == pytest.approx(0.8, abs=0.06)
    assert one.confidence > 0.97


def test_a_handful_of_texts_hardly_changes_what_a_label_is_given_for() -> None:
    likely = calibrate(calls(8, 2, 10)).likely(calls(1, 0, 0))[0]
    assert likely[LONG] < 0.1
