"""From what two linear models say of texts they have not seen, to confidences that hold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression

from router.domain.suggest.evaluation import Outcome
from router.domain.suggest.model import SMALLEST, Floats, trusted_of
from router.domain.suggest.suggestion import MOST

Numbers = NDArray[np.int64]
PRIOR = 200.0
KEPT, COMMON = 60.0, 1.0
"""So many texts never seen keep the label they speak for, or have any label as often as it is given."""
ROUNDS = 20
TRUST_FREEDOM = 0.05
BROAD_PARTS = (0.0, 0.03, 0.06, 0.1, 0.15)


@dataclass(frozen=True)
class Said:
    """
    What both models say of texts they were not fitted to, and the right labels.

    `learnable` are those whose label the models had met at all: no blend makes
    the others right, so they must not bend it.
    """

    sharp: Floats
    broad: Floats
    labels: Numbers
    learnable: NDArray[np.bool_]

    def of(self, rows: Numbers) -> "Said":
        """Return what they say of some of the texts."""
        return Said(self.sharp[rows], self.broad[rows], self.labels[rows], self.learnable[rows])


@dataclass(frozen=True)
class Calibration:
    """How much each model says, corrections by label, and how far the first label is to be trusted."""

    sharp: float
    broad: float
    bias: Floats
    given: Floats
    trust: float
    trust_bias: Floats

    def outcomes(self, said: Said, names: Sequence[str]) -> list[Outcome]:
        """Return what would have been suggested."""
        likely = self.likely(said)
        order = np.argsort(-likely, axis=1, kind="stable")[:, :MOST]
        firsts = likely[np.arange(len(order)), order[:, 0]]
        trusted = trusted_of(firsts, self.trust, self.trust_bias[order[:, 0]])
        return [
            Outcome(names[truth], tuple(names[each] for each in row), float(confidence))
            for truth, row, confidence in zip(said.labels, order, trusted, strict=True)
        ]

    def likely(self, said: Said) -> NDArray[np.float64]:
        """Return how likely each label is before the first is corrected."""
        return self.spoken_for(said) @ self.given

    def spoken_for(self, said: Said) -> NDArray[np.float64]:
        """Return how much each text speaks for each label."""
        return np.asarray(softmax(self.sharp * said.sharp + self.broad * said.broad + self.bias, axis=1))


def calibrate(said: Said) -> Calibration:
    """Blend two models so that the right labels become likeliest, then see how far the first is right."""
    sharp, broad, bias = _blend(said.of(np.flatnonzero(said.learnable)))
    kinds = len(bias)
    blended = Calibration(sharp, broad, bias, np.eye(kinds, dtype=np.float32), 1.0, np.zeros_like(bias))
    blended = replace(blended, given=_given(blended.spoken_for(said), said.labels))
    trust, trust_bias = _trust(blended.likely(said), said.labels)
    return replace(blended, trust=trust, trust_bias=trust_bias)


def _blend(said: Said) -> tuple[float, float, Floats]:
    """
    Choose how much `broad` adds by how often the right label comes first or among three, then fit the scale.

    Likelihood alone would add more of it than is good for the first: topics are of their time.
    """
    part = max(BROAD_PARTS, key=lambda each: _hits(said.sharp + each * said.broad, said.labels))
    scale, bias = _scale(said.sharp + part * said.broad, said.labels)
    return scale, scale * part, bias


def _hits(scores: Floats, labels: Numbers) -> int:
    first = np.argpartition(-scores, min(MOST, scores.shape[1] - 1), axis=1)[:, :MOST]
    return int((scores.argmax(axis=1) == labels).sum() + (first == labels[:, None]).sum())


def _scale(scores: Floats, labels: Numbers) -> tuple[float, Floats]:
    """Fit one scale, and a small correction for each label, so that right labels become likeliest."""
    here = np.arange(len(labels))

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        at = point.astype(np.float32)
        likely = log_softmax(at[0] * scores + at[1:], axis=1)
        wrong = np.exp(likely)
        wrong[here, labels] -= 1
        slope = np.concatenate(([np.vdot(wrong, scores)], wrong.sum(axis=0) + 2 * PRIOR * at[1:]))
        lost = PRIOR * float((at[1:] ** 2).sum()) - float(likely[here, labels].sum(dtype=np.float64))
        return lost, slope.astype(np.float64)

    start = np.concatenate(([4.0], np.zeros(scores.shape[1])))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 40}).x
    return float(found[0]), found[1:].astype(np.float32)


def _given(spoken_for: NDArray[np.float64], labels: Numbers) -> Floats:
    """
    Find for each label a text speaks for how often such texts were given which label.

    The likeliest shares by expectation and maximization: each text counts for the
    labels it speaks for, as far as they explain the label it was given. Shares
    rest on unseen texts too, so that a handful of texts changes little.
    """
    kinds = spoken_for.shape[1]
    common = np.bincount(labels, minlength=kinds) / len(labels)
    unseen = KEPT * np.eye(kinds) + COMMON * common
    given = unseen / unseen.sum(axis=1, keepdims=True)
    by_label = sparse.csr_matrix(
        (np.ones(len(labels)), (labels, np.arange(len(labels)))), (kinds, len(labels))
    )
    for _ in range(ROUNDS):
        explained = spoken_for * given[:, labels].T
        explained /= explained.sum(axis=1, keepdims=True)
        given = (by_label @ explained).T + unseen
        given /= given.sum(axis=1, keepdims=True)
    return np.asarray(given, dtype=np.float32)


def _trust(likely: NDArray[np.float64], labels: Numbers) -> tuple[float, Floats]:
    """
    Fit how often the first label is right, by its likelihood and by which label it is.

    By label only as far as many texts say so: what is trusted most changes from month to month.
    """
    first = likely.argmax(axis=1)
    right = first == labels
    if right.all() or not right.any():
        return 1.0, np.zeros(likely.shape[1], dtype=np.float32)
    most = np.clip(likely.max(axis=1), SMALLEST, 1 - SMALLEST)
    by_label = np.zeros(likely.shape)
    by_label[np.arange(len(first)), first] = 1
    traits = np.column_stack((np.log(most / (1 - most)), by_label))
    learned = LogisticRegression(C=TRUST_FREEDOM, max_iter=500).fit(traits, right)
    coef = learned.coef_[0]
    return float(max(coef[0], SMALLEST)), (coef[1:] + learned.intercept_[0]).astype(np.float32)
