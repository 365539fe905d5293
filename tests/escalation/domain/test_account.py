"""The sentence that says how a deadline came about."""

import pytest

from escalation.domain.account import account
from escalation.domain.explanation import explain
from escalation.domain.reckoning import Pause, Terms
from escalation.domain.worktime import Amount, Unit
from tests.escalation.domain.examples import HK, local

BY = "依据HK-DEFAULT-1,日历HK-2026.1"
SUSPENDED = (Pause(local("2026-11-18T15:00"), local("2026-11-25T10:00")),)


def said(terms: Terms, paused_at: str | None = None) -> str:
    return account(explain(terms, HK), terms, BY, HK.zone, local(paused_at) if paused_at else None)


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        (
            Terms(local("2026-11-16T10:00"), Amount(5, Unit.WORKING_DAYS), SUSPENDED),
            f"自2026-11-16 10:00起5个工作日(当日不计),{BY};"
            "计2026-11-17、2026-11-18、2026-11-26、2026-11-27、2026-11-30;"
            "停表2026-11-18 15:00至2026-11-25 10:00不计;2026-11-30 17:30到期",
        ),
        (
            Terms(local("2026-11-23T11:50"), Amount(30, Unit.WORKING_MINUTES)),
            f"自2026-11-23 11:50起30工作分钟,{BY};"
            "计2026-11-23 11:50至12:00、2026-11-23 14:30至14:50;2026-11-23 14:50到期",
        ),
        (
            Terms(
                local("2026-12-29T09:05"), Amount(1, Unit.WORKING_DAYS), (), (Amount(12, Unit.WORKING_DAYS),)
            ),
            f"自2026-12-29 09:05起1个工作日(当日不计),{BY};计2026-12-30;"
            "延期12个工作日(当日不计),计2026-12-31至2027-01-18共12天;2027-01-18 17:30到期;"
            "跨入日历尚未公布的年度,为暂定",
        ),
        (
            Terms(local("2026-11-23T09:00"), Amount(1, Unit.WORKING_DAYS), fixed=local("2026-11-24T12:00")),
            f"自2026-11-23 09:00起1个工作日(当日不计),{BY};到期时间为指定的2026-11-24 12:00",
        ),
        (
            Terms(local("2026-11-23T23:50"), Amount(0, Unit.WALL_MINUTES)),
            f"自2026-11-23 23:50起0分钟,{BY};2026-11-23 23:50到期",
        ),
        (
            Terms(local("2026-11-23T23:50"), Amount(1440, Unit.WALL_MINUTES)),
            f"自2026-11-23 23:50起24小时,{BY};计2026-11-23 23:50至2026-11-24 23:50;2026-11-24 23:50到期",
        ),
    ],
)
def test_a_deadline_says_how_it_came_about(terms: Terms, sentence: str) -> None:
    assert said(terms) == sentence


def test_a_clock_that_stands_still_says_since_when() -> None:
    terms = Terms(local("2026-11-16T10:00"), Amount(1, Unit.WORKING_DAYS))
    assert said(terms, "2026-11-17T09:00").endswith(";2026-11-17 09:00起停表,恢复后顺延")
