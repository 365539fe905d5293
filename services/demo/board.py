"""The demo's live table: tickets by status, cards by rung, what was done, and the latest cards."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.lifecycle import Status
from schemas.names import STATUS_NAMES

Rows = Sequence[tuple[str, str, str]]
"""What a service's answer calls it, what the table calls it, its colour."""

STATUSES: Rows = tuple(
    (status, STATUS_NAMES[status], colour)
    for status, colour in (
        (Status.REGISTERED, ""),
        (Status.TRIAGE, "yellow"),
        (Status.ASSIGNED, ""),
        (Status.SIGNED, ""),
        (Status.CONTACTED, ""),
        (Status.RETURN_PENDING, "yellow"),
        (Status.DISPUTED, "red"),
        (Status.RESOLVED, "green"),
        (Status.UNFOUNDED_PENDING, "yellow"),
        (Status.CLOSED, "green"),
        (Status.ARCHIVED, "green"),
    )
)
RUNGS: Rows = (
    ("催办", "催办(黄牌)", "yellow"),
    ("督办", "督办(红牌)", "red"),
    ("领导督办", "领导督办", "red"),
    ("挂牌督办", "挂牌督办", "red"),
    ("效能告诫", "效能告诫", "red"),
)
CLOCKS: Rows = (
    ("citizen", "市民时限已超", "red"),
    ("department", "承办时限已超", "red"),
    ("co_handling", "协办时限已超", "red"),
)
STEPS: Rows = (
    ("sign", "签收", ""),
    ("contact", "联系市民", ""),
    ("resolve", "办结", "green"),
    ("return", "退单", "yellow"),
    ("grant-return", "同意退单", ""),
    ("refuse-return", "驳回退单", ""),
    ("dispute", "争议", "red"),
    ("adjudicate", "裁定", ""),
    ("assign", "人工派单", ""),
    ("close", "结案", "green"),
)
STAGES = {
    "dispatch": "派单",
    "triage": "人工派单",
    "sign": "签收",
    "contact": "首次联系",
    "feedback": "反馈",
    "return_review": "退单审核",
    "adjudication": "裁定",
    "completion": "办结",
    "callback": "回访",
}
DAYS = "一二三四五六日"
LATEST = 6
BEHIND = 2.0


@dataclass
class Tally:
    """What a play has done so far: calls sent and refused, steps by name; seconds it is behind its time."""

    sent: int = 0
    refused: int = 0
    behind: float = 0.0
    steps: Counter[str] = field(default_factory=Counter)


def board(
    summary: Mapping[str, Any],
    cards: Sequence[Mapping[str, Any]],
    tally: Tally,
    names: Mapping[str, str],
    zone: ZoneInfo,
) -> RenderableType:
    """Return the table for this moment; `names` are the departments' by code."""
    at = datetime.fromisoformat(summary["at"]).astimezone(zone)
    head = Text(f"海口 12345  {at:%Y-%m-%d} 周{DAYS[at.weekday()]} {at:%H:%M}", style="bold")
    head.append(f"   来电登记 {tally.sent} 件", style="bold cyan")
    if tally.refused:
        head.append(f"   未能登记 {tally.refused} 件", style="bold red")
    if tally.behind > BEHIND:
        head.append(f"   本机跟不上此速度,慢 {tally.behind:.0f} 秒", style="yellow")
    grid = Table.grid(padding=(0, 3))
    grid.add_row(
        _counts("工单", STATUSES, summary["tickets"]),
        _counts("督办", (*RUNGS, *CLOCKS), {**summary["escalations"], **summary["overdue"]}),
        _counts("办理", STEPS, tally.steps),
    )
    return Group(Text(), head, Text(), grid, _latest(cards, names, zone))


def _counts(title: str, rows: Rows, counts: Mapping[str, int]) -> Table:
    table = Table(title, "件", box=box.SIMPLE_HEAD, padding=(0, 1))
    table.columns[1].justify = "right"
    table.columns[1].min_width = 5
    for key, name, colour in rows:
        count = counts.get(key, 0)
        table.add_row(name, str(count), style=colour if count else "dim")
    return table


def _latest(cards: Sequence[Mapping[str, Any]], names: Mapping[str, str], zone: ZoneInfo) -> Table:
    """Return as many lines at all times, so that the table stands still."""
    colours = {name: colour for name, _, colour in RUNGS}
    table = Table("最近督办", "环节", "", "工单", "单位", box=box.SIMPLE_HEAD, padding=(0, 1))
    for card in cards[:LATEST]:
        fell_due = datetime.fromisoformat(card["fell_due_at"]).astimezone(zone)
        stage = STAGES.get(card["stage"], card["stage"])
        whose = names.get(card["department"] or "", "热线")
        colour = colours.get(card["name"], "")
        table.add_row(f"{fell_due:%m-%d %H:%M}", stage, Text(card["name"], colour), card["ticket"], whose)
    for _ in range(LATEST - len(cards)):
        table.add_row()
    return table
