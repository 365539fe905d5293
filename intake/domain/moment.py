"""When something happened, out of the forms that lines write times in; an impossible time is pointed out."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple
from unicodedata import normalize as unicode_normalize

from intake.domain.evidence import Problem
from intake.domain.phone import silent

FIRST_YEAR = 1990
CLOCKS_APART = timedelta(minutes=5)

_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001
_EXCEL_DAYS = range(32_874, 73_051)  # 1990 to 2099
_UNIX_SECONDS = range(631_152_000, 4_102_444_800)

_WEEKDAY = r"(?:\s*\(?(?:星期|周)[一二三四五六日天]\)?)?"
_NIGHT = frozenset(("晚上", "夜里", "夜间", "深夜", "半夜", "晚"))
_AFTERNOON = frozenset(("下午", "午后", "傍晚", "pm"))
_SMALL_HOURS = frozenset(("凌晨", "am"))
_HALVES = "|".join((*sorted(_NIGHT, reverse=True), *_AFTERNOON, *_SMALL_HOURS, "上午|早上|早晨|清晨|中午|早"))

_WRITTEN = re.compile(
    rf"""(?P<year>[0-9]{{4}}|[0-9]{{2}}(?=\s*年))\s*(?:[-/.]|(?P<named>年))\s*(?P<month>[0-9]{{1,2}})\s*[-/.月]
    \s*(?P<day>[0-9]{{1,2}})\s*[日号]?{_WEEKDAY}
    (?:[_\s]*(?P<mark>T)?[_\s]*(?P<half>{_HALVES})?\s*
      (?P<hour>[0-9]{{1,2}})\s*[:时点]\s*(?:整|(?P<past>半)|(?P<minute>[0-9]{{1,2}})\s*
      (?:[:分]\s*(?:(?P<second>[0-9]{{1,2}})(?:[.,](?P<fraction>[0-9]{{1,9}}))?\s*秒?)?)?)?
      \s*(?P<late>上午|下午|AM|PM)?)?
    \s*(?P<zone>Z|UTC|GMT|[+-][0-9]{{2}}:?[0-9]{{2}})?(?:CST|北京时间)?{_WEEKDAY}""",
    re.VERBOSE | re.IGNORECASE,
).fullmatch
_RUN_ON = re.compile(
    r"(?P<year>(?:19|20)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
    r"(?:T?(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?(?P<fraction>[0-9]{3})?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
).fullmatch
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?").fullmatch
_UNIX = re.compile(r"[0-9]{10}(?:\.[0-9]+)?|[0-9]{13}").fullmatch
_NOTHING = re.compile(r"[0\-/:.T\s]*").fullmatch


class Moments(NamedTuple):
    """The moments of one call: when it happened, was taken, was passed on and ended."""

    occurred_at: datetime | None = None
    accepted_at: datetime | None = None
    dispatched_at: datetime | None = None
    ended_at: datetime | None = None


def read_moment(given: Any, zone: tzinfo) -> datetime | None:
    """
    Return the moment a field says, or None if it says none; without a zone it is the city's.

    ISO 8601, 2026/3/5 7:15:30, 2026年3月5日晚上7点半, 20260305071530, the days of
    a spreadsheet, Unix seconds and milliseconds. A day and month that could be
    exchanged (5/3/2026, 26-03-05), and which night 夜里2点 is of, are not guessed at.
    """
    if isinstance(given, datetime):
        return given if given.tzinfo else given.replace(tzinfo=zone)
    if isinstance(given, date):
        return datetime(given.year, given.month, given.day, tzinfo=zone)
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return None
    text = unicode_normalize("NFKC", str(given)).strip()
    if match := _WRITTEN(text) or _RUN_ON(text):
        return _written(match.groupdict(), zone)
    if _UNIX(text):
        return _unix(float(text) / (1000 if len(text) == 13 else 1))
    if _SERIAL(text) and int(float(text)) in _EXCEL_DAYS:
        serial = timedelta(days=float(text)) + timedelta(milliseconds=500)
        return (_EXCEL_EPOCH + serial).replace(microsecond=0, tzinfo=zone)
    return None


def says_none(given: Any) -> bool:
    """Say whether a field holds a word for no moment (无, NULL), or nothing but zeros, as some write it."""
    return isinstance(given, str) and (_NOTHING(given) is not None or silent(given.strip()) is not None)


def implausible(field: str, moment: datetime, now: datetime | None) -> Problem | None:
    """Return what is wrong with a moment by itself: long ago as an empty field is written, or to come."""
    if moment.year < FIRST_YEAR:
        return Problem(field, "implausible_moment", f"时间 {moment.date()} 不合理,未采用。")
    if now is not None and moment > now + CLOCKS_APART:
        return Problem(field, "in_the_future", "时间在将来,未采用,以接收时间为准。")
    return None


def out_of_order(moments: Moments) -> list[Problem]:
    """Return what is wrong with the order of a call's moments, which is kept as it was recorded."""
    created = moments.accepted_at
    if created is None:
        return []
    problems = []
    if moments.dispatched_at is not None and moments.dispatched_at < created:
        problems.append(
            Problem("dispatched_at", "dispatched_before_created", "派件时间早于受理时间,按原记录保留。")
        )
    if moments.ended_at is not None and moments.ended_at < created:
        problems.append(Problem("ended_at", "ended_before_created", "办结时间早于受理时间,按原记录保留。"))
    # A day without a time counts as its midnight, so only days are compared.
    if moments.occurred_at is not None and moments.occurred_at >= _next_day(created):
        problems.append(Problem("occurred_at", "occurred_after_created", "发生时间晚于受理时间,请核对。"))
    return problems


