"""The unified social credit code (GB 32100-2015) and the organisation code (GB 11714) inside it."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints

from schemas.base import Text

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {each: value for value, each in enumerate(_ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

is_credit_code = re.compile(rf"[{_ALPHABET}]{{2}}[0-9]{{6}}[{_ALPHABET}]{{10}}").fullmatch
"""Whether a text has the form of a credit code; its check characters may still be wrong."""


def credit_check(first: str) -> str:
    """Return the 18th character of a credit code, by its first seventeen (weights 3^i modulo 31)."""
    pairs = zip(_WEIGHTS, first, strict=True)
    return _ALPHABET[-sum(weight * _VALUES[each] for weight, each in pairs) % 31]


def organisation_check(first: str) -> str:
    """Return the 9th character of an organisation code (GB 11714), by its first eight."""
    pairs = zip(_ORGANISATION_WEIGHTS, first, strict=True)
    return "0123456789X0"[11 - sum(weight * int(each, 36) for weight, each in pairs) % 11]


def checks_out(code: str) -> bool:
    """Say whether both check characters of a code of the right form are right."""
    return code[17] == credit_check(code[:17]) and code[16] == organisation_check(code[8:16])


def _in_one(given: Any) -> Any:
    return "".join(given.split()) if isinstance(given, str) else given


CreditCode = Annotated[Text, StringConstraints(max_length=18), BeforeValidator(_in_one)]
"""A code as it is given; the blanks people read it by do not count. Wrong ones are taken too."""
