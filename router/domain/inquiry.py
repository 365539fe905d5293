"""What the table is asked: a matter's category, places, caller, hour, words and attributes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from schemas.places import Basis

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Inquiry:
    """
    The inputs of one decision.

    `division` is where it happened; `places` holds the others by basis, and one that
    is absent is taken to be where it happened. `areas` are the special areas by basis.
    `at` is the moment the matter was accepted on the city's clock, `text` is folded.
    """

    category: str | None
    division: str | None
    day: date
    at: datetime | None = None
    places: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    areas: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NOTHING)
    caller_type: str = "person"
    attributes: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    text: str = ""

    def place(self, basis: str) -> str | None:
        """Return the division that counts for a basis."""
        return self.places.get(basis, self.division)

    def areas_at(self, basis: str) -> tuple[str, ...]:
        """Return the areas that count for a basis."""
        return self.areas.get(basis if basis in self.places else Basis.HAPPENED, ())
