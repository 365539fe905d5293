"""A trained model and what it says of a text: one weight for each run of characters and label."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.domain.suggest.lexicon import units_named_in
from router.domain.suggest.runs import places_of, runs_of
from router.domain.suggest.suggestion import MOST, Candidate, Suggestion
from router.domain.suggest.words import deciding_words

Floats = NDArray[np.float32]
RIVALS = 5
SMALLEST = 1e-6


@dataclass(frozen=True)
class Facts:
    """
    What a model was trained on, and what it looked like then.

    `shares` are the labels it gave to texts it had not seen, `confidence` and
    `unknown` how sure it was of them and how much of them it did not know:
    what drift is measured against. `thresholds` are by promised precision.
    """

    version: str
    trained_at: str
    source: str
    source_sha256: str
    rows: int
    text_column: str
    label_column: str
    thresholds: dict[str, float | None] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    confidence: float = 0.0
    unknown: float = 0.0


@dataclass(frozen=True)
class Model:
    """
    Labels, known runs with their rarity, and the weights (runs by labels) that make likelihoods of them.

    `given` says for each label a text speaks for (rows) which labels such texts
    were given (columns): two names of one unit, or two units for one matter.
    `trust` and its correction for each label make of the likelihood of the first
    how often it was right in texts the model had not seen.
    """

    facts: Facts
    labels: tuple[str, ...]
    known: dict[str, int]
    rarity: Floats
    weights: Floats
    bias: Floats
    given: Floats
    trust: float
    trust_bias: Floats


@dataclass(frozen=True)
class Reading:
    """A text as numbers: which known run stands at each place (-1 is none), and the weight of each run."""

    at: NDArray[np.int64]
    runs: NDArray[np.int64]
    values: Floats

    @property
    def unknown(self) -> float:
        """Return the share of the text the model has never seen."""
        return float(np.mean(self.at < 0)) if self.at.size else 1.0


def read(model: Model, text: str) -> Reading:
    """Count the known runs of a text: often is more than once, rare is more than common, long is not more."""
    known = model.known
    at = np.array([known.get(run, -1) for run in runs_of(text)], dtype=np.int64)
    runs, counts = np.unique(at[at >= 0], return_counts=True)
    values = (1 + np.log(counts)) * model.rarity[runs]
    norm = np.sqrt(np.sum(values * values))
    return Reading(at, runs, (values / norm if norm else values).astype(np.float32))


def spoken_for(model: Model, reading: Reading) -> NDArray[np.float64]:
    """Return how much a text speaks for each label; they sum to 1."""
    scores = (reading.values @ model.weights[reading.runs] + model.bias).astype(np.float64)
    likely = np.exp(scores - scores.max())
    return np.asarray(likely / likely.sum())


def likelihoods(model: Model, reading: Reading) -> NDArray[np.float64]:
    """Return how likely such a text is given each label; they order the labels, and sum to 1."""
    return np.asarray(spoken_for(model, reading) @ model.given)


def confidences(model: Model, likely: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Return how likely each label is to be right; the sum is at most 1.

    The first is corrected by what was found of its label, the others share what
    is left and never overtake it: some may then be as sure as the first.
    """
    first = int(likely.argmax())
    trusted = float(trusted_of(likely[first], model.trust, float(model.trust_bias[first])))
    others = likely * ((1 - trusted) / max(1 - float(likely[first]), SMALLEST))
    others[first] = trusted
    return np.asarray(np.minimum(others, trusted))


def trusted_of(likely: Any, trust: float, bias: Any) -> Any:
    """Return how often a first label of this likelihood is right; of one or of many."""
    inside = np.clip(likely, SMALLEST, 1 - SMALLEST)
    return 1 / (1 + np.exp(-(trust * np.log(inside / (1 - inside)) + bias)))


def suggest_by_model(model: Model, text: str, most: int = MOST) -> Suggestion:
    """Suggest the likeliest labels of a text, each with the words that decided."""
    reading = read(model, text)
    if not reading.runs.size:
        return Suggestion(model.facts.version, (), units_named_in(text))
    said = spoken_for(model, reading)
    likely = said @ model.given
    sure = confidences(model, likely)
    order = np.argsort(-likely, kind="stable")[:most]
    sources = (said[:, None] * model.given[:, order]).argmax(axis=0)
    rivals = np.unique(np.concatenate((sources, np.argsort(-said, kind="stable")[:RIVALS])))
    credit = _credit(model, reading, rivals)
    places = np.array(places_of(text), dtype=np.int64)
    where = np.searchsorted(reading.runs, reading.at[reading.at >= 0])
    candidates = tuple(
        Candidate(
            model.labels[label],
            float(sure[label]),
            deciding_words(text, places[reading.at >= 0], _shared(credit[source], where)),
        )
        for label, source in zip(order, sources, strict=True)
    )
    return Suggestion(model.facts.version, candidates, units_named_in(text), reading.unknown)


def _credit(model: Model, reading: Reading, labels: NDArray[np.int64]) -> dict[int, Floats]:
    """Return what each run says for each of some labels against the others."""
    weights = model.weights[np.ix_(reading.runs, labels)] * reading.values[:, None]
    against = weights.sum(axis=1, keepdims=True) - weights
    credit = weights - against / max(len(labels) - 1, 1)
    return {label: credit[:, at] for at, label in enumerate(labels.tolist())}


def _shared(credit: Floats, where: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give each place of a run its part of what the run says."""
    return np.asarray(credit / np.bincount(where, minlength=len(credit)))[where]
