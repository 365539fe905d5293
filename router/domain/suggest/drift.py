"""Whether recent calls still look like those a model was trained on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log

from router.domain.suggest.model import Model, confidences, likelihoods, read

FEWEST = 100
WATCH_SHARES, DRIFTED_SHARES = 0.1, 0.2
WATCH_CONFIDENCE, DRIFTED_CONFIDENCE = 0.05, 0.1
WATCH_UNKNOWN, DRIFTED_UNKNOWN = 0.03, 0.06
RARE = 0.02
OTHERS = ""


class Verdict(StrEnum):
    """`STABLE`, `WATCH` it, `DRIFTED`: train anew; `TOO_FEW` calls to say."""

    STABLE = "stable"
    WATCH = "watch"
    DRIFTED = "drifted"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Look:
    """How texts look to a model: the labels it gives, how sure it is, how much it does not know."""

    n: int
    shares: dict[str, float]
    confidence: float
    unknown: float


@dataclass(frozen=True, slots=True)
class Finding:
    """A measure then and now, how far apart they are, what is too far, and what that means."""

    measure: str
    then: float | None
    now: float | None
    apart: float
    watch: float
    drifted: float

    @property
    def verdict(self) -> Verdict:
        """What this measure says by itself."""
        if self.apart > self.drifted:
            return Verdict.DRIFTED
        return Verdict.WATCH if self.apart > self.watch else Verdict.STABLE


@dataclass(frozen=True, slots=True)
class Drift:
    """The verdict over all measures, and each of them."""

    verdict: Verdict
    n: int
    findings: tuple[Finding, ...]


def look_at(model: Model, texts: Sequence[str]) -> Look:
    """Return how texts look to a model."""
    labels: Counter[str] = Counter()
    sure = unknown = 0.0
    for text in texts:
        reading = read(model, text)
        likely = likelihoods(model, reading)
        labels[model.labels[int(likely.argmax())]] += 1
        sure += float(confidences(model, likely).max())
        unknown += reading.unknown
    count = max(len(texts), 1)
    shares = {label: n / count for label, n in labels.most_common()}
    return Look(len(texts), shares, sure / count, unknown / count)


def drift(then: Look, now: Look) -> Drift:
    """Compare how texts look now with how they looked at training; the worst measure is the verdict."""
    findings = (
        Finding(
            "label_shares",
            None,
            None,
            stability_index(then.shares, now.shares),
            WATCH_SHARES,
            DRIFTED_SHARES,
        ),
        Finding(
            "mean_confidence",
            then.confidence,
            now.confidence,
            then.confidence - now.confidence,
            WATCH_CONFIDENCE,
            DRIFTED_CONFIDENCE,
        ),
        Finding(
            "unknown_text",
            then.unknown,
            now.unknown,
            now.unknown - then.unknown,
            WATCH_UNKNOWN,
            DRIFTED_UNKNOWN,
        ),
    )
    if now.n < FEWEST:
        return Drift(Verdict.TOO_FEW, now.n, findings)
    worst = [verdict for verdict in (Verdict.DRIFTED, Verdict.WATCH) if _any(findings, verdict)]
    return Drift(worst[0] if worst else Verdict.STABLE, now.n, findings)


def stability_index(then: Mapping[str, float], now: Mapping[str, float]) -> float:
    """
    Return the population stability index (PSI) of two distributions of labels.

    Labels rare at training count as one: a few calls more or less of them would
    outweigh everything else.
    """
    before, after = _common(then, then), _common(now, then)
    index = 0.0
    for label in before.keys() | after.keys():
        old, new = max(before.get(label, 0.0), 1e-4), max(after.get(label, 0.0), 1e-4)
        index += (new - old) * log(new / old)
    return index


def _common(shares: Mapping[str, float], then: Mapping[str, float]) -> dict[str, float]:
    found: Counter[str] = Counter()
    for label, share in shares.items():
        found[label if then.get(label, 0.0) >= RARE else OTHERS] += share  # type: ignore[assignment]
    return dict(found)


def _any(findings: Sequence[Finding], verdict: Verdict) -> bool:
    return any(each.verdict is verdict for each in findings)
