"""Wait for a condition, but not for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

PATIENCE = 40.0
LOOK_EVERY = 0.05

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T]], holds: Callable[[T], bool] = bool) -> T:
    """Look again and again; return what was seen once it holds, or fail with the last sight."""
    end = asyncio.get_running_loop().time() + PATIENCE
    while not holds(seen := await look()):
        assert asyncio.get_running_loop().time() < end, f"It never came; last seen: {str(seen)[:1000]}"
        await asyncio.sleep(LOOK_EVERY)
    return seen
