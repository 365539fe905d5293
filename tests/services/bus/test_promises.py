"""What a bus promises, whichever it is: order per ticket, at least once, one effect, nothing lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain
from zlib import crc32

import pytest

from schemas.errors import IllegalTransition, Unavailable
from schemas.events import TicketSigned
from services import outbox
from tests.services.bus.buses import Bus
from tests.services.bus.clerks import Clerk, none, signed
from tests.services.bus.waiting import until


async def test_the_events_of_one_ticket_are_handled_in_their_order(bus: Bus, clerk: Clerk) -> None:
    tickets = [f"HK{number}" for number in range(41)]
    rounds = [[signed(ticket, version) for ticket in tickets] for version in range(1, 11)]

    async def take_uneven_time(event: TicketSigned) -> None:
        if crc32(f"{event.ticket}/{event.version}".encode()) % 5 == 0:
            await asyncio.sleep(0.01)

    clerk.trouble = take_uneven_time
    for events in rounds[:5]:
        await bus.write(*events)
    async with bus.process(clerk.subscription()):
        for events in rounds[5:]:
            await asyncio.gather(*(bus.write(event) for event in events))
        await clerk.handles(*chain(*rounds))

    effects = await clerk.effects()
    for ticket in tickets:
        assert [row.version for row in effects if row.ticket == ticket] == list(range(1, 11))


@pytest.mark.parametrize("fault", [Unavailable("away"), ConnectionResetError("gone")], ids=type)
async def test_work_undone_by_a_passing_fault_is_done_again_and_takes_effect_once(
    bus: Bus, clerk: Clerk, fault: Exception
) -> None:
    events = [signed("HK1", version) for version in range(1, 6)]
    faults = [fault, fault]

    async def fail_twice(event: TicketSigned) -> None:
        if event.version == 3 and faults:
            raise faults.pop()

    clerk.trouble = fail_twice
    await bus.write(*events)
    async with bus.process(clerk.subscription()):
        await clerk.handles(*events)

    assert not faults
    assert [row.version for row in await clerk.effects()] == [1, 2, 3, 4, 5]
    assert await bus.dead_letters.all() == []


async def test_a_process_that_dies_before_its_commit_leaves_the_event_to_the_next(
    bus: Bus, clerk: Clerk
) -> None:
    events = [signed("HK1", version) for version in range(1, 4)]
    working = asyncio.Event()

    async def die(_: TicketSigned) -> None:
        working.set()
        await asyncio.Event().wait()

    clerk.trouble = die
    await bus.write(*events)
    async with bus.process(clerk.subscription("dying")), asyncio.timeout(30):
        await working.wait()
    assert await clerk.effects() == []

    clerk.trouble = none
    async with bus.process(clerk.subscription("next")):
        await clerk.handles(*events)
    assert {row.process for row in await clerk.effects()} == {"next"}


async def test_a_process_that_is_told_to_stop_waits_until_all_its_work_has_stopped(
    bus: Bus, clerk: Clerk
) -> None:
    events = [signed(f"HK{number}") for number in range(20)]
    at_work: set[str] = set()
    stopped, go_on = asyncio.Event(), asyncio.Event()

    async def stop_late(event: TicketSigned) -> None:
        at_work.add(event.ticket)
        slow = len(at_work) == 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.set()
            if slow:
                await go_on.wait()
            raise

    async def looked() -> int:
        return len(at_work)

    clerk.trouble = stop_late
    await bus.write(*events)
    async with bus.process(clerk.subscription()) as process:
        await until(looked, lambda count: count > 1)
        stopping = asyncio.create_task(process.stop())
        async with asyncio.timeout(30):
            await stopped.wait()
        done, _ = await asyncio.wait([stopping], timeout=0.5)
        go_on.set()
        await stopping
    assert not done


async def test_handing_everything_out_again_changes_nothing(bus: Bus, clerk: Clerk) -> None:
    events = [signed(f"HK{number}") for number in range(100)]
    await bus.write(*events)
    async with bus.process(clerk.subscription()):
        await clerk.handles(*events)
        await bus.settled(clerk.name)

    await bus.rewind(clerk.name)
    assert not await bus.is_settled(clerk.name)
    async with bus.process(clerk.subscription("again")):
        await bus.settled(clerk.name)

    await clerk.handles(*events)


async def test_no_event_is_lost_while_the_bus_is_away(bus: Bus, clerk: Clerk) -> None:
    events = [signed(f"HK{number % 20}", number) for number in range(20_000)]
    async with bus.process(clerk.subscription()) as process, writing(bus, events) as written:
        await until(clerk.effects)
        async with bus.away(process):
            before = await bus.count("outbox")
            await until(lambda: bus.count("outbox"), lambda now: now >= before + 30)
        await clerk.handles(*await told_until_now(bus, events, written))
        assert process.healthy
    await in_order(clerk)


async def test_no_event_is_lost_when_every_database_connection_is_cut_while_events_are_written(
    bus: Bus, clerk: Clerk
) -> None:
    events = [signed(f"HK{number % 20}", number) for number in range(20_000)]
    async with bus.process(clerk.subscription()) as process, writing(bus, events) as written:
        for _ in range(4):
            await more_effects(clerk, 1)
            await bus.cut()
        await more_effects(clerk, 1)
        await clerk.handles(*await told_until_now(bus, events, written))
        assert process.healthy
    await in_order(clerk)


@pytest.mark.parametrize(
    ("fault", "code"),
    [(IllegalTransition("no such step"), "illegal_transition"), (ValueError("a bug"), "internal")],
    ids=["refused", "a bug"],
)
async def test_w9_a_poisonous_event_is_set_apart_and_comes_back_once_the_fault_is_mended(
    bus: Bus, clerk: Clerk, fault: Exception, code: str
) -> None:
    poison = signed("HK2", 1)
    others = [signed(f"HK{number % 4}", 2 + number) for number in range(20)]
    auditor = Clerk(bus, "auditor")

    async def refuse(event: TicketSigned) -> None:
        if event.id == poison.id:
            raise fault

    clerk.trouble = refuse
    await bus.write(*others[:10], poison, *others[10:])
    async with bus.process(clerk.subscription(), auditor.subscription()) as process:
        await clerk.handles(*others)
        await auditor.handles(poison, *others)
        await bus.settled(clerk.name, auditor.name)
        (dead,) = await bus.dead_letters.all()
        assert (dead.event_id, dead.ticket, dead.type) == (str(poison.id), "HK2", "ticket.signed")
        assert (dead.consumer, dead.code) == ("clerk", code)
        assert str(fault) in dead.reason

        assert await bus.dead_letters.replay() == 1
        await until(bus.dead_letters.all)
        await bus.settled(clerk.name)
        assert len(await bus.dead_letters.all()) == 1

        clerk.trouble = none
        assert await bus.dead_letters.replay() == 1
        await clerk.handles(poison, *others)
        await bus.settled(clerk.name, auditor.name)
        assert process.healthy

    assert await bus.dead_letters.all() == []
    assert await bus.dead_letters.replay() == 0
    await auditor.handles(poison, *others)


async def test_an_event_nobody_can_read_is_set_apart_once_for_each_consumer_however_often_it_is_replayed(
    bus: Bus, clerk: Clerk
) -> None:
    event, unreadable = signed("HK1", 2), signed("HK1", 1)
    auditor = Clerk(bus, "auditor")
    await bus.write(unreadable, event)
    await bus.change("UPDATE outbox SET body = '{' WHERE event_id = :id", id=unreadable.id)

    async with bus.process(clerk.subscription(), auditor.subscription()):
        for _ in range(3):
            dead = await until(bus.dead_letters.all, lambda seen: len(seen) >= 2)
            await bus.settled(clerk.name, auditor.name)
            dead = await bus.dead_letters.all()
            assert sorted((each.consumer, each.code) for each in dead) == [
                ("auditor", "invalid"),
                ("clerk", "invalid"),
            ]
            assert await bus.dead_letters.replay() == 2
        await clerk.handles(event)
        await auditor.handles(event)


async def test_a_dead_letter_still_under_way_is_not_lost_by_replaying_it(bus: Bus, clerk: Clerk) -> None:
    """The event's other consumer is at work while the operator brings it back."""
    poison = signed("HK1")
    auditor = Clerk(bus, "auditor")
    at_work, go_on = asyncio.Event(), asyncio.Event()

    async def refuse(_: TicketSigned) -> None:
        raise ValueError("a bug")

    async def linger(_: TicketSigned) -> None:
        at_work.set()
        await go_on.wait()

    clerk.trouble, auditor.trouble = refuse, linger
    await bus.write(poison)
    async with bus.process(clerk.subscription(), auditor.subscription()):
        await until(bus.dead_letters.all)
        async with asyncio.timeout(30):
            await at_work.wait()
        clerk.trouble = none
        brought_back = await bus.dead_letters.replay()
        go_on.set()
        await auditor.handles(poison)
        await bus.settled(auditor.name)
        if not brought_back:
            assert await bus.dead_letters.replay() == 1
        await clerk.handles(poison)


