"""A year of a calendar, from a sheet or from chinesecalendar, put into a content."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from importlib.metadata import version
from typing import Any

import chinese_calendar

from schemas.errors import Invalid

NATIONAL = "national"
COLUMNS = ("date", "kind", "name", "source", "status", "layer", "hours", "department")


def year_from_library(year: int, source: str) -> list[dict[str, str]]:
    """Return the days of a year that differ from their weekday; raises `Invalid` for one it does not know."""
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    try:
        return [_row(day, source) for day in days if chinese_calendar.is_workday(day) != (day.weekday() < 5)]
    except NotImplementedError as fault:
        known = version("chinesecalendar")
        raise Invalid(f"chinesecalendar {known} 不知道{year}年:请等放假文件公布后用表格导入。") from fault


def read_year(text: str, source: str) -> list[dict[str, str]]:
    """Return the rows of a CSV; who says nothing of paper and status has `source`, official."""
    reader = csv.DictReader(text.lstrip("\ufeff").splitlines())
    if unknown := set(reader.fieldnames or ()) - set(COLUMNS):
        raise Invalid(f"表格没有这些栏目:{'、'.join(sorted(map(str, unknown)))}。")
    rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]
    usual = {"source": source, "status": "official"}
    return [{**usual, **{key: value for key, value in row.items() if value}} for row in rows]


def with_year(content: Mapping[str, Any], rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """
    Return a calendar with these days instead of those it has, year by year and layer by layer.

    It then reaches to the end of the last of these years at least.
    """
    replaced = {_part(row) for row in rows}
    kept = [row for row in content["days"] if _part(row) not in replaced]
    days = sorted([*kept, *map(dict, rows)], key=lambda row: str(row["date"]))
    last_day = max([content["last_day"], *(f"{row['date'][:4]}-12-31" for row in rows)])
    return {**content, "days": days, "last_day": last_day}


def _part(row: Mapping[str, str]) -> tuple[str, str, str]:
    department = row.get("department") or ""
    return row["date"][:4], row.get("layer") or ("department" if department else NATIONAL), department


def _row(day: date, source: str) -> dict[str, str]:
    holiday = chinese_calendar.get_holiday_detail(day)[1]
    return {
        "date": day.isoformat(),
        "kind": "work" if chinese_calendar.is_workday(day) else "off",
        "name": _NAMES.get(holiday or "", holiday or "调休"),
        "source": source,
        "status": "official",
    }


_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
}
