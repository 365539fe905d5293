"""Long work on one loop: piece by piece beside whatever else runs there, and the next made ahead."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

PIECES = 5
"""Of one or two tenths of a millisecond each: nobody else waits longer than a millisecond for a turn."""


async def by_turns(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Return what `work` makes of each item, giving way to others after every few."""
    made: list[R] = []
    for each in items:
        made.append(work(each))
        if len(made) % PIECES == 0:
            await asyncio.sleep(0)
    return made


async def one_ahead(items: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """Yield items; while one is used the next is already asked for, and none beyond that."""
    coming = asyncio.ensure_future(_next(items))
    try:
        while item := await coming:
            coming = asyncio.ensure_future(_next(items))
            yield item[0]
    finally:
        coming.cancel()
        await asyncio.wait([coming])  # or the items could not be closed


async def _next(items: AsyncIterator[T]) -> tuple[T] | None:
    async for item in items:
        return (item,)
    return None
