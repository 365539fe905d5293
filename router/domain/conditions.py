"""What of a row must hold beside category and place: compiled for speed, and told in words."""

from collections.abc import Callable

from router.domain.inquiry import Inquiry
from router.domain.row import JurisdictionRow
from router.domain.window import BadWindow, Window, read_window
from schemas.codes import division_prefixes
from schemas.folding import folded

Test = Callable[[Inquiry], bool]

CALLERS = {"person": "个人", "enterprise": "企业", "proxy": "代办", "media": "媒体", "deputy": "代表委员"}


class RuleFailed(Exception):
    """A row cannot be asked: what it says cannot be read. The ticket is for a person."""

    def __init__(self, row: str, because: str) -> None:
        super().__init__(f"第{row}条无法执行:{because}")
        self.row = row


def test_of(row: JurisdictionRow) -> Test | None:
    """Return the test of a row's further conditions, the cheapest first; None when there are none."""
    if row.area is None and not row.has_conditions:
        return None
    tests = [
        each for each in (_caller(row), _attributes(row), _window(row), _within(row), _words(row)) if each
    ]
    if len(tests) < 2:
        return tests[0] if tests else None
    return lambda asked: all(test(asked) for test in tests)


def unmet(row: JurisdictionRow, asked: Inquiry) -> str | None:
    """Return which condition does not hold, None when all do; raises `RuleFailed`."""
    conditions = (
        (_caller(row), "诉求人类型不符"),
        (_attributes(row), "属性不符"),
        (_window(row), "不在时段内"),
        (_within(row), "不在该区划内"),
        (_words(row), "未提到关键词"),
    )
    return next((says for test, says in conditions if test is not None and not test(asked)), None)


def condition_words(row: JurisdictionRow) -> str:
    """Return a row's further conditions in words, for people."""
    parts = [f"{name}={value}" for name, value in row.attributes]
    if row.keywords:
        parts.append(f"提到{'或'.join(row.keywords)}")
    if row.caller_type:
        parts.append(f"诉求人为{CALLERS.get(row.caller_type, row.caller_type)}")
    if row.has_window:
        parts.append(f"时段{' '.join(each for each in (row.weekdays, row.hours) if each)}")
    return "、".join(parts)


def _caller(row: JurisdictionRow) -> Test | None:
    wanted = row.caller_type
    return None if wanted is None else lambda asked: asked.caller_type == wanted


def _attributes(row: JurisdictionRow) -> Test | None:
    wanted = row.attributes
    if not wanted:
        return None
    return lambda asked: all(asked.attributes.get(name) == value for name, value in wanted)


def _words(row: JurisdictionRow) -> Test | None:
    wanted = tuple(folded(each) for each in row.keywords)
    return None if not wanted else lambda asked: any(each in asked.text for each in wanted)


def _within(row: JurisdictionRow) -> Test | None:
    """A row for an area may also name a division: the part of the area that lies in it."""
    prefix, basis = row.division, row.basis
    if row.area is None or not prefix:
        return None
    return lambda asked: prefix in division_prefixes(asked.place(basis))


def _window(row: JurisdictionRow) -> Test | None:
    if not row.has_window:
        return None
    try:
        window = read_window(row.weekdays, row.hours)
    except BadWindow as fault:
        return _failing(RuleFailed(row.id, str(fault)))
    assert window is not None
    return _timely(window)


def _timely(window: Window) -> Test:
    def holds(asked: Inquiry) -> bool:
        at = asked.at
        return at is not None and window.holds(at.isoweekday(), at.hour * 60 + at.minute)

    return holds


def _failing(fault: RuleFailed) -> Test:
    def fails(_: Inquiry) -> bool:
        raise fault

    return fails
