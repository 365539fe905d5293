"""Clocks of several tickets settled at once are as if each had been settled alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from escalation.clocks import Clocks
from escalation.several import settle_all
from schemas.events import DepartmentStep, TicketSigned
from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106000000"}
ELSEWHERE = {**NOISE, "division": "460107000000"}
"""Another department's: too many reds of one are counted over all its tickets."""
MINUTES = timedelta(minutes=5)
SIGN = "department", ("sign",), "signed"


def signed(ticket: Answer, at: datetime) -> TicketSigned:
    step = DepartmentStep(assignment_id=uuid4(), department=ticket["department"])
    return TicketSigned(ticket=ticket["id"], time=at, version=ticket["version"], data=step)


async def found(hotline: InProcess, tickets: Sequence[Answer]) -> list[Any]:
    """What became of each ticket's clock, its rungs, and what its history says of them."""
    query = """
        SELECT d.settled_at, d.settled_because, d.paused_at, m.next_rung, m.next_rung_at,
               (SELECT array_agg((level, withdrawn_at) ORDER BY level)
                FROM escalations WHERE deadline_id = d.id),
               (SELECT array_agg((step, note) ORDER BY version)
                FROM ticket_history WHERE ticket_id = d.ticket_id AND step <> 'assign')
        FROM deadlines AS d LEFT JOIN timers AS m ON m.deadline_id = d.id
        WHERE clock = 'department' AND stage = 'sign' AND ticket_id = :ticket
    """
    rows = [await hotline.rows(query, ticket=each["id"]) for each in tickets]
    return [tuple(row) for (row,) in rows]


async def test_of_several_each_is_settled_as_it_would_be_alone(hotline: InProcess) -> None:
    climbed = [await hotline.call(**each) for each in (NOISE, ELSEWHERE)]
    begun = hotline.clock.time
    await hotline.later(timedelta(hours=1))
    in_time = [await hotline.call(**each) for each in (NOISE, ELSEWHERE)]
    missed = [await hotline.call(**each) for each in (NOISE, ELSEWHERE)]
    now = hotline.clock.time
    hotline.clock.time += timedelta(hours=2)
    moments = (begun + MINUTES, now + MINUTES, now + timedelta(hours=1))
    alone, together = (
        [signed(ticket, at) for ticket, at in zip(tickets, moments, strict=True)]
        for tickets in zip(climbed, in_time, missed, strict=True)
    )
    async with hotline.resources.database.transaction() as connection:
        for event in alone:
            await (await Clocks.of(event, connection, hotline.resources)).settle(*SIGN)
        await settle_all(together, *SIGN, connection, hotline.resources)
    first, second = zip(climbed, in_time, missed, strict=True)
    expected = await found(hotline, first)
    assert await found(hotline, second) == expected
    rungs = [each[5] for each in expected]
    assert all(at is not None for _, at in rungs[0])
    assert rungs[1] is None
    assert all(at is None for _, at in rungs[2])
    assert [each[0] for each in expected] == list(moments)


async def test_clocks_begun_in_one_batch_are_those_of_each_ticket(hotline: InProcess) -> None:
    urgent = await hotline.register(**NOISE, urgency="urgent")
    usual = await hotline.register(**NOISE)
    await hotline.drain()
    for registered, said in ((urgent, {"urgency": "urgent"}), (usual, {})):
        alone = await hotline.call(**NOISE, **said)
        expected = await hotline.deadlines(alone["id"])
        deadlines = await hotline.deadlines(registered["id"])
        assert {clock: each["due_at"] for clock, each in deadlines.items()} == {
            clock: each["due_at"] for clock, each in expected.items()
        }
        assert (await hotline.ticket(registered["id"]))["due_at"] == alone["due_at"]
