"""A trained model as the desk asks it: its labels are codes of departments, its words the reasons."""

from collections.abc import Sequence
from pathlib import Path

from router.domain.suggest.suggester import Suggester
from router.model_file import load_model
from router.text_model import Likely


class TrainedModel:
    """
    Names departments for a text by what `hotline suggest train` learned; the lexicon does not count.

    A label that is no department's code is known to nobody, and passed over.
    """

    def __init__(self, file: Path) -> None:
        """Read the file; raises `BadModel`."""
        model = load_model(file)
        self._suggester = Suggester(model)
        self.name = model.facts.version

    def suggest(self, text: str) -> Sequence[Likely]:
        """Return departments, the likeliest first."""
        found = self._suggester.suggest(text)
        if found.model is None:
            return ()
        return [
            Likely(each.label, each.confidence, tuple(word.text for word in each.words), found.unknown)
            for each in found.candidates
        ]
