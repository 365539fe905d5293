"""How a deadline came about, in a sentence for people: from when, what was counted, what was not."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from escalation.domain.explanation import Count, Explanation, Segment
from escalation.domain.reason import said
from escalation.domain.reckoning import Terms
from escalation.domain.told import moment

MOST_NAMED = 10


def account(told: Explanation, terms: Terms, by: str, zone: ZoneInfo, paused_at: datetime | None) -> str:
    """Return the sentence; `by` names rule and calendar, times are those of the zone."""
    start = f"自{moment(terms.start, zone)}起{said(terms.limit)},{by}"
    if terms.fixed is not None:
        parts = [start, f"到期时间为指定的{moment(told.due.at, zone)}"]
    else:
        limit, *extensions = told.counts
        parts = [start, _counted(limit, zone)]
        parts += [f"停表{_span(each, zone)}不计" for each in told.skipped]
        parts += [f"延期{said(each.amount)},{_counted(each, zone)}" for each in extensions]
        parts.append(f"{moment(told.due.at, zone)}到期")
    if told.due.provisional:
        parts.append("跨入日历尚未公布的年度,为暂定")
    if paused_at is not None:
        parts.append(f"{moment(paused_at, zone)}起停表,恢复后顺延")
    return ";".join(each for each in parts if each)


def _counted(count: Count, zone: ZoneInfo) -> str:
    if not count.segments:
        return ""
    if count.days:
        return "计" + _listed([_day(each) for each in count.days], "天")
    return "计" + _listed([_span(each, zone) for each in count.segments], "段")


def _listed(parts: Sequence[str], of: str) -> str:
    """Return all of a few, of many how many and the first and the last."""
    if len(parts) <= MOST_NAMED:
        return "、".join(parts)
    return f"{parts[0]}至{parts[-1]}共{len(parts)}{of}"


def _span(segment: Segment, zone: ZoneInfo) -> str:
    begins, ends = (each.astimezone(zone) for each in segment)
    same_day = begins.date() == ends.date()
    return f"{begins:%Y-%m-%d %H:%M}至{ends.strftime('%H:%M' if same_day else '%Y-%m-%d %H:%M')}"


def _day(day: date) -> str:
    return f"{day:%Y-%m-%d}"
