"""
Category and division codes, compared by level.

Categories are 2-2-2 digits padded with zeros (`010200` is a middle class);
divisions are 4-2-3-3 digits of GB/T 2260 and the statistical code
(`460106002000` is a street). A prefix drops the padding: `0102`, `460106002`.
"""

from functools import lru_cache
from typing import Annotated

from pydantic import StringConstraints

CATEGORY_LEVELS = (2, 4, 6)
DIVISION_LEVELS = (4, 6, 9, 12)

CategoryCode = Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
DivisionCode = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
DepartmentCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{2,40}$")]


def _prefixes(code: str, levels: tuple[int, ...]) -> tuple[str, ...]:
    significant = len(code.rstrip("0"))
    depth = next((level for level in levels if level >= significant), len(code))
    return (*(code[:level] for level in reversed(levels) if level <= depth), "")


@lru_cache(maxsize=16_384)
def category_prefixes(code: str | None) -> tuple[str, ...]:
    """All prefixes a jurisdiction row may name for this category, most specific first."""
    return _prefixes(code, CATEGORY_LEVELS) if code else ("",)


@lru_cache(maxsize=16_384)
def division_prefixes(code: str | None) -> tuple[str, ...]:
    """All prefixes a jurisdiction row may name for this division, most specific first."""
    return _prefixes(code, DIVISION_LEVELS) if code else ("",)
