"""What one cell of a sheet says, and what is wrong with it in a sentence for the clerk."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from router.domain.row import MOST_PRIORITY, Mode
from router.domain.window import BadWindow, read_window
from schemas.codes import category_prefixes, division_prefixes
from schemas.places import Basis
from schemas.ticket import CallerType

LONGEST = 2000
LISTED = ";"

_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DEPARTMENT = re.compile(r"[a-z][a-z0-9-]{2,40}")
_ATTRIBUTE = re.compile(r"([a-z][a-z0-9_]{0,39})=([^;=\r\n]{1,100})")
_SPLIT = re.compile(r"[;；]")

MODES = {"直派": Mode.DIRECT, "经区": Mode.VIA_DISTRICT, "人工": Mode.MANUAL}
BASES = {
    "事发地": Basis.HAPPENED,
    "用工所在地": Basis.WORK,
    "经营地": Basis.MERCHANT,
    "户居地": Basis.HOUSEHOLD,
}
CALLERS = {
    "个人": CallerType.PERSON,
    "企业": CallerType.ENTERPRISE,
    "代办": CallerType.PROXY,
    "媒体": CallerType.MEDIA,
    "代表委员": CallerType.DEPUTY,
}
YES, NO = frozenset({"true", "1", "是", "yes", "y"}), frozenset({"false", "0", "否", "no", "n", ""})


class BadCell(ValueError):
    """A cell that cannot be read; the message is for the clerk."""


def read_id(text: str) -> str:
    """Return a row's id."""
    if not text:
        raise BadCell("编号不能为空")
    if len(text) > 80 or any(each.isspace() for each in text):
        raise BadCell("编号最多80个字符,不含空格")
    return text


def read_category(text: str) -> str:
    """Return a category prefix; padding zeros are taken off."""
    if text and not (text.isascii() and text.isdecimal() and len(text) in (2, 4, 6)):
        hint = ";可能丢失了开头的0,请把该列设为文本" if text.isdecimal() and len(text) in (1, 3, 5) else ""
        raise BadCell(f"类别“{text}”应为2、4或6位数字,留空表示所有类别{hint}")
    return category_prefixes(text)[0]


def read_division(text: str) -> str:
    """Return a division prefix; padding zeros are taken off."""
    if text and not (text.isascii() and text.isdecimal() and len(text) in (4, 6, 9, 12)):
        raise BadCell(f"区划“{text}”应为4、6、9或12位数字,留空表示不限")
    return division_prefixes(text)[0]


def read_department(text: str) -> str | None:
    """Return a department's code."""
    if text and not _DEPARTMENT.fullmatch(text):
        raise BadCell(f"单位代码“{text}”应为小写字母、数字和连字符")
    return text or None


def read_departments(text: str) -> tuple[str, ...]:
    """Return the codes of several departments."""
    return tuple(each for part in _parts(text) if (each := read_department(part)))


def read_keywords(text: str) -> tuple[str, ...]:
    """Return keywords, one of which must be said."""
    found = tuple(dict.fromkeys(_parts(text)))
    if short := [each for each in found if len(each) < 2]:
        raise BadCell(f"关键词“{short[0]}”太短,至少两个字")
    return found


def read_attributes(text: str) -> tuple[tuple[str, str], ...]:
    """Return attributes, all of which must be so."""
    found: dict[str, str] = {}
    for part in _parts(text):
        read = _ATTRIBUTE.fullmatch(part)
        if read is None:
            raise BadCell(f"属性“{part}”应写作 名称=值,名称为小写字母")
        if read[1] in found:
            raise BadCell(f"属性“{read[1]}”写了两次")
        found[read[1]] = read[2].strip()
    return tuple(sorted(found.items()))


def read_date(text: str) -> date:
    """Return a day."""
    if not text:
        raise BadCell("生效日期不能为空")
    read = _DATE.fullmatch(text)
    try:
        if read is None:
            raise ValueError
        return date(int(read[1]), int(read[2]), int(read[3]))
    except ValueError:
        raise BadCell(f"日期“{text}”应写作2026-01-31") from None


def read_last_day(text: str) -> date | None:
    """Return the last day in force, None when there is none."""
    return read_date(text) if text else None


def read_priority(text: str) -> int:
    """Return a priority."""
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and int(text) <= MOST_PRIORITY):
        raise BadCell(f"优先级“{text}”应为0到{MOST_PRIORITY}的整数,越大越优先")
    return int(text)


def read_flag(text: str) -> bool:
    """Return yes or no."""
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise BadCell(f"“{text}”应填是或否")


def read_weekdays(text: str) -> str | None:
    """Return weekdays that can be read."""
    return _window(text.replace("，", ","), None)


def read_hours(text: str) -> str | None:
    """Return hours that can be read."""
    return _window(None, text.replace("：", ":").replace("—", "-").replace("－", "-"))


def _window(weekdays: str | None, hours: str | None) -> str | None:
    try:
        read_window(weekdays, hours)
    except BadWindow as fault:
        raise BadCell(str(fault)) from None
    return weekdays or hours or None


def read_text(text: str) -> str | None:
    """Return free text."""
    return text or None


def _one_of(words: Mapping[str, Any], kind: Any, default: Any = None) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if not text:
            return default
        try:
            return words[text] if text in words else kind(text)
        except ValueError:
            allowed = "、".join([*words, *(str(each) for each in kind)])
            raise BadCell(f"“{text}”不是可用的值:{allowed}") from None

    return read


read_mode = _one_of(MODES, Mode)
read_basis = _one_of(BASES, Basis, Basis.HAPPENED)
_caller = _one_of(CALLERS, CallerType)


def read_caller(text: str) -> str | None:
    """Return a type of caller."""
    found = _caller(text)
    return None if found is None else str(found)


def _parts(text: str) -> list[str]:
    return [part for each in _SPLIT.split(text) if (part := each.strip())]
