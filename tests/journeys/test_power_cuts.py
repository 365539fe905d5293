"""
Processes and the broker killed while there is work: nothing is lost and nothing done twice.

Each journey hands calls in while it kills, and an agent's client hands in again what was not
answered; the hotline's own number makes that one ticket.
"""

import asyncio
from collections import Counter

import pytest

from tests.journeys.conftest import DISTRIBUTED
from tests.journeys.driver import Answer, Hotline
from tests.journeys.test_one_call import CONSTRUCTION_NOISE, LADDER, on
from tests.journeys.ways import Way
from tests.kafka.broker import KafkaBroker

DEPARTMENT = "ecology-environment-longhua"
LANES = 6
CLOCKS = {
    ("citizen", "completion"),
    ("citizen", "dispatch"),
    ("department", "completion"),
    ("department", "contact"),
    ("department", "sign"),
}


class Calls:
    """Calls of a busy hour, handed in by several agents; `tickets` grows as they are answered."""

    def __init__(self, hotline: Hotline, name: str, count: int) -> None:
        self._hotline = hotline
        self._numbers = [f"{name}-{number}" for number in range(count)]
        self.tickets: list[Answer] = []
        self._lanes = [asyncio.create_task(self._hand_in(lane)) for lane in range(LANES)]

    async def _hand_in(self, lane: int) -> None:
        for number in self._numbers[lane::LANES]:
            self.tickets.append(await self._hotline.insists(source_number=number, **CONSTRUCTION_NOISE))

    async def answered(self, count: int) -> None:
        """Return once so many were answered, and not all."""
        while len(self.tickets) < count:
            await asyncio.sleep(0)
        assert len(self.tickets) < len(self._numbers)

    async def all(self) -> list[Answer]:
        await asyncio.gather(*self._lanes)
        assert len({each["id"] for each in self.tickets}) == len(self._numbers)
        return self.tickets


async def test_a_kill_while_calls_come_in_loses_none_and_doubles_none(hotline: Hotline, way: Way) -> None:
    hotline.at(on("2026-12-09", "09:00"))
    await hotline.subscribes(DEPARTMENT)
    calls = Calls(hotline, "kill", 90)
    await calls.answered(30)

    way.kill("router")
    way.start("router")
    hotline.at(on("2026-12-09", "09:02"))  # what was being posted is tried again after a minute

    await each_is_handled_once(await calls.all(), hotline, way)


async def test_a_kill_while_cards_fall_due_gives_every_card_once(hotline: Hotline, way: Way) -> None:
    # Given tickets nobody cares for
    hotline.at(on("2026-12-10", "09:00"))
    await hotline.subscribes(DEPARTMENT)
    tickets = await Calls(hotline, "late", 40).all()
    await each_is_handled_once(tickets, hotline, way)

    # When the supervising process is killed as it climbs a fortnight's rungs
    hotline.at(on("2026-12-25", "09:00"))
    await hotline.until(lambda: climbed(tickets, way), bool)
    way.kill("escalation")
    way.start("escalation")
    hotline.at(on("2026-12-25", "09:02"))

    # Then every ticket has each of its rungs once, and its department was told of each once
    rungs = len(LADDER) + 2 + 2
    await hotline.until(lambda: climbed(tickets, way), lambda count: count >= rungs * len(tickets))
    assert set(Counter(await ids(CLIMBED, tickets, way)).values()) == {rungs}
    told = await hotline.until(
        lambda: posted(hotline, tickets, "ticket.escalated"), lambda told: len(told) >= rungs * len(tickets)
    )
    assert len(told) == rungs * len(tickets)


@pytest.mark.parametrize("way", [DISTRIBUTED], indirect=True)
async def test_w10_a_broker_killed_and_started_again_delays_but_loses_nothing(
    hotline: Hotline, way: Way, kafka_broker: KafkaBroker
) -> None:
    # Given a ticket nobody has signed for
    hotline.at(on("2026-12-28", "09:00"))
    await hotline.subscribes(DEPARTMENT)
    waiting = await hotline.call(**CONSTRUCTION_NOISE)
    await hotline.clock_of(waiting, "department", "sign")
    calls = Calls(hotline, "broker", 500)
    await calls.answered(20)

    # When the broker dies
    kafka_broker.kill()
    try:
        # Then calls are registered, and cards given, without it
        tickets = await calls.all()
        hotline.at(on("2026-12-28", "09:31"))
        await hotline.until(lambda: hotline.cards(waiting), lambda cards: len(cards) == 2)
    finally:
        kafka_broker.start()

    # And once it is back, everything goes its way
    await each_is_handled_once(tickets, hotline, way)


DISPATCHED = """
    SELECT ticket_id FROM ticket_history WHERE step IN ('register', 'assign') AND ticket_id = ANY($1)
"""
ASSIGNED = "SELECT ticket_id FROM assignments WHERE ticket_id = ANY($1)"
CLIMBED = "SELECT ticket_id FROM escalations WHERE ticket_id = ANY($1)"
RUNNING = "SELECT ticket_id FROM deadlines WHERE ticket_id = ANY($1) AND clock IN ('citizen', 'department')"


async def ids(query: str, tickets: list[Answer], way: Way) -> list[str]:
    return [row[0] for row in await way.rows(query, [each["id"] for each in tickets])]


async def climbed(tickets: list[Answer], way: Way) -> int:
    return len(await ids(CLIMBED, tickets, way))


async def posted(hotline: Hotline, tickets: list[Answer], type_: str) -> Counter[str]:
    """How often each event about these tickets was posted, by the id that says it is the same."""
    known = {each["id"] for each in tickets}
    return Counter(
        each.headers["webhook-id"]
        for each in hotline.sink.received
        if each.data["type"] == type_ and each.data["data"]["ticket"] in known
    )


async def each_is_handled_once(tickets: list[Answer], hotline: Hotline, way: Way) -> None:
    """Wait until all are dispatched, clocked and told of; then see that nothing was done twice."""
    count = len(tickets)
    await hotline.until(lambda: ids(RUNNING, tickets, way), lambda found: len(found) >= count * len(CLOCKS))
    await hotline.until(lambda: posted(hotline, tickets, "ticket.assigned"), lambda told: len(told) >= count)
    assert set(Counter(await ids(DISPATCHED, tickets, way)).values()) == {2}
    assert set(Counter(await ids(ASSIGNED, tickets, way)).values()) == {1}
    assert set(Counter(await ids(RUNNING, tickets, way)).values()) == {len(CLOCKS)}
    assert len(await posted(hotline, tickets, "ticket.assigned")) == count
