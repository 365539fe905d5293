"""How good suggestions were: every figure is a count a person can repeat by hand."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

BINS = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """A text's right label, the labels that were suggested, and the confidence of the first."""

    truth: str
    suggested: tuple[str, ...]
    confidence: float

    @property
    def first(self) -> str | None:
        """What would have been assigned."""
        return self.suggested[0] if self.suggested else None

    @property
    def right(self) -> bool:
        """Whether that is right."""
        return self.first == self.truth


@dataclass(frozen=True, slots=True)
class LabelReport:
    """A label: how many texts are its own, how many of those given it are, how many of its own were."""

    label: str
    n: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Texts of like confidence: how sure the model was on the whole, and how often it was right."""

    least: float
    n: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """At a threshold: the share of texts that reach it, and how many of those are right."""

    threshold: float | None
    coverage: float
    precision: float | None


def top(outcomes: Sequence[Outcome], most: int) -> float:
    """Return the share of texts whose right label is among the first so many."""
    return _share(sum(each.truth in each.suggested[:most] for each in outcomes), len(outcomes))


def label_reports(outcomes: Sequence[Outcome]) -> list[LabelReport]:
    """Return a report for each label that is right or was suggested first, the commonest first."""
    own = Counter(each.truth for each in outcomes)
    given = Counter(each.first for each in outcomes if each.first is not None)
    right = Counter(each.truth for each in outcomes if each.right)
    return sorted(
        (
            LabelReport(
                label,
                own[label],
                _share(right[label], given[label]),
                _share(right[label], own[label]),
                _share(2 * right[label], own[label] + given[label]),
            )
            for label in own.keys() | given.keys()
        ),
        key=lambda each: (-each.n, each.label),
    )


def macro_f1(outcomes: Sequence[Outcome]) -> float:
    """Return the mean F1 of all labels that are right or were suggested first, each counting the same."""
    reports = label_reports(outcomes)
    return sum(each.f1 for each in reports) / len(reports) if reports else 0.0


def reliability(outcomes: Sequence[Outcome]) -> list[Bin]:
    """Return, by tenths of confidence, how sure the model was and how often it was right."""
    return list(_bins(outcomes))


def _bins(outcomes: Sequence[Outcome]) -> Iterator[Bin]:
    for number in range(BINS):
        inside = [each for each in outcomes if min(int(each.confidence * BINS), BINS - 1) == number]
        if inside:
            confidence = sum(each.confidence for each in inside) / len(inside)
            right = _share(sum(each.right for each in inside), len(inside))
            yield Bin(number / BINS, len(inside), confidence, right)


def coverage(outcomes: Sequence[Outcome], threshold: float | None) -> Coverage:
    """Return how many texts reach a threshold and how many of those are right; nobody reaches None."""
    if threshold is None:
        return Coverage(None, 0.0, None)
    sure = [each for each in outcomes if each.suggested and each.confidence >= threshold]
    precision = _share(sum(each.right for each in sure), len(sure)) if sure else None
    return Coverage(threshold, _share(len(sure), len(outcomes)), precision)


def coverages(outcomes: Sequence[Outcome], thresholds: Mapping[str, float | None]) -> dict[str, Coverage]:
    """Return the coverage of each promised precision at its threshold."""
    return {promised: coverage(outcomes, threshold) for promised, threshold in thresholds.items()}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
