"""What is suggested for a text, and why."""

from dataclasses import dataclass

MOST = 3


@dataclass(frozen=True, slots=True)
class Word:
    """
    A part of the text that speaks for a label, and its share of everything that does.

    `names_unit` says that it names a unit somebody asked to act: evidence, and
    often wrong.
    """

    text: str
    start: int
    end: int
    share: float
    names_unit: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A label, how likely it is the right one (0 to 1), and the words that say so."""

    label: str
    confidence: float
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """
    The likeliest labels of a text, the likeliest first, and where they come from.

    `model` is the version of the model, None when only names were compared:
    then the confidence is the share of a name that was said, and promises
    nothing. `named_units` are the units the text asks to act, `unknown` the share of it
    the model has never seen.
    """

    model: str | None
    candidates: tuple[Candidate, ...]
    named_units: tuple[str, ...] = ()
    unknown: float = 0.0

    @property
    def source(self) -> str:
        """Who says so, for people: a model by its version, or the lexicon."""
        return "lexicon" if self.model is None else f"model {self.model}"

    @property
    def best(self) -> Candidate | None:
        """The likeliest label, if there is any."""
        return self.candidates[0] if self.candidates else None
