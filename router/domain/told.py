"""What a return, a dispute and a request for help read like in a ticket's history, in Chinese."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.returns import AdjudicationRequest, ReturnReason, ReturnRequest

REASONS: Mapping[ReturnReason, str] = {
    ReturnReason.NOT_OUR_DUTY: "非本单位职责",
    ReturnReason.WRONG_PLACE: "属地有误",
    ReturnReason.ELEMENT_MISSING: "要素缺失",
}
KINDS = {"co_handling": "协办", "whistle": "吹哨报到"}
ENDED = {
    "resolved": "主办单位已统一答复",
    "returned": "主办单位退单",
    "recalled": "主办单位变更",
    "adjudicated": "已裁定",
    "withdrawn": "诉求人撤回",
    "transferred": "已一键转接",
    "merged": "该单位已合并,仍需协办的请另行提出",
}


def returned(said: ReturnRequest, competent: str | None) -> str:
    """Return why a ticket was returned."""
    parts = [f"退单:{REASONS[said.reason]}"]
    if said.legal_basis:
        parts.append(f"依据:{said.legal_basis}")
    if competent:
        parts.append(f"主管单位:{competent}")
    if said.missing:
        parts.append(f"所缺要素:{'、'.join(said.missing)}")
    return ";".join([*parts, said.note])


def disputed(said: str, count: int) -> str:
    """Return why a ticket is a dispute."""
    return f"本件第{count}次退单,转为争议件,由热线裁定;{said}"


def granted(note: str | None) -> str:
    """Return that a return was granted."""
    return f"同意退单{f':{note}' if note else ''};市民时限不变"


def refused(note: str) -> str:
    """Return that a return was refused, and what follows."""
    return f"驳回退单:{note};计不当退单1次,原派单继续办理,时间不予返还"


def adjudicated(
    said: AdjudicationRequest,
    names: Mapping[str, str],
    improper: Sequence[str],
    counts_from: datetime | None,
    zone: ZoneInfo,
) -> str:
    """Return who handles a disputed ticket, whose return was improper, and that it is binding."""
    helpers = "、".join(names[each.department] for each in said.co_handlers)
    parts = [f"裁定:主办{names[said.lead]}" + (f",协办{helpers}" if helpers else "")]
    if said.legal_basis:
        parts.append(f"依据:{said.legal_basis}")
    if said.consulted:
        parts.append(f"会商单位:{'、'.join(said.consulted)}")
    if improper:
        parts.append(f"不当退单:{'、'.join(names[each] for each in improper)}")
    if counts_from:
        parts.append(f"主办时限仍自{counts_from.astimezone(zone):%Y-%m-%d %H:%M}起算,时间不予返还")
    return ";".join([*parts, said.note, "裁定具有约束力,各单位不得再退单"])


def asked(kind: str, department: str, due: datetime, reason: str, zone: ZoneInfo) -> str:
    """Return who is to help with what until when."""
    return f"{KINDS[kind]}:请{department}于{due.astimezone(zone):%Y-%m-%d %H:%M}前答复主办单位;{reason}"


def co_step(said: str, department: str, note: str | None) -> str:
    """Return a step of who helps."""
    return f"{department}{said}" + (f":{note}" if note else "")


def co_ended(department: str, because: str) -> str:
    """Return why a co-handling ended without an answer."""
    return f"{department}协办结束:{ENDED[because]}"
