"""Long work on one loop: nobody else waits for all of it, and what is made ahead is one thing."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.turns import PIECES, by_turns, one_ahead


async def test_others_have_their_turn_before_long_work_is_done() -> None:
    done: list[int] = []

    async def other() -> int:
        return len(done)

    def work(each: int) -> int:
        done.append(each)
        return -each

    waiting = asyncio.create_task(other())
    assert await by_turns(work, range(3 * PIECES)) == [-each for each in range(3 * PIECES)]
    assert waiting.result() == PIECES


class Spring:
    """Gives numbers, and says how far it was drawn and whether it was shut."""

    def __init__(self, last: int) -> None:
        self.last, self.drawn, self.shut = last, 0, False

    async def flow(self) -> AsyncIterator[int]:
        try:
            while self.drawn < self.last:
                self.drawn += 1
                yield self.drawn
        finally:
            self.shut = True


async def others() -> None:
    """Let everybody go on until nobody can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_next_is_made_while_one_is_used_and_none_beyond_it() -> None:
    spring = Spring(5)
    found = []
    async for each in one_ahead(spring.flow()):
        found.append(each)
        await others()
        assert spring.drawn == min(each + 1, 5)
    assert found == [1, 2, 3, 4, 5]


async def test_a_thing_that_is_false_does_not_end_it() -> None:
    async def nothings() -> AsyncIterator[list[int]]:
        yield []
        yield []

    assert [each async for each in one_ahead(nothings())] == [[], []]


async def test_what_fails_in_making_the_next_fails_once_the_one_before_was_used() -> None:
    async def failing() -> AsyncIterator[int]:
        yield 1
        raise ValueError("broken off")

    ahead = one_ahead(failing())
    assert await anext(ahead) == 1
    await others()  # by now it has failed
    with pytest.raises(ValueError, match="broken off"):
        await anext(ahead)


async def test_who_stops_early_leaves_nobody_at_work() -> None:
    drawn, stopped = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[int]:
        yield 1
        try:
            drawn.set()
            await asyncio.Event().wait()
        finally:
            stopped.set()

    ahead = one_ahead(slow())
    assert await anext(ahead) == 1
    await drawn.wait()
    await ahead.aclose()
    assert stopped.is_set()
