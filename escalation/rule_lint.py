"""What is wrong with rules as they were written: rows that cannot be read, and rules that contradict."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import escalation.defaults as defaults
from escalation.calendars import Calendars, calendars_from, read_day, read_opening
from escalation.domain.horizon import ALARM_DAYS, horizon
from escalation.domain.ladder import Rung, ladder_faults, rung_times
from escalation.domain.policy import LimitRule, limit_faults
from escalation.domain.receivers import Directory
from escalation.domain.rule_fault import RuleFault
from escalation.domain.worktime import Amount, WorkCalendar, add
from escalation.reading import Row
from schemas.errors import CalendarExhausted, Misconfigured

CALENDAR_KEYS = {"code", "time_zone", "first_day", "last_day", "days", "office_hours"}
DAY_KEYS = {"date", "kind", "name", "source", "status", "layer", "hours", "department"}
OPENING_KEYS = {"weekday", "opens", "closes", "first_day", "last_day", "department"}

_SAID = (
    (r"the ladder has no rung", "督办层级是空的;至少要有一级"),
    (r"level (\d+) has no receiver", r"第\1级没有接收人;请填写接收人"),
    (r"level (\d+) belongs to no stage", r"第\1级不属于任何环节;请填写环节"),
    (r"level (\d+) means different things", r"第\1级的几行写法不一;名称、接收人、效果须相同"),
    (r"level (\d+) is there twice", r"第\1级重复;请删去一行或改级数"),
    (r"level (\d+) and level (\d+) count in different units", r"第\1级与第\2级计时单位不同,分不出先后"),
    (r"level (\d+) comes before level (\d+)", r"第\1级早于第\2级;级数高的不能在前"),
    (r"level (\d+) names an unknown receiver '(.*)'", r"第\1级的接收人“\2”不存在"),
    (r"level (\d+): nobody is (\S+) of the desk", r"第\1级:派单台没有人担任\2,无人可通知"),
    (
        r"level (\d+): nobody is (\S+) of (.*) and (\d+) more",
        r"第\1级:\3等(另\4个)没有人担任\2,无人可通知",
    ),
    (r"level (\d+): nobody is (\S+) of (.*)", r"第\1级:\3没有人担任\2,无人可通知"),
    (r"invalid literal for int\(\) with base 10: '(.*)'\.?", r"“\1”不是整数"),
    (
        r"(day is out of range|month must be|Invalid isoformat string).*",
        "日期或时刻写法不对",
    ),
    (r"(not enough|too many) values to unpack.*", "时段写法不对;如08:00-12:00|14:30-16:00"),
    (r"'(.*)' is not a valid (\w+)\.?", r"“\1”不是可以填的值(\2)"),
)


def lint_calendar(
    content: Mapping[str, Any], limits: Sequence[LimitRule], ladder: Sequence[Rung], now: datetime
) -> list[RuleFault]:
    """Return the faults of a calendar: unreadable, never open, shorter than a limit, a year unconfirmed."""
    if unknown := set(content) - CALENDAR_KEYS:
        return [_unknown(unknown)]
    rows = (("days", DAY_KEYS, read_day), ("office_hours", OPENING_KEYS, read_opening))
    faults = [
        fault for name, keys, read in rows for fault in unread(name, content.get(name) or (), keys, read)
    ]
    faults += _without_paper(content.get("days") or ())
    if any(each.is_error for each in faults):
        return faults
    try:
        calendars = calendars_from(content, "draft")
    except Misconfigured as fault:
        return [*faults, RuleFault("calendar_unreadable", _unreadable(str(fault)))]
    return [*faults, *_too_short(calendars, limits, ladder, now), *_unconfirmed(calendars.city, now)]


def lint_limits(
    rows: Sequence[Row], ladder: Sequence[Rung], calendars: Calendars, now: datetime
) -> list[RuleFault]:
    """Return the faults of limits: unreadable, two that are equal, a matter nobody must complete."""
    faults = list(unread("limits", rows, defaults.columns("limits"), lambda row: defaults.limits_from([row])))
    if faults:
        return faults
    limits = defaults.limits_from(rows)
    return [*limit_faults(limits), *_too_short(calendars, limits, ladder, now)]


def lint_ladder(
    rows: Sequence[Row],
    limits: Sequence[LimitRule],
    calendars: Calendars,
    directory: Directory | None,
    now: datetime,
) -> list[RuleFault]:
    """Return the faults of a ladder: unreadable, out of order, nobody to tell, beyond the calendar."""
    faults = list(unread("ladder", rows, defaults.columns("ladder"), lambda row: defaults.ladder_from([row])))
    if faults:
        return faults
    ladder = defaults.ladder_from(rows)
    told = [RuleFault("ladder_faulty", _in_chinese(each)) for each in ladder_faults(ladder, directory)]
    return [*told, *_too_short(calendars, limits, ladder, now)]


def too_short(
    limits: Sequence[LimitRule], ladder: Sequence[Rung], calendar: WorkCalendar, now: datetime
) -> LimitRule | None:
    """Return a limit that with its extension and its rungs leads out of the calendar, when it starts now."""
    for limit in limits:
        whole = Amount(limit.amount.count + (limit.extension or 0), limit.amount.unit)
        try:
            due = add(now, whole, calendar).at
            rung_times(ladder, stage=limit.stage, start=now, due=due, limit=whole, calendar=calendar)
        except CalendarExhausted:
            return limit
    return None


def unread(
    name: str, rows: Sequence[Row], known: set[str], read: Callable[[Row], object]
) -> Iterator[RuleFault]:
    """Say which rows of a table have columns there are not, or cannot be read."""
    for number, row in enumerate(rows, start=1):
        if unknown := set(row) - known:
            yield _unknown(unknown, number)
            continue
        try:
            read(row)
        except (Misconfigured, KeyError, ValueError, TypeError) as fault:
            yield RuleFault("row_unreadable", f"{_TABLES[name]}第{number}行读不出:{_cause(fault)}", number)


def _unknown(columns: set[str], row: int | None = None) -> RuleFault:
    where = f"第{row}行" if row else ""
    return RuleFault("unknown_column", f"{where}没有这些栏目:{'、'.join(sorted(columns))}", row)


def _without_paper(days: Sequence[Row]) -> Iterator[RuleFault]:
    for number, row in enumerate(days, start=1):
        if row.get("status") == "official" and not str(row.get("source") or "").strip():
            says = f"日期表第{number}行({row.get('date')})标为正式,却没有写文件依据"
            yield RuleFault("no_paper", says, number)


def _too_short(
    calendars: Calendars, limits: Sequence[LimitRule], ladder: Sequence[Rung], now: datetime
) -> Iterator[RuleFault]:
    for each in (calendars.city, *calendars.of_departments.values()):
        limit = too_short(limits, ladder, each, now)
        if limit is not None:
            says = f"日历只到{each.last_day},不够最长的时限({limit.rule} {limit.stage})用;请加上以后的年份"
            yield RuleFault("calendar_too_short", says)


def _unconfirmed(calendar: WorkCalendar, now: datetime) -> Iterator[RuleFault]:
    years = sorted({day.year for day in calendar.provisional_days})
    if years:
        listed = "、".join(map(str, years))
        yield RuleFault("provisional", f"{listed}年为暂定:缺正式放假文件", severity="warning")
    left = horizon(calendar, now.astimezone(calendar.zone).date())
    if left.alarm:
        says = f"正式日历只剩{left.working_days_left}个工作日(不足{ALARM_DAYS}),请尽快发布下一年"
        yield RuleFault("horizon", says, severity="warning")


def _unreadable(fault: str) -> str:
    if "never opens" in fault:
        return "这份日历没有任何上班时间"
    return f"日历读不出:{fault}"


def _cause(fault: Exception) -> str:
    if isinstance(fault, KeyError):
        return f"缺少{fault.args[0]}"
    return _in_chinese(re.sub(r"^Row \d+ of the \w+ cannot be read: ", "", str(fault)))


def _in_chinese(fault: str) -> str:
    for pattern, says in _SAID:
        if re.fullmatch(pattern, fault):
            return re.sub(pattern, says, fault)
    return fault


_TABLES = {
    "days": "日期表",
    "office_hours": "办公时间表",
    "limits": "时限表",
    "ladder": "督办层级表",
    "extensions": "延期表",
    "suspensions": "挂起表",
    "reopenings": "重办表",
}
