"""What operators write into every text, left out before two texts are compared; the phrases are data."""

import csv
import re
from functools import cache
from importlib.resources import files


@cache
def operators_words() -> tuple[tuple[str, str], ...]:
    """Return the set phrases that ship: each pattern with an example."""
    lines = (files("services") / "reference" / "operators_words.csv").read_text("utf-8").splitlines()
    return tuple((row["pattern"], row["example"]) for row in csv.DictReader(lines))


@cache
def _not_said() -> re.Pattern[str]:
    return re.compile("|".join(pattern for pattern, _ in operators_words()))


def said(text: str) -> str:
    """Return what the caller said: a text without the operators' set phrases."""
    return _not_said().sub(" ", text).strip()
