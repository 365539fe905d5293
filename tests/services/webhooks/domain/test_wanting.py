"""Which endpoints are sent an event, as a table."""

from uuid import UUID

import pytest

from schemas.ticket import Urgency
from schemas.webhooks import Filter, Standing
from services.webhooks.domain.wanting import Facts, Listener, passes, told

ASSIGNED = "ticket.assigned"
FIRST, SECOND, THIRD = (UUID(int=each) for each in (1, 2, 3))


def facts(
    urgency: Urgency = Urgency.GENERAL, category: str | None = "020100", role: Standing = "lead"
) -> Facts:
    return Facts(urgency, category, role)


@pytest.mark.parametrize(
    ("wanted", "of", "passed"),
    [
        (None, facts(), True),
        (Filter(), facts(), True),
        (Filter(urgencies=[Urgency.URGENT]), facts(), False),
        (Filter(urgencies=[Urgency.URGENT, Urgency.GENERAL]), facts(), True),
        (Filter(categories=["02"]), facts(), True),
        (Filter(categories=["0202", "0201"]), facts(), True),
        (Filter(categories=["0202"]), facts(), False),
        (Filter(categories=["02"]), facts(category=None), False),
        (Filter(role="lead"), facts(), True),
        (Filter(role="lead"), facts(role="co"), False),
        (Filter(urgencies=[Urgency.GENERAL], categories=["02"], role="co"), facts(), False),
        (Filter(urgencies=[Urgency.GENERAL], categories=["02"], role="co"), facts(role="co"), True),
        (Filter(categories=["02"]), None, True),
    ],
)
def test_a_filter_lets_through_what_fits_all_it_names(
    wanted: Filter | None, of: Facts | None, *, passed: bool
) -> None:
    assert passes(wanted, of) is passed


def a(
    which: UUID, *types: str, well: bool = True, fallen: bool = False, only: Filter | None = None
) -> Listener:
    return Listener(which, "A", types or (ASSIGNED,), only, well, fallen)


B = Listener(THIRD, "B", (), None)
URGENT_ONLY = Filter(urgencies=[Urgency.URGENT])


@pytest.mark.parametrize(
    ("listeners", "sent"),
    [
        ([], []),
        ([a(FIRST)], [FIRST]),
        ([a(FIRST), a(SECOND)], [FIRST, SECOND]),
        ([a(FIRST, "ticket.closed")], []),
        ([a(FIRST, only=URGENT_ONLY)], []),
        ([a(FIRST), B], [FIRST]),
        ([a(FIRST, well=False), B], [FIRST, THIRD]),
        ([a(FIRST, fallen=True), B], [THIRD]),
        ([a(FIRST, fallen=True), a(SECOND), B], [SECOND]),
        ([a(FIRST, fallen=True), a(SECOND, well=False), B], [SECOND, THIRD]),
        ([a(FIRST, "ticket.closed", well=False), a(SECOND), B], [SECOND]),
        ([a(FIRST, "ticket.closed", fallen=True), B], []),
        ([a(FIRST, fallen=True, only=URGENT_ONLY), B], []),
        ([B], []),
        ([a(FIRST, fallen=True), Listener(THIRD, "B", (), None, fallen=True)], []),
    ],
)
def test_post_b_is_sent_what_no_endpoint_of_post_a_is_well_to_take(
    listeners: list[Listener], sent: list[UUID]
) -> None:
    assert told(listeners, ASSIGNED, facts()) == sent
