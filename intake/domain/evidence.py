"""Why a normalized value is what it is, and what was found wrong on the way."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    One step that decided a field: `district` from `text`, because of `龙华区`, `exact`.

    `source` names where it was read: `declared` in the field itself, `address`,
    `title`, `text`, another field by its name (`phone`, `caller.name`), `gazetteer`
    (follows from another place) or `registry` (the city's lines). `words` is what
    was read there, and `certainty` how it matched: `exact`, `alias`, `landmark`,
    `loose` (a name cut short), `office` (named as who shall act, not as the scene),
    `parent` (follows from a deeper one), `computed`.
    """

    field: str
    value: str
    source: str
    words: str
    certainty: str = "exact"

    def record(self) -> dict[str, Any]:
        """Return it as it is stored and shown."""
        return {
            "field": self.field,
            "value": self.value,
            "source": self.source,
            "words": self.words,
            "certainty": self.certainty,
        }


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong that did not stop the call: a stable `code`, and a Chinese sentence for the agent."""

    field: str
    code: str
    detail: str

    def record(self) -> dict[str, Any]:
        """Return it as it is stored and shown."""
        return {"field": self.field, "code": self.code, "detail": self.detail}
