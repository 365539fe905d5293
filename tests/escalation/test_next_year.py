"""A case filed this year and due in a year nobody has published: what the paper changes, to the day."""

import pytest

from tests.escalation.policies import day, official_2027, publish, recompute
from tests.escalation.policies import in_force as read_in_force
from tests.escalation.test_procedure import STATUTORY, filed
from tests.escalation.test_scenarios import at, due
from tests.escalation.timekeeping import LONGER, done, extended, signed, suspended
from tests.inprocess import Answer, InProcess

BREAK = [day(f"2027-02-{number:02}", "off") for number in range(5, 13)]
LONG_BREAK = [*BREAK, day("2027-01-31", "work"), day("2027-02-14", "work")]
SANYUESAN = day("2027-04-09", "off", layer="province")


async def published(hotline: InProcess, changes: list[Answer]) -> None:
    content = (await read_in_force(hotline, "calendars"))["content"]
    await publish(hotline, "calendars", "HK-2027.1", official_2027(content, changes))
    await recompute(hotline)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], "2027-02-25 17:30"),
        (LONG_BREAK, "2027-02-25 17:30"),  # eight days of rest, two made up
        (BREAK, "2027-03-01 17:30"),  # none made up
        ([day("2027-01-31", "work")], "2027-02-25 17:30"),  # it would be a day earlier, and is kept
    ],
)
async def test_unpaid_wages_in_procedure_follow_the_paper_and_are_provisional_no_more(
    hotline: InProcess, changes: list[Answer], expected: str
) -> None:
    ticket = await filed(hotline)
    assert await due(hotline, ticket, *STATUTORY) == ["2027-02-25 17:30"] * 2
    await published(hotline, changes)
    assert await due(hotline, ticket, *STATUTORY) == [expected] * 2
    clocks = await hotline.deadlines(ticket["id"])
    assert not any(clocks[each]["provisional"] for each in STATUTORY)


async def test_a_granted_extension_is_kept_and_follows_the_provinces_holiday(hotline: InProcess) -> None:
    ticket = await filed(hotline)
    await extended(hotline, ticket, amount=30)
    assert await due(hotline, ticket, STATUTORY[0]) == ["2027-04-09 17:30"]
    await published(hotline, [SANYUESAN])
    assert await due(hotline, ticket, STATUTORY[0]) == ["2027-04-12 17:30"]


async def test_time_given_after_a_date_was_kept_is_added_to_it(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-12-30 16:00")
    clock = ("department", "completion")
    await published(hotline, [day("2027-01-03", "work")])
    assert await due(hotline, ticket, clock) == ["2027-01-07 17:30"]
    await hotline.advance(at("2027-01-05 10:00"))
    await done(hotline, ticket, "extensions", **{**LONGER, "amount": 2})
    await done(hotline, ticket, "grant-extension", "supervisor")
    assert await due(hotline, ticket, clock) == ["2027-01-11 17:30"]


async def test_a_clock_that_stands_still_goes_on_by_the_new_calendar(hotline: InProcess) -> None:
    ticket = await signed(hotline, "2026-12-30 16:00")
    await suspended(hotline, ticket, "2026-12-31 10:00")
    await published(hotline, [day("2027-01-05", "off")])
    await hotline.advance(at("2027-01-04 09:00"))
    await done(hotline, ticket, "resume", "supervisor", note="鉴定完成")
    assert await due(hotline, ticket, ("department", "completion")) == ["2027-01-11 17:30"]