async def test_w8_processes_come_and_go_without_loss_or_double_effect(bus: Bus, clerk: Clerk) -> None:
    events = [signed(f"HK{number % 50}", number) for number in range(20_000)]
    async with bus.process(clerk.subscription("stays")) as stays, writing(bus, events, 20) as written:
        await until(lambda: clerk.count("stays"))
        for visit in ("visit 1", "visit 2", "visit 3", "visit 4", "visit 5"):
            async with bus.process(clerk.subscription(visit)) as comes:
                await more_effects(clerk, 100)
                if bus.shares:
                    await until(partial(clerk.count, visit), lambda count: count > 50)
                assert comes.healthy
        await clerk.handles(*await told_until_now(bus, events, written))
        assert stays.healthy
    await in_order(clerk)


async def test_events_that_commit_out_of_the_order_of_their_ids_are_all_handled(
    bus: Bus, clerk: Clerk
) -> None:
    early, late = signed("HK1"), signed("HK2")
    async with bus.process(clerk.subscription()):
        async with bus.resources.database.transaction() as first:
            await outbox.record(first, [early])
            await bus.write(late)
            await clerk.handles(late)
        await clerk.handles(late, early)

    ids = dict(await bus.rows("SELECT key, id FROM outbox"))
    assert ids["HK1"] < ids["HK2"]


