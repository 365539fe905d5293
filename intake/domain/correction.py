"""What a correction changes of a ticket, and in which words that is told."""

import json
from collections.abc import Mapping
from typing import Any

from intake.domain.text import one_line
from schemas.acts import CorrectionRequest
from schemas.errors import Invalid
from schemas.ticket import Call

Changed = dict[str, tuple[Any, Any]]

LABELS = {
    "category": "类别",
    "division": "区划",
    "kind": "诉求类型",
    "urgency": "紧急程度",
    "live": "正在发生",
    "title": "标题",
    "text": "内容",
    "address": "地址",
    "longitude": "经度",
    "latitude": "纬度",
    "occurred_at": "发生时间",
    "caller": "诉求人",
    "places": "其他地点",
    "attributes": "属性",
}
LONG = ("title", "text", "address", "caller", "places", "attributes")
PLACED_BY = frozenset({"address", "longitude", "latitude"})


def reads_place(ticket: Any, wanted: CorrectionRequest) -> bool:
    """
    Say whether the division is to be read anew from what the ticket will say.

    It is when the place is corrected and the division is not given; a corrected text
    only tells where nothing was known.
    """
    given = wanted.model_fields_set
    if "division" in given:
        return False
    return bool(PLACED_BY & given) or (ticket.division is None and bool({"text", "title"} & given))


def corrected(ticket: Any, clean: Call, wanted: CorrectionRequest) -> dict[str, Any]:
    """
    Return the columns to change, from the call as it reads after the correction.

    A place that is not certain takes no division away. Raises `Invalid` when the ticket
    says all of it already, or for a moment or a point that cannot be.
    """
    for name in ("occurred_at", "longitude", "latitude"):
        if getattr(wanted, name) is not None and getattr(clean, name) is None:
            raise Invalid(f"This cannot be: {getattr(wanted, name)}.", pointer=f"/{name}")
    if wanted.title is not None and not one_line(wanted.title):
        raise Invalid("This title holds nothing that can be seen.", pointer="/title")
    names = wanted.model_fields_set & LABELS.keys()
    if clean.division is not None and reads_place(ticket, wanted):
        names |= {"division"}
    values = {name: _column(name, getattr(clean, name)) for name in names}
    changes = {
        name: values[name] for name in LABELS if name in names and getattr(ticket, name) != values[name]
    }
    if not changes:
        raise Invalid("The ticket says all of this already.", pointer="")
    return changes


def differences(ticket: Any, changes: Mapping[str, Any]) -> Changed:
    """Return by field what was and what is to be, as texts; of the caller, as it is stored."""
    return {name: (_shown(getattr(ticket, name)), _shown(value)) for name, value in changes.items()}


def told(changed: Changed) -> Changed:
    """Return the differences as texts that are told to others: that the caller changed, not who they are."""
    return {
        name: (None, None) if name == "caller" else (_text(was), _text(now))
        for name, (was, now) in changed.items()
    }


def sentence(changed: Changed, because: str) -> str:
    """Return the correction in one sentence; long texts are named, not repeated."""
    parts = [
        f"{LABELS[name]}已改" if name in LONG else f"{LABELS[name]}{was or '未定'}→{now or '未定'}"
        for name, (was, now) in changed.items()
    ]
    return f"更正:{'、'.join(parts)};原因:{because}"


def _text(value: Any) -> str | None:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict) else value


def _column(name: str, value: Any) -> Any:
    """Return a value as the ticket's column holds it."""
    if name == "caller":
        return value.model_dump(mode="json")
    return value.model_dump(exclude_none=True) if name == "places" else value


def _shown(value: Any) -> Any:
    if isinstance(value, bool):
        return "是" if value else "否"
    return value if value is None or isinstance(value, dict) else str(value)
