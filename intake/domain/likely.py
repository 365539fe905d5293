"""Categories a call may belong to, by the words it shares with their names: candidates, not a decision."""

from collections.abc import Mapping
from dataclasses import replace

from intake.domain.text import folded
from schemas.likely import MOST, Likely, likely_names

TOP_LEVEL = "0000"


def likely_categories(said: str, names: Mapping[str, str], most: int = MOST) -> list[Likely]:
    """Return the categories whose names come nearest to what was said, however it was written."""
    matters = {code: folded(name) for code, name in names.items() if not code.endswith(TOP_LEVEL)}
    found = likely_names(folded(said), matters, most)
    return [replace(each, name=names[each.code]) for each in found]