def _next_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _written(parts: dict[str, str | None], zone: tzinfo) -> datetime | None:
    year, month, day = (int(parts[name] or 0) for name in ("year", "month", "day"))
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    minute += 30 if parts.get("past") else 0
    half = (parts.get("half") or parts.get("late") or "").lower()
    of_day = _hour_of_day(hour, half)
    if (parts.get("zone") or "").startswith("-") and _is_period(parts):
        return None
    if of_day is None or (of_day == 24 and (minute, second) != (0, 0) and half not in _NIGHT):
        return None
    fraction = int((parts.get("fraction") or "0").ljust(6, "0")[:6])
    try:
        year += 2000 if len(parts["year"] or "") == 2 else 0
        read = datetime(year, month, day, of_day % 24, minute, second, fraction, tzinfo=zone)
        read += timedelta(days=of_day == 24)
        return read.replace(tzinfo=_zone(parts.get("zone"))) if parts.get("zone") else read
    except (ValueError, OverflowError):
        return None


def _is_period(parts: dict[str, str | None]) -> bool:
    """Say whether -10:00 behind a time is more likely its end than a zone: 上午9:00-10:00, 3-5 9:00-10:00."""
    exact = parts.get("second") or parts.get("mark", "T")
    return bool(parts.get("half") or parts.get("named") or not exact)


def _hour_of_day(hour: int, half: str) -> int | None:
    """Return the hour of 24; None for one of the night (夜里2点) that may belong to either day."""
    if hour > 24:
        return None
    if half in _NIGHT:
        return None if hour < 5 else hour + 12 if hour <= 12 else hour
    if half in _SMALL_HOURS:
        return 0 if hour == 12 else hour
    if half in _AFTERNOON or (half == "中午" and hour < 10):
        return hour + 12 if hour < 12 else hour
    return hour


def _zone(written: str | None) -> tzinfo:
    if written is None or written[0] not in "+-":
        return UTC
    return datetime.strptime(written, "%z").tzinfo or UTC


def _unix(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if int(seconds) in _UNIX_SECONDS else None
