"""Feedback that is due every five working days, as long as a complex matter takes."""

import pytest

from tests.escalation.test_scenarios import FEEDBACK, at, cards
from tests.escalation.timekeeping import done, local, resumed, signed, suspended
from tests.inprocess import Answer, InProcess


async def awaited(hotline: InProcess, ticket: Answer) -> list[tuple[str, str | None]]:
    """Every feedback that was or is awaited: when it is due, in Haikou's time, and why it was settled."""
    rows = await hotline.rows(
        "SELECT due_at, settled_because FROM deadlines WHERE ticket_id = :id AND stage = 'feedback'"
        " ORDER BY started_at",
        id=ticket["id"],
    )
    return [(local(each.due_at.isoformat()), each.settled_because) for each in rows]


async def fed_back(hotline: InProcess, ticket: Answer, when: str) -> None:
    await hotline.advance(at(when))
    await done(hotline, ticket, "feedback", note="已委托检测,等待结果")


async def test_each_feedback_is_followed_by_the_next_five_working_days_later(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-11-23 09:00", urgency="complex")
    assert await awaited(hotline, ticket) == [("2026-11-30 17:30", None)]
    await fed_back(hotline, ticket, "2026-11-26 10:00")
    await fed_back(hotline, ticket, "2026-12-04 10:00")
    assert await awaited(hotline, ticket) == [
        ("2026-11-30 17:30", "fed back"),
        ("2026-12-03 17:30", "fed back"),
        ("2026-12-11 17:30", None),
    ]
    assert await cards(hotline, ticket, "feedback") == [(0, "2026-12-02 17:30"), (1, "2026-12-03 17:30")]
    await hotline.step(ticket, "resolve", "已办结")
    assert (await awaited(hotline, ticket))[-1] == ("2026-12-11 17:30", "resolved")


@pytest.mark.parametrize(("urgency", "clocks"), [("urgent", 1), ("general", 0)])
async def test_where_no_limit_repeats_one_feedback_is_all(
    hotline: InProcess, urgency: str, clocks: int
) -> None:
    ticket = await signed(hotline, "2026-11-23 09:00", urgency=urgency)
    await fed_back(hotline, ticket, "2026-11-23 09:30")
    assert [why for _, why in await awaited(hotline, ticket)] == ["fed back"] * clocks


async def test_what_is_said_while_clocks_stand_still_is_followed_once_they_run_on(hotline: InProcess) -> None:
    """Suspended from Wed 11-25 to Wed 12-02: the five days after the feedback of 11-26 are 12-03 to 12-09."""
    ticket = await signed(hotline, "2026-11-23 09:00", urgency="complex")
    await suspended(hotline, ticket, "2026-11-25 15:00")
    await fed_back(hotline, ticket, "2026-11-26 10:00")
    assert (await hotline.deadlines(ticket["id"]))[FEEDBACK]["paused_at"] is not None
    await resumed(hotline, ticket, "2026-12-02 10:00")
    assert (await awaited(hotline, ticket))[-1] == ("2026-12-09 17:30", None)
