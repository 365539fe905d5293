"""Rows of a file or of the rule table, read one by one, so that a bad one is named."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from schemas.errors import Misconfigured

Row = Mapping[str, str]
T = TypeVar("T")


def parsed(name: str, rows: Iterable[Row], parse: Callable[[Row], T]) -> tuple[T, ...]:
    """Return what each row says; raises `Misconfigured` with the number of the first that cannot be read."""
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(parse(row))
        except (KeyError, ValueError, TypeError, AttributeError) as fault:
            raise Misconfigured(f"Row {number} of the {name} cannot be read: {fault}.") from fault
    return tuple(found)
