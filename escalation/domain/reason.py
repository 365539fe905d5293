"""Why a deadline is on that day, in a sentence for the agent to read to the caller."""

from collections.abc import Mapping
from datetime import datetime

from escalation.domain.policy import Clock, LimitRule
from escalation.domain.reckoning import Terms
from escalation.domain.worktime import Amount, Unit

UNITS = {
    "wall_minutes": "分钟",
    "working_minutes": "工作分钟",
    "working_days": "个工作日(当日不计)",
    "calendar_days": "个自然日(当日不计)",
}
"""A limit in days does not count the day it starts on, which whoever reads it is told."""
BEGINNING = {Clock.CITIZEN: "受理", Clock.DEPARTMENT: "派单"}


def because_of(limit: LimitRule, start: datetime, versions: Mapping[str, str]) -> str:
    """Return from when, how long and by which rule; `start` in the city's time."""
    return because(limit.clock, limit.amount, limit.rule, limit.source, start, versions["calendar"])


def because(clock: str, amount: Amount, rule: str, source: str, start: datetime, calendar: str) -> str:
    """Return the same of a deadline that runs, by its row and another calendar."""
    return (
        f"自{start:%Y-%m-%d %H:%M}{BEGINNING[Clock(clock)]}起{said(amount)},"
        f"依据{rule}({source}),日历{calendar}"
    )


def also_granted(terms: Terms) -> str:
    """Say that a deadline has more than its limit: what was granted, and how long it stood still."""
    more = [word for word, had in (("批准的延期", terms.extensions), ("停表时间", terms.pauses)) if had]
    return f";另计{'、'.join(more)}" if more else ""


def said(amount: Amount) -> str:
    """Say how much a limit is, whole hours as hours."""
    if amount.unit == Unit.WALL_MINUTES and amount.count and amount.count % 60 == 0:
        return f"{amount.count // 60}小时"
    return f"{amount.count}{UNITS[amount.unit]}"
