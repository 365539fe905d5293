"""Who suggests: the model where there is one that knows the text, else the names of the labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.domain.suggest.lexicon import suggest_by_names
from router.domain.suggest.model import Model, suggest_by_model
from router.domain.suggest.suggestion import MOST, Suggestion


@dataclass(frozen=True)
class Suggester:
    """
    A model, if the city has trained one, and the names of the labels by their codes.

    Every suggestion says which of the two it comes from.
    """

    model: Model | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def suggest(self, text: str, most: int = MOST) -> Suggestion:
        """Suggest the likeliest labels of a text."""
        if self.model is not None:
            found = suggest_by_model(self.model, text, most)
            if found.candidates:
                return found
        return suggest_by_names(text, self.names, most)
