"""Who calls in a day of Haikou: how many, when, about what; invented, by published rates."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

ITEMS_A_DAY = 13_578
"""Haikou's daily mean in the first half of 2022."""

ANSWERED_AT_ONCE = 0.6458
"""The share that the agent answers on the spot and that becomes no work order."""

HOUR_PROFILE = (
    1.6, 1.1, 0.7, 0.5, 0.5, 0.5, 1.2, 2.8, 6.0, 8.6, 10.0, 8.3,
    5.2, 4.0, 5.9, 7.9, 7.7, 6.9, 4.7, 4.2, 4.2, 3.6, 2.5, 1.9,
)  # fmt: skip
"""Percent of a day's calls by hour: the peak at ten, the trough before dawn."""

HOTLINES = (("12345", 86), ("12315", 6), ("12333", 3), ("12328", 2), ("12369", 2), ("12319", 1))

MATTERS = (
    # category, kind, urgency, share, what the caller says
    ("030100", "complaint", "general", 14, "{place}路边长期违法停车,影响通行。"),
    ("030200", "complaint", "general", 6, "{place}人行道上停满小汽车,行人只能走机动车道。"),
    ("030300", "complaint", "urgent", 1, "{place}小区消防通道被车辆堵死。"),
    ("020100", "complaint", "general", 10, "{place}工地夜间十一点后仍在施工,噪声扰民。"),
    ("020300", "complaint", "general", 7, "{place}商铺音响外放,声音很大。"),
    ("010100", "complaint", "general", 8, "{place}垃圾无人清运,气味难闻。"),
    ("010200", "complaint", "general", 7, "{place}夜间烧烤摊占道经营。"),
    ("010300", "report", "general", 4, "{place}有人在楼顶违法搭建。"),
    ("010500", "help", "general", 4, "{place}路灯不亮已有三天。"),
    ("010600", "help", "livelihood", 2, "{place}道路积水,车辆无法通行。"),
    ("040100", "complaint", "general", 7, "{place}小区物业长期不维修公共设施。"),
    ("040500", "help", "livelihood", 2, "{place}小区电梯反复停运。"),
    ("050100", "help", "livelihood", 4, "{place}停水,请问何时恢复?"),
    ("050200", "help", "livelihood", 4, "{place}停电,请尽快抢修。"),
    ("060100", "complaint", "general", 4, "在{place}工地干活,工资拖欠两个月。"),
    ("070200", "complaint", "general", 5, "{place}理发店服务与宣传不符,拒绝退款。"),
    ("070500", "report", "general", 2, "{place}餐馆卫生状况差,吃后腹泻。"),
    ("100100", "consult", "general", 4, "咨询在{place}办理落户需要哪些材料。"),
    ("090100", "consult", "general", 2, "咨询{place}片区小学入学政策。"),
    (None, "other", "general", 3, "{place}有一件事不知道归谁管,请帮忙协调。"),
)

DISTRICT_KNOWN = 0.48
"""Of Haikou's recorded tickets 52 % name no district."""


@dataclass(frozen=True)
class DemoCall:
    """A call that is due at `at`, in the canonical form."""

    at: datetime
    body: dict[str, Any]


def calls(
    start: datetime, hours: float, scale: float, places: list[dict[str, Any]], seed: int
) -> Iterator[DemoCall]:
    """Yield work orders of the coming hours in their order; the same seed yields the same day."""
    random = Random(seed)  # noqa: S311  (a play, not a secret)
    daily = ITEMS_A_DAY * (1 - ANSWERED_AT_ONCE) * scale
    at, end, number = start, start + timedelta(hours=hours), 0
    while True:
        rate = daily * HOUR_PROFILE[at.hour] / sum(HOUR_PROFILE) / 3600
        at += timedelta(seconds=random.expovariate(rate))
        if at >= end:
            return
        number += 1
        yield DemoCall(at, _body(random, places, f"DEMO{start:%Y%m%d%H%M%S}-{seed}-{number}"))


def _body(random: Random, places: list[dict[str, Any]], number: str) -> dict[str, Any]:
    category, kind, urgency, _, says = random.choices(MATTERS, [each[3] for each in MATTERS])[0]
    hotline = random.choices(*zip(*HOTLINES, strict=True))[0]
    place = random.choice(places)
    known = random.random() < DISTRICT_KNOWN
    said = says.format(place=place["name"])
    return {
        "hotline": hotline,
        "source_number": number,
        "kind": kind,
        "urgency": urgency,
        "title": said[:30],
        "text": said,
        "category": category,
        "division": place["code"] if known else None,
        "address": place["name"],
        "caller": {
            "name": random.choice(("王女士", "李先生", "陈女士", "符先生")),
            "phone": f"1380000{random.randrange(10_000):04d}",
        },
    }