async def test_one_process_leads_and_when_it_dies_another_takes_over(bus: Bus, clerk: Clerk) -> None:
    async def leaders() -> list[int]:
        query = "SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database"
        held = "locktype = 'advisory' AND granted AND datname = current_database()"
        return [row.pid for row in await bus.rows(f"{query} WHERE {held}")]

    first, second = signed("HK1", 1), signed("HK1", 2)
    async with bus.process(clerk.subscription("A")) as a:
        (leader,) = await until(leaders)
        async with bus.process(clerk.subscription("B")) as b:
            await bus.write(first)
            await clerk.handles(first)
            assert await leaders() == [leader]

            await a.stop()
            (successor,) = await until(leaders)
            assert successor != leader
            await bus.write(second)
            await clerk.handles(first, second)
            assert b.healthy


@asynccontextmanager
async def writing(bus: Bus, events: list[TicketSigned], each: int = 1) -> AsyncIterator[asyncio.Task[None]]:
    """A task that writes these events, so many per transaction; it ends with the context."""

    async def write() -> None:
        for start in range(0, len(events), each):
            await bus.insist(*events[start : start + each])
            await asyncio.sleep(0.005)

    task = asyncio.create_task(write())
    try:
        yield task
    finally:
        task.cancel()


async def told_until_now(
    bus: Bus, events: list[TicketSigned], written: asyncio.Task[None]
) -> list[TicketSigned]:
    """Stop the writing; return the events that were written."""
    written.cancel()
    await asyncio.wait([written])
    told = {row.event_id for row in await bus.rows("SELECT event_id FROM outbox")}
    return [event for event in events if event.id in told]


async def more_effects(clerk: Clerk, more: int) -> None:
    before = await clerk.count()
    await until(clerk.count, lambda count: count >= before + more)


async def in_order(clerk: Clerk) -> None:
    effects = [(row.ticket, row.version) for row in await clerk.effects()]
    for ticket in {ticket for ticket, _ in effects}:
        versions = [version for each, version in effects if each == ticket]
        assert versions == sorted(versions)
