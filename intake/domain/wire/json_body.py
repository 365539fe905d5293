"""JSON: numbers kept as they were written, a member given twice refused."""

import json
import re
from typing import Any

from schemas.errors import Invalid
from schemas.members import unique

DEEPEST = 64
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(text: str) -> Any:
    """
    Return what a JSON document holds; raises `Invalid`.

    Numbers come as the text they were written in: a number of 22 digits
    or a price of 1.10 loses nothing.
    """
    try:
        read = _decoder.decode(text)
    except (ValueError, RecursionError) as fault:
        raise Invalid(f"The body is no JSON: {str(fault)[:200]}.", pointer="") from fault
    check_depth(text, read)
    if _SURROGATE.search(text):
        _check_surrogates(read)
    return read


def _no_number(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


_decoder = json.JSONDecoder(
    object_pairs_hook=unique, parse_int=str, parse_float=str, parse_constant=_no_number
)


def check_depth(text: str, read: Any) -> None:
    """Raise `Invalid` when what was read from a text is nested too deep to be worked on safely."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    level = [read]
    for _ in range(DEEPEST):
        level = [
            child
            for each in level
            if isinstance(each, (dict, list))
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise Invalid(f"The body is nested deeper than {DEEPEST} levels.", pointer="")


def _check_surrogates(read: Any) -> None:
    try:
        json.dumps(read, ensure_ascii=False).encode()
    except UnicodeEncodeError as fault:
        raise Invalid("The body holds half a character (a lone surrogate).", pointer="") from fault
