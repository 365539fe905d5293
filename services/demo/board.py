"""The demo's live table: tickets by state, cards by rung, what departments did."""

from collections import Counter
from datetime import datetime
from typing import Any

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table

STATES = {
    "registered": "待派单",
    "triage": "人工派单台",
    "assigned": "已派单",
    "signed": "已签收",
    "contacted": "已联系",
    "return_pending": "退单待审",
    "resolved": "已办结",
    "closed": "已归档",
}
CLOCKS = {"citizen": "市民时限", "department": "承办时限"}


def board(shown: datetime, summary: dict[str, Any], sent: int, done: Counter[str]) -> RenderableType:
    """Return the tables for this moment."""
    tickets = _table("工单", {STATES[key]: summary["tickets"].get(key, 0) for key in STATES})
    cards = _table("黄牌 红牌 督办", summary["escalations"])
    late = _table("当前超期", {CLOCKS[key]: summary["overdue"].get(key, 0) for key in CLOCKS})
    acts = _table("承办单位", dict(sorted(done.items())))
    head = f"[bold]{shown:%Y-%m-%d %H:%M}[/]  来电登记 {sent} 件"
    return Group(head, Columns([tickets, cards, late, acts]))


def _table(title: str, counts: dict[str, int]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("件", justify="right")
    for name, count in counts.items():
        table.add_row(name, str(count))
    return table
