"""What a publication made of a ticket's deadlines, in one sentence for its history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from escalation.domain.told import STAGES, moment

KINDS = {"calendar": "日历", "limits": "时限规则", "ladder": "督办层级"}
CLOCKS = {"citizen": "市民", "department": "承办", "co_handling": "协办"}


@dataclass(frozen=True, slots=True)
class Told:
    """A deadline that changed, or is new: when it was due, is due, would be due had it not been kept."""

    clock: str
    stage: str
    was_due: datetime
    due: datetime
    provisional: bool
    kept: datetime | None
    gone: bool
    new: bool = False


def sentence(kind: str, before: Iterable[str], after: str, told: Sequence[Told], zone: ZoneInfo) -> str:
    """Return what was published and what it changed."""
    said = ";".join(one(each, zone) for each in told) or "时限不变,督办时间已重排"
    return f"{KINDS[kind]}由{'、'.join(sorted(before))}改为{after}:{said}"


def one(each: Told, zone: ZoneInfo) -> str:
    """Return what became of one deadline."""
    name = f"{CLOCKS[each.clock]}{STAGES.get(each.stage, each.stage)}时限"
    if each.gone:
        return f"{name}已取消"
    mark = "(暂定)" if each.provisional else ""
    if each.new:
        return f"新设{name},{moment(each.due, zone)}到期{mark}"
    if each.kept is not None:
        return f"{name}本应提前到{moment(each.kept, zone)},仍按原定{moment(each.due, zone)}{mark}"
    if each.due != each.was_due:
        return f"{name}由{moment(each.was_due, zone)}改为{moment(each.due, zone)}{mark}"
    return f"{name}仍为{moment(each.due, zone)}{mark or ',不再是暂定'}"
