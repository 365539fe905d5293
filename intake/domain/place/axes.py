"""Longitude and latitude out of what stands in their fields: degrees however they are written."""

import re
from typing import Any
from unicodedata import normalize as unicode_normalize

from intake.domain.evidence import Problem
from intake.domain.phone import silent

_DEGREES = re.compile(
    r"""(?P<before>东经|北纬|西经|南纬|[EWNS])?\s*
    (?P<degrees>[0-9]{1,3}(?:\.[0-9]+)?)\s*(?:[°度]\s*
      (?:(?P<minutes>[0-9]{1,2}(?:\.[0-9]+)?)\s*['′’分]\s*)?
      (?:(?P<seconds>[0-9]{1,2}(?:\.[0-9]+)?)\s*(?:["″”秒]|''|′′|’’)\s*)?)?
    (?P<after>[EWNS])?""",
    re.VERBOSE | re.IGNORECASE,
).fullmatch
_BEHIND_THE_LINE = ("西经", "南纬", "W", "S")
_EMPTY = (None, "")
_PAIR = re.compile(r"(\S+?)(?:\s*[,;、/]\s*|\s+)(\S+)").fullmatch


def read_axes(x: Any, y: Any, problems: list[Problem]) -> tuple[float | None, float | None]:
    """
    Return two fields as numbers; None for what is empty, or no number, which is a problem.

    110.35, 东经110.35°, 110°20′30″E; both in one field (110.35,20.02) when the other is empty.
    """
    pair = _PAIR(_text(x) + _text(y)) if x in _EMPTY or y in _EMPTY else None
    if pair is not None:
        one, other = map(_number, pair.groups())
        if one is not None and other is not None:
            return one, other
    return _axis(x, "longitude", problems), _axis(y, "latitude", problems)


def _axis(given: Any, name: str, problems: list[Problem]) -> float | None:
    if given in _EMPTY:
        return None
    number = _number(given)
    if number is None and (said := _text(given)) and not silent(said):
        problems.append(Problem(name, "coordinates_unreadable", "坐标不是数字,未采用。"))
    return number


def _number(given: Any) -> float | None:
    try:
        return float(given)
    except (TypeError, ValueError):
        written = _DEGREES(_text(given))
    if written is None:
        return None
    parts = [float(written[name] or 0) for name in ("degrees", "minutes", "seconds")]
    sign = -1 if (written["before"] or written["after"] or "").upper() in _BEHIND_THE_LINE else 1
    return sign * (parts[0] + parts[1] / 60 + parts[2] / 3600)


def _text(given: Any) -> str:
    return "" if given is None else unicode_normalize("NFKC", str(given)).strip()
