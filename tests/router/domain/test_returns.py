"""What may be returned until when, what a second return is, and whose return was improper."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from router.domain.returns import Held, Returned, counts_from, improper, opens_dispute, refusal

HAIKOU = ZoneInfo("Asia/Shanghai")

REFUSALS = """
    general     | 11-25 17:30 | -           | 11-25 11:00 | -
    general     | 11-25 17:30 | -           | 11-25 17:30 | -
    general     | 11-25 17:30 | -           | 11-25 17:31 | return_too_late
    livelihood  | 11-24 11:05 | -           | 11-24 11:06 | return_too_late
    urgent      | -           | -           | 11-24 09:06 | not_returnable
    general     | -           | -           | 11-24 09:06 | not_returnable
    general     | 11-25 17:30 | redo        | 11-24 09:06 | not_returnable
    general     | 11-25 17:30 | adjudicated | 11-24 09:06 | adjudication_binds
    urgent      | -           | adjudicated | 11-24 09:06 | adjudication_binds
    general     | 11-25 17:30 | adjudicated | 11-30 09:00 | adjudication_binds
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=HAIKOU)


@pytest.mark.parametrize("line", REFUSALS.strip().splitlines(), ids=str.strip)
def test_a_ticket_is_returned_inside_its_window_if_nothing_binds_it(line: str) -> None:
    told = [each.strip() for each in line.split("|")]
    urgency, until, binding, now, code = (None if each == "-" else each for each in told)
    held = Held(binding, at(until) if until else None, urgent=urgency == "urgent")
    fault = refusal(held, at(now or ""), HAIKOU)
    assert (fault and fault.code) == code


def test_a_late_return_is_told_when_the_window_ended() -> None:
    fault = refusal(Held(None, at("11-25 17:30")), at("11-26 08:00"), HAIKOU)
    assert fault is not None
    assert "2026-11-25 17:30" in str(fault)
    assert fault.facts == {"ended_at": "2026-11-25T17:30:00+08:00"}


@pytest.mark.parametrize(("before", "dispute"), [(0, False), (1, True), (2, True)])
def test_the_second_return_over_all_departments_is_a_dispute(before: int, dispute: bool) -> None:
    assert opens_dispute(before) is dispute


FIRST, SECOND = Returned("works", at("11-24 09:05")), Returned("water", at("11-25 15:10"))

FINDINGS = [
    # returns, lead, also improper -> improper, since when the lead's clock counts
    ([FIRST, SECOND], "works", [], ("works",), "11-24 09:05"),
    ([FIRST, SECOND], "water", [], ("water",), "11-25 15:10"),
    ([FIRST, SECOND], "housing", [], (), None),
    ([FIRST, SECOND], "housing", ["works"], ("works",), None),
    ([FIRST, SECOND], "works", ["water"], ("works", "water"), "11-24 09:05"),
    ([FIRST, FIRST], "works", [], ("works",), "11-24 09:05"),
]


@pytest.mark.parametrize(("returns", "lead", "also", "wrong", "since"), FINDINGS)
def test_the_leads_own_return_was_improper_and_its_time_is_not_given_back(
    returns: list[Returned], lead: str, also: list[str], wrong: tuple[str, ...], since: str | None
) -> None:
    assert improper(returns, lead, also) == wrong
    assert counts_from(returns, lead) == (at(since) if since else None)
