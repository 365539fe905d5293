"""The text model the desk asks: something that names departments for a text. There is none by default."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.resources import Resources


@dataclass(frozen=True, slots=True)
class Likely:
    """
    A department a text speaks for: how sure the model is, and the words that decided.

    `unknown` is the share of the text the model has never seen.
    """

    department: str
    confidence: float
    words: tuple[str, ...] = ()
    unknown: float = 0.0


class TextModel(Protocol):
    """Names departments for a text, the likeliest first; in process, without a network."""

    @property
    def name(self) -> str:
        """Which model it is, with its version."""

    def suggest(self, text: str) -> Sequence[Likely]:
        """Return departments, the likeliest first."""


class TextModels:
    """This process's text model, if it has one."""

    def __init__(self, resources: Resources) -> None:
        file = resources.settings.triage.model
        self.model: TextModel | None = None
        if file is not None:
            from router.trained_model import TrainedModel  # numpy, which only who has a model needs

            self.model = TrainedModel(file)

    @property
    def name(self) -> str | None:
        """Return which model is asked, None when there is none."""
        return None if self.model is None else self.model.name

    def suggest(self, text: str) -> Sequence[Likely]:
        """Return what the model says of a text; nothing when there is none."""
        return self.model.suggest(text) if self.model else ()
