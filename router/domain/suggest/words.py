"""The words that decided: what single runs of characters say, put together to words of the text."""

import re

import numpy as np
from numpy.typing import NDArray

from router.domain.suggest.suggestion import Word
from schemas.named_units import named_units

MOST_WORDS = 4
LEAST_OF_STRONGEST = 0.25

Span = tuple[int, int]


def deciding_words(
    text: str, places: NDArray[np.int64], credit: NDArray[np.float64], most: int = MOST_WORDS
) -> tuple[Word, ...]:
    """
    Return the words of a text that speak loudest, the loudest first.

    `places` are the beginning and end of each run, `credit` is what it says for
    a label. A run's credit lies on its characters; neighbours that speak loudly
    are one word.
    """
    loudness = _by_character(len(text), places, credit)
    loud = loudness > max(LEAST_OF_STRONGEST * loudness.max(initial=0.0), 1e-9)
    total = loudness[loudness > 0].sum()
    edges = np.flatnonzero(np.diff(np.concatenate(([0], loud.astype(np.int8), [0]))))
    asked = [match.span("unit") for match in named_units(text)]
    spans = [_trimmed(text, int(start), int(end)) for start, end in edges.reshape(-1, 2)]
    spans = _joined(_whole_units(spans, asked))
    weighed = [(float(loudness[start:end].sum()), start, end) for start, end in spans if end > start]
    words = [each for each in weighed if each[2] - each[1] > 1]
    return tuple(
        Word(text[start:end], start, end, min(1.0, float(weight / total)), _touches(start, end, asked))
        for weight, start, end in sorted(words or weighed, key=lambda each: (-each[0], each[1]))[:most]
    )


def _by_character(length: int, places: NDArray[np.int64], credit: NDArray[np.float64]) -> NDArray[np.float64]:
    each = credit / (places[:, 1] - places[:, 0])
    rises = np.bincount(places[:, 0], each, length + 1) - np.bincount(places[:, 1], each, length + 1)
    return np.cumsum(rises)[:length]


def _trimmed(text: str, start: int, end: int) -> Span:
    said = text[start:end]
    left = len(said) - len(re.sub(r"^\W+", "", said))
    right = len(said) - len(re.sub(r"\W+$", "", said))
    return start + left, max(end - right, start + left)


def _whole_units(spans: list[Span], asked: list[Span]) -> list[Span]:
    """Return the spans, one that touches the name of a unit as the whole name."""
    widened = []
    for start, end in spans:
        touched = [each for each in asked if start < each[1] and each[0] < end]
        widened.append((touched[0][0], touched[-1][1]) if touched else (start, end))
    return widened


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _touches(start: int, end: int, spans: list[Span]) -> bool:
    return any(start < other_end and other_start < end for other_start, other_end in spans)
