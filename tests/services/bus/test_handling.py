"""What is never held against an event: a database that cannot be reached, however it is said."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from schemas.errors import Invalid, Unavailable
from schemas.wire import Message, to_message
from services.bus import Subscription
from services.bus.handling import PAUSES, ReadOnce, handle, rounds
from services.resources import Resources, open_resources
from services.settings import Settings
from tests.inprocess import InProcess, StoppedClock
from tests.kafka.broker import free_ports
from tests.services.bus.clerks import MORNING, signed


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "nowhere.invalid"])
async def test_an_event_is_not_set_apart_because_the_database_cannot_be_reached(host: str) -> None:
    (port,) = free_ports(1)
    url = f"postgresql+asyncpg://nobody@{host}:{port}/nothing"
    buried: list[Message] = []

    async def bury(message: Message, *_: str) -> None:
        buried.append(message)

    async def work(*_: object) -> None:
        raise AssertionError("There is no transaction to work in.")

    async with open_resources(Settings.model_validate({"database_url": url})) as resources:
        subscription = Subscription("clerk", {"ticket.signed": work})
        with pytest.raises(Unavailable):
            await handle(subscription, [to_message(signed("HK1"))], resources, bury)
    assert buried == []


class Unhurried(StoppedClock):
    """A clock that notes how long a loop would wait, and does not."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self.waits: list[float] = []

    async def sleep_until(self, moment: datetime | None, woken: asyncio.Event, most: float) -> None:
        self.waits.append(most)


@pytest.mark.parametrize("failures", [0, 1, 2, 3])
async def test_an_event_that_fails_is_given_time_before_each_other_try(
    hotline: InProcess, failures: int
) -> None:
    held = hotline.resources
    clock = Unhurried(MORNING)
    resources = Resources(held.settings, clock, held.database, held.wakeups)
    left, buried = [ValueError("not yet")] * (failures + bool(failures)), []

    async def work(*_: object) -> None:
        if left:
            raise left.pop()

    async def bury(message: Message, *_: str) -> None:
        buried.append(message)

    message = to_message(signed("HK1"))
    await handle(Subscription("clerk", {"ticket.signed": work}), [message], resources, bury)
    assert clock.waits == list(PAUSES[:failures])
    assert buried == ([message] if failures > len(PAUSES) else [])


def test_events_of_a_type_come_together_and_a_tickets_in_their_order() -> None:
    first, second, again, third = (signed(each) for each in ("HK1", "HK2", "HK1", "HK3"))
    waiting = [first, second, again, third]
    assert list(rounds(waiting, {"ticket.signed": None})) == [[first, second, third], [again]]
    assert list(rounds(waiting, {})) == [[first], [second], [third], [again]]


async def test_a_faulty_event_of_several_handled_together_is_set_apart_alone(hotline: InProcess) -> None:
    done, buried = [], []

    async def work(events: Sequence[Any], *_: object) -> None:
        if any(each.ticket == "HK2" for each in events):
            raise Invalid("not this one")
        done.append([each.ticket for each in events])

    async def bury(message: Message, *_: str) -> None:
        buried.append(message.key)

    messages = [to_message(signed(each)) for each in ("HK1", "HK2", "HK3", "HK1")]
    subscription = Subscription("clerk", {}, {"ticket.signed": work})
    await handle(subscription, messages, hotline.resources, bury, ReadOnce())
    assert done == [["HK1"], ["HK3"], ["HK1"]]
    assert buried == ["HK2"]
    await handle(subscription, [messages[0], to_message(signed("HK4"))], hotline.resources, bury)
    assert done[3:] == [["HK4"]]  # what is done is not done again
