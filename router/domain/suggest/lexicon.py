"""Suggestions before there is a history: labels by the words of their own names."""

from collections.abc import Mapping, Sequence

from router.domain.suggest.runs import plain
from router.domain.suggest.suggestion import MOST, Candidate, Suggestion, Word
from schemas.likely import likely_names
from schemas.named_units import named_units


def suggest_by_names(text: str, names: Mapping[str, str], most: int = MOST) -> Suggestion:
    """Suggest the labels whose names come nearest to a text; it never says how sure that is."""
    said = plain(text)
    found = likely_names(said, {label: plain(name) for label, name in names.items()}, most)
    total = max(1.0, sum(each.share for each in found))
    candidates = tuple(
        Candidate(each.code, each.share / total, _words(text, said, each.words)) for each in found
    )
    return Suggestion(None, candidates, units_named_in(text))


def units_named_in(text: str) -> tuple[str, ...]:
    """Return the units a text asks to act, each once."""
    return tuple(dict.fromkeys(match["unit"] for match in named_units(text)))


def _words(text: str, said: str, pairs: Sequence[str]) -> tuple[Word, ...]:
    """Return the words the pairs make up where they first stand; pairs that touch are one word."""
    spans: list[tuple[int, int]] = []
    for start in sorted(said.index(pair) for pair in pairs):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], start + 2)
        else:
            spans.append((start, start + 2))
    length = sum(end - start for start, end in spans)
    return tuple(Word(text[start:end], start, end, (end - start) / length) for start, end in spans)
