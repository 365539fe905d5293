"""Acceptance scenarios through the service, to the minute: a call, its department, its clocks, its cards."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.inprocess import Answer, InProcess

HAIKOU = ZoneInfo("Asia/Shanghai")
CITIZEN, DEPARTMENT = ("citizen", "completion"), ("department", "completion")
SIGN, CONTACT, FEEDBACK = ("department", "sign"), ("department", "contact"), ("department", "feedback")


def at(text: str) -> datetime:
    """Read a time of Haikou."""
    return datetime.fromisoformat(text).replace(tzinfo=HAIKOU)


async def called(hotline: InProcess, when: str, /, **call: object) -> Answer:
    """A citizen calls at that time, and the call is routed and clocked at once."""
    hotline.clock.time = at(when)
    return await hotline.call(**call)


async def due(hotline: InProcess, ticket: Answer, *clock: tuple[str, str]) -> list[str]:
    """When these clocks of a ticket fall due, in Haikou's time."""
    deadlines = await hotline.deadlines(ticket["id"])
    moments = [datetime.fromisoformat(deadlines[each]["due_at"]) for each in clock]
    return [f"{each.astimezone(HAIKOU):%Y-%m-%d %H:%M}" for each in moments]


async def cards(hotline: InProcess, ticket: Answer, stage: str) -> list[tuple[int, str]]:
    """The rungs climbed for a stage: level, and when they fell due in Haikou's time."""
    found = [each for each in await hotline.cards(ticket["id"]) if each["stage"] == stage]
    moments = [datetime.fromisoformat(each["fell_due_at"]).astimezone(HAIKOU) for each in found]
    return [(each["level"], f"{moment:%Y-%m-%d %H:%M}") for each, moment in zip(found, moments, strict=True)]


NOISE = {"category": "020100", "division": "460106002000"}


@pytest.mark.parametrize(
    ("accepted", "sign", "contact", "yellow", "completion"),
    [
        ("2026-09-30 17:50", "2026-10-08 08:30", "2026-10-08 17:30", "2026-10-12 17:30", "2026-10-13 17:30"),
        ("2025-09-26 17:50", "2025-09-28 08:30", "2025-09-28 17:30", "2025-10-09 17:30", "2025-10-10 17:30"),
        ("2026-09-25 17:50", "2026-09-28 08:30", "2026-09-28 17:30", "2026-10-08 17:30", "2026-10-09 17:30"),
        ("2026-09-30 17:29", "2026-10-08 08:29", "2026-10-08 17:30", "2026-10-12 17:30", "2026-10-13 17:30"),
    ],
    ids=["last working day", "make-up Sunday", "on the holiday itself", "a minute before closing"],
)
async def test_noise_before_national_day_counts_the_make_up_day_and_no_holiday(
    hotline: InProcess, accepted: str, sign: str, contact: str, yellow: str, completion: str
) -> None:
    ticket = await called(hotline, accepted, **NOISE)
    assert ticket["department"] == "ecology-environment-longhua"
    expected = [sign, contact, completion, completion]
    assert await due(hotline, ticket, SIGN, CONTACT, DEPARTMENT, CITIZEN) == expected
    await hotline.advance(at(completion))
    fired = await cards(hotline, ticket, "completion")
    assert [when for _, when in fired] == [yellow, completion]
    assert len({level for level, _ in fired}) == 2


async def test_noise_that_is_going_on_now_runs_around_the_clock(hotline: InProcess) -> None:
    ticket = await called(hotline, "2026-09-30 17:50", **NOISE, urgency="livelihood", live=True)
    assert await due(hotline, ticket, SIGN) == ["2026-09-30 18:20"]
    assert await due(hotline, ticket, DEPARTMENT, CITIZEN) == ["2026-10-01 17:50"] * 2


async def test_parking_on_the_pavement_on_a_make_up_saturday_is_signed_that_saturday(
    hotline: InProcess,
) -> None:
    ticket = await called(hotline, "2026-10-10 11:50", category="030200", division="460106003000")
    assert ticket["department"] == "urban-management-longhua"
    expected = ["2026-10-10 14:50", "2026-10-12 17:30", "2026-10-16 17:30", "2026-10-16 17:30"]
    assert await due(hotline, ticket, SIGN, CONTACT, DEPARTMENT, CITIZEN) == expected
    await hotline.advance(at("2026-10-15 17:30"))
    assert [when for _, when in await cards(hotline, ticket, "completion")] == ["2026-10-15 17:30"]


async def test_a_blocked_fire_lane_at_night_does_not_wait_for_the_morning(hotline: InProcess) -> None:
    ticket = await called(
        hotline, "2026-10-10 22:40", category="030300", division="460106003000", urgency="urgent"
    )
    assert ticket["department"] == "fire-rescue"
    expected = ["2026-10-10 22:55", "2026-10-10 23:10", "2026-10-11 00:40", "2026-10-11 22:40"]
    assert await due(hotline, ticket, SIGN, CONTACT, FEEDBACK, DEPARTMENT) == expected
    assert await due(hotline, ticket, CITIZEN) == ["2026-10-11 22:40"]


async def test_where_a_car_stands_decides_who_is_competent(hotline: InProcess) -> None:
    asked = {
        "030100": "traffic-police",
        "030200": "urban-management-longhua",
        "040101": "housing-construction-longhua",
    }
    for category, department in asked.items():
        ticket = await called(hotline, "2026-10-10 11:50", category=category, division="460106003000")
        assert ticket["department"] == department


async def test_unpaid_wages_are_judged_by_the_place_of_work(hotline: InProcess) -> None:
    ticket = await called(
        hotline, "2026-11-19 16:55", hotline="12333", category="060100", division="460108101000"
    )
    assert ticket["department"] == "human-resources-meilan"
    expected = ["2026-11-19 17:25", "2026-11-20 17:30", "2026-11-26 17:30", "2026-11-26 17:30"]
    assert await due(hotline, ticket, SIGN, CONTACT, DEPARTMENT, CITIZEN) == expected
    await hotline.advance(at("2026-11-25 17:30"))
    assert [when for _, when in await cards(hotline, ticket, "completion")] == ["2026-11-25 17:30"]


async def test_an_urgent_ticket_fed_back_in_time_gets_no_card_for_feedback(hotline: InProcess) -> None:
    fire_lane = {"category": "030300", "division": "460106003000", "urgency": "urgent"}
    ticket = await called(hotline, "2026-10-10 22:40", **fire_lane)
    await hotline.advance(at("2026-10-10 22:50"))
    await hotline.step(ticket, "sign")
    taken = await hotline.step(ticket, "feedback", "消防车已在途中")
    assert taken["status"] == "signed"
    await hotline.advance(at("2026-10-11 01:00"))
    assert await cards(hotline, ticket, "feedback") == []
    assert [level for level, _ in await cards(hotline, ticket, "contact")] == [0, 1]
