"""Use case: try a model on a file whose right labels are known, call by call as they would come in."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from router.domain.suggest.evaluation import (
    LabelReport,
    Outcome,
    coverages,
    label_reports,
    macro_f1,
    top,
)
from router.domain.suggest.model import Model, suggest_by_model
from router.domain.suggest.suggestion import MOST
from router.labelled_file import History


@dataclass(frozen=True)
class Tried:
    """What a model said of each row, and how long that took, in ms."""

    outcomes: list[Outcome]
    ms_per_call: float
    thresholds: dict[str, float | None]

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for programs."""
        return {
            "n": len(self.outcomes),
            "top1": top(self.outcomes, 1),
            f"top{MOST}": top(self.outcomes, MOST),
            "macro_f1": macro_f1(self.outcomes),
            "ms_per_call": self.ms_per_call,
            "coverage": {
                promised: asdict(each) for promised, each in coverages(self.outcomes, self.thresholds).items()
            },
        }

    def labels(self) -> list[LabelReport]:
        """Return the report of each label, the commonest first."""
        return label_reports(self.outcomes)


def try_model(model: Model, history: History, label: str, told: Callable[[], None]) -> Tried:
    """Suggest for every row by itself, words included; a label the model does not know is never right."""
    outcomes, spent = [], []
    for text, truth in zip(history.texts, history.columns[label], strict=True):
        begun = time.perf_counter()
        suggestion = suggest_by_model(model, text)
        spent.append(time.perf_counter() - begun)
        names = tuple(each.label for each in suggestion.candidates)
        outcomes.append(Outcome(truth, names, suggestion.best.confidence if suggestion.best else 0.0))
        told()
    took = 1000 * statistics.median(spent) if spent else 0.0
    return Tried(outcomes, round(took, 4), model.facts.thresholds)
