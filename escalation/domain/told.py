"""What is noted in a ticket's history about its time, in sentences for who reads it."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from escalation.domain.worktime import Amount, Unit

EXTENDED = {
    "complex": "情况复杂",
    "coordination": "需多部门协调",
    "testing": "需检验检测",
    "site_conditions": "受现场条件限制",
    "force_majeure": "不可抗力",
}
SUSPENDED = {
    "appraisal": "法定检验检测鉴定",
    "awaits_ruling": "等待司法或仲裁结果",
    "later_by_caller": "诉求人要求延后",
    "material_missing": "一次性告知后材料未补齐",
    "force_majeure": "不可抗力",
}
UNITS = {
    Unit.WALL_MINUTES: "分钟",
    Unit.WORKING_MINUTES: "工作分钟",
    Unit.WORKING_DAYS: "个工作日",
    Unit.CALENDAR_DAYS: "天",
}
STAGES = {
    "dispatch": "派单",
    "triage": "研判派单",
    "sign": "签收",
    "contact": "首次联系",
    "feedback": "反馈",
    "return_review": "退单审核",
    "adjudication": "裁定",
    "completion": "办结",
    "statutory": "法定程序",
    "callback": "回访",
    "redo": "重办",
    "archive": "归档",
}

RUNS_ON = "恢复计时"

Move = tuple[str, str, datetime, datetime]
"""A clock, its stage, when it was due, and when it is due now."""


def much(amount: Amount) -> str:
    """Say how much of a unit."""
    return f"{amount.count}{UNITS[amount.unit]}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Say a moment to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def moves(moved: Iterable[Move], zone: ZoneInfo) -> str:
    """Say which deadlines are another now."""
    said = [
        f"{'市民' if clock == 'citizen' else STAGES.get(stage, stage)}时限"
        f"由{moment(was, zone)}改为{moment(now, zone)}"
        for clock, stage, was, now in moved
    ]
    return ";".join(said) or "时限不变"


def to_caller(told: str | None) -> str:
    """Say what the caller was told."""
    return f";已告知诉求人:{told}" if told else ""
