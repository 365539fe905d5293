"""Use case: learn from a city's own history whose matter a text is, and say how good that is."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.calibrate import Calibration, Said, calibrate
from router.domain.suggest.duplicates import groups_of
from router.domain.suggest.evaluation import (
    Coverage,
    Outcome,
    coverage,
    label_reports,
    macro_f1,
    reliability,
    top,
)
from router.domain.suggest.model import Facts, Model
from router.domain.suggest.suggestion import MOST
from router.domain.suggest.thresholds import PROMISED, least_confidence
from router.fit import Counted, Fit, count_runs, fit, scores_of
from router.labelled_file import History
from schemas.errors import Invalid
from services.wording import said

FOLDS = 3
FEWEST_ROWS = 20
STEPS = FOLDS + 4

Told = Callable[[str], None]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Trained:
    """A model, and its evaluation on texts that it, its blend and its thresholds had not seen."""

    model: Model
    evaluation: dict[str, Any]


@dataclass(frozen=True)
class _Folds:
    """What was said of each row by models that had not seen it, and how much of it they did not know."""

    of: Numbers
    said: Said
    unknown: float

    def rows(self, number: int) -> Numbers:
        return np.flatnonzero(self.of == number)

    def but(self, number: int) -> Numbers:
        return np.flatnonzero(self.of != number)


def train(
    history: History, text: str, label: str, now: datetime, told: Told, group: str | None = None
) -> Trained:
    """
    Train a model; `told` hears each of the `STEPS` it takes.

    Texts that are nearly the same stay on one side of every split, and so do
    those of one `group`. Raises `Invalid` when there is too little to learn from.
    """
    names, labels = _labels(history.columns[label])
    told("find near-duplicates")
    said_only = [said(each) for each in history.texts]
    groups = groups_of(said_only, history.columns[group] if group else None)
    told("count runs of characters")
    counted = count_runs(history.texts)
    if not counted.runs:
        raise Invalid("The texts have nothing in common: too few to learn from.")
    folds = _held_out(counted, labels, len(names), _folds_of(groups), told)
    told("calibrate")
    outcomes = list(_unseen(folds, names))
    calibration = calibrate(folds.said)
    told("learn from all rows")
    learned = fit(counted, labels, len(names), np.arange(len(labels)))
    facts = Facts(
        version=f"{now:%Y%m%d-%H%M}-{history.sha256[:8]}",
        trained_at=now.isoformat(timespec="seconds"),
        source=history.name,
        source_sha256=history.sha256,
        rows=len(labels),
        text_column=text,
        label_column=label,
        thresholds=_thresholds(outcomes),
        shares=_shares(outcomes),
        confidence=sum(each.confidence for each in outcomes) / len(outcomes),
        unknown=folds.unknown,
    )
    evaluation = {"model": asdict(facts), "groups": len(set(groups)), "folds": FOLDS}
    return Trained(
        _model(facts, names, counted, learned, calibration), evaluation | _evaluation(outcomes, folds)
    )


def _labels(given: Sequence[str]) -> tuple[list[str], Numbers]:
    names = sorted(set(given))
    if len(names) < 2 or len(given) < FEWEST_ROWS:
        raise Invalid(
            f"{len(given)} rows with {len(names)} labels are too few: "
            f"it takes {FEWEST_ROWS} rows and 2 labels."
        )
    number = {name: at for at, name in enumerate(names)}
    return names, np.array([number[each] for each in given], dtype=np.int64)


def _folds_of(groups: Sequence[int]) -> Numbers:
    """Deal groups out, the largest first, each to the fold that has the fewest rows."""
    sizes = Counter(groups)
    order = np.random.default_rng(0).permutation(sorted(sizes))
    filled: dict[int, int] = defaultdict(int)
    fold: dict[int, int] = {}
    for group in sorted(order.tolist(), key=lambda each: -sizes[each]):
        fold[group] = min(range(FOLDS), key=lambda each: (filled[each], each))
        filled[fold[group]] += sizes[group]
    return np.array([fold[each] for each in groups], dtype=np.int64)


def _held_out(counted: Counted, labels: Numbers, kinds: int, of: Numbers, told: Told) -> _Folds:
    sharp = np.zeros((len(labels), kinds), dtype=np.float32)
    broad = np.zeros_like(sharp)
    learnable = np.zeros(len(labels), dtype=bool)
    known = 0.0
    for number in range(FOLDS):
        told(f"learn without part {number + 1} of {FOLDS}, and try it there")
        rest, rows = np.flatnonzero(of != number), np.flatnonzero(of == number)
        if len(set(labels[rest].tolist())) < 2:
            raise Invalid("Nearly all texts are the same, or have the same label: nothing to learn.")
        learned = fit(counted, labels, kinds, rest)
        sharp[rows], broad[rows] = scores_of(learned, counted, rows)
        learnable[rows] = np.isin(labels[rows], labels[rest])
        inside = np.asarray(counted.counts[rows][:, learned.columns].sum(axis=1)).ravel()
        known += float((inside / np.maximum(counted.lengths[rows], 1)).sum())
    return _Folds(of, Said(sharp, broad, labels, learnable), 1 - known / len(labels))


def _unseen(folds: _Folds, names: Sequence[str]) -> Iterator[Outcome]:
    """Yield outcomes in the folds' order, each calibrated on the other folds."""
    for number in range(FOLDS):
        calibration = calibrate(folds.said.of(folds.but(number)))
        yield from calibration.outcomes(folds.said.of(folds.rows(number)), names)


