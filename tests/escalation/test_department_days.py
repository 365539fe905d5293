"""A department with days of its own: also what is asked before a clock runs counts them."""

import pytest

from tests.escalation.policies import day, in_force, publish
from tests.escalation.test_scenarios import at
from tests.escalation.timekeeping import NOISE
from tests.inprocess import InProcess
from tests.router.test_returns import DECIDED, ECOLOGY, SUPERVISOR, WATER, disputed, post


async def closed_on(hotline: InProcess, department: str, date: str) -> None:
    """Publish a calendar in which one department rests on a day."""
    content = (await in_force(hotline, "calendars"))["content"]
    days = [*content["days"], day(date, "off", department=department)]
    await publish(hotline, "calendars", "HAIKOU-2027", {**content, "days": days})


async def test_the_return_window_counts_the_days_of_the_department_that_has_the_ticket(
    hotline: InProcess,
) -> None:
    await closed_on(hotline, ECOLOGY, "2026-11-24")
    ticket = await hotline.call(**NOISE)
    assert ticket["department"] == ECOLOGY
    (row,) = await hotline.rows("SELECT return_until_at FROM assignments")
    assert row.return_until_at == at("2026-11-25 17:30")


@pytest.mark.parametrize(
    ("closed", "due"), [(ECOLOGY, "2026-11-26 17:30"), (WATER, "2026-11-27 17:30")], ids=["lead", "helper"]
)
async def test_who_helps_is_given_working_days_of_its_own(hotline: InProcess, closed: str, due: str) -> None:
    await closed_on(hotline, closed, "2026-11-24")
    ticket = await disputed(hotline)
    said = {**DECIDED, "co_handlers": [{"department": WATER}]}
    assert (await post(hotline, ticket, "adjudicate", SUPERVISOR, said))["http"] == 200
    (row,) = await hotline.rows("SELECT due_at FROM co_handlings")
    assert row.due_at == at(due)
