"""The learning itself, by scikit-learn: runs of characters to weights, and confidences that hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.utils.extmath import randomized_svd

from router.domain.suggest.runs import runs_of

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

SEED = 0
LEAST_TEXTS = 2
MOST_WEIGHTS = 18_000_000
"""Runs times labels: 36 MB in a file, less what packing saves."""
SHARPNESS = 0.5
TOPICS = 200
TOPIC_RUNS = 40_000
TOPIC_SCALE = 10.0
TOPIC_FREEDOM = 0.5
NEVER_SEEN = -15.0


@dataclass(frozen=True)
class Counted:
    """Texts by runs: how often each run stands in each text, and how many runs each text has at all."""

    runs: list[str]
    counts: Any
    lengths: Numbers


@dataclass(frozen=True)
class Fit:
    """Two linear models over the same runs: `sharp` knows single runs, `broad` what goes together."""

    columns: Numbers
    rarity: Floats
    sharp: Floats
    sharp_bias: Floats
    broad: Floats
    broad_bias: Floats


def count_runs(texts: Sequence[str]) -> Counted:
    """Count the runs of texts; those that stand in a single one teach nothing."""
    counter = CountVectorizer(analyzer=runs_of, dtype=np.float32)
    counts = counter.fit_transform(texts)
    lengths = np.asarray(counts.sum(axis=1), dtype=np.int64).ravel()
    common = np.flatnonzero(np.diff(counts.tocsc().indptr) >= LEAST_TEXTS)
    return Counted(list(counter.get_feature_names_out()[common]), counts[:, common].tocsr(), lengths)


def fit(counted: Counted, labels: Numbers, kinds: int, rows: Numbers) -> Fit:
    """Learn from these rows; `labels` are numbers below `kinds`."""
    counts = counted.counts[rows]
    texts = np.diff(counts.tocsc().indptr)
    columns = _commonest(texts, MOST_WEIGHTS // kinds)
    rarity = np.log((1 + len(rows)) / (1 + texts[columns])).astype(np.float32) + np.float32(1)
    matrix = weighed(counts, columns, rarity)
    sharp_weights, sharp_bias = _sharp(matrix, labels[rows], kinds)
    broad_weights, broad_bias = _broad(matrix, labels[rows], kinds, texts[columns])
    return Fit(columns, rarity, sharp_weights, sharp_bias, broad_weights, broad_bias)


def _sharp(matrix: Any, labels: Numbers, kinds: int) -> tuple[Floats, Floats]:
    """
    Learn each label against the rest.

    One by one, so that few weights are ever held in double precision, and not in
    threads: they would share one stream of random numbers, and the same history
    would give another model each time.
    """
    weights = np.zeros((matrix.shape[1], kinds), dtype=np.float32)
    biases = np.full(kinds, NEVER_SEEN, dtype=np.float32)
    matrix = matrix.astype(np.float64)
    for label in np.unique(labels).tolist():
        learned = LinearSVC(C=SHARPNESS, tol=1e-2, dual=True, random_state=SEED).fit(matrix, labels == label)
        weights[:, label] = learned.coef_[0]
        biases[label] = learned.intercept_[0]
    return weights, biases


def _broad(matrix: Any, labels: Numbers, kinds: int, texts: Numbers) -> tuple[Floats, Floats]:
    """Learn from what runs go together: topics, found among the commonest runs without looking at labels."""
    common = np.sort(np.argsort(-texts, kind="stable")[:TOPIC_RUNS])
    matrix = matrix[:, common]
    topics = min(TOPICS, min(matrix.shape) - 1)
    _, _, axes = randomized_svd(matrix, topics, n_iter=2, random_state=SEED)
    axes = (TOPIC_SCALE * axes).astype(np.float32)
    learned = LogisticRegression(C=TOPIC_FREEDOM, max_iter=200, tol=1e-3).fit(matrix @ axes.T, labels)
    by_topic, biases = _spread(learned, kinds)
    weights = np.zeros((len(texts), kinds), dtype=np.float32)
    weights[common] = axes.T @ by_topic
    return weights, biases


def weighed(counts: Any, columns: Numbers, rarity: Floats) -> Any:
    """Return texts by runs as the model reads them: see `router.domain.suggest.model.read`."""
    matrix = counts[:, columns].astype(np.float32)
    matrix.data = 1 + np.log(matrix.data)
    matrix = sparse.csr_matrix(matrix @ sparse.diags(rarity))
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    norms[norms == 0] = 1
    return sparse.csr_matrix(sparse.diags((1 / norms).astype(np.float32)) @ matrix)


def scores_of(model: Fit, counted: Counted, rows: Numbers) -> tuple[Floats, Floats]:
    """Return what both linear models say of rows."""
    matrix = weighed(counted.counts[rows], model.columns, model.rarity)
    return matrix @ model.sharp + model.sharp_bias, matrix @ model.broad + model.broad_bias


def _commonest(texts: Numbers, most: int) -> Numbers:
    known = np.flatnonzero(texts >= LEAST_TEXTS)
    order = np.argsort(-texts[known], kind="stable")[:most]
    return np.sort(known[order])


def _spread(learned: Any, kinds: int) -> tuple[Floats, Floats]:
    """Return weights and bias of every label; one that was not there is never suggested."""
    coef, bias = learned.coef_, learned.intercept_
    if len(learned.classes_) == 2:
        coef, bias = np.vstack([-coef, coef]), np.concatenate([-bias, bias])
    weights = np.zeros((coef.shape[1], kinds), dtype=np.float32)
    weights[:, learned.classes_] = coef.T
    biases = np.full(kinds, NEVER_SEEN, dtype=np.float32)
    biases[learned.classes_] = bias
    return weights, biases