def _thresholds(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    return {promised: least_confidence(outcomes, float(promised)) for promised in PROMISED}


def _shares(outcomes: Sequence[Outcome]) -> dict[str, float]:
    given = Counter(each.first for each in outcomes if each.first is not None)
    return {label: count / len(outcomes) for label, count in given.most_common()}


def _evaluation(outcomes: Sequence[Outcome], folds: _Folds) -> dict[str, Any]:
    return {
        "n": len(outcomes),
        "top1": top(outcomes, 1),
        f"top{MOST}": top(outcomes, MOST),
        "macro_f1": macro_f1(outcomes),
        "coverage": {promised: asdict(each) for promised, each in _kept(outcomes, folds).items()},
        "reliability": [asdict(each) for each in reliability(outcomes)],
        "labels": [asdict(each) for each in label_reports(outcomes)],
    }


def _kept(outcomes: Sequence[Outcome], folds: _Folds) -> dict[str, Coverage]:
    """Return for each promise what was kept in each fold by a threshold chosen in the others."""
    ends = np.cumsum([0, *(len(folds.rows(number)) for number in range(FOLDS))]).tolist()
    kept = {}
    for promised in PROMISED:
        sure = right = 0.0
        for start, end in pairwise(ends):
            least = least_confidence([*outcomes[:start], *outcomes[end:]], float(promised))
            found = coverage(outcomes[start:end], least)
            sure += found.coverage * (end - start)
            right += found.coverage * (end - start) * (found.precision or 0.0)
        threshold = least_confidence(outcomes, float(promised))
        kept[promised] = Coverage(threshold, sure / len(outcomes), right / sure if sure else None)
    return kept


def _model(
    facts: Facts, names: Sequence[str], counted: Counted, learned: Fit, calibration: Calibration
) -> Model:
    """Both linear models become one: what a run says is the sum of what it says in each."""
    weights, bias = learned.sharp, learned.sharp_bias * calibration.sharp
    weights *= calibration.sharp
    weights += calibration.broad * learned.broad
    return Model(
        facts,
        tuple(names),
        {counted.runs[column]: at for at, column in enumerate(learned.columns.tolist())},
        learned.rarity,
        weights,
        bias + calibration.broad * learned.broad_bias + calibration.bias,
        calibration.given,
        calibration.trust,
        calibration.trust_bias,
    )
