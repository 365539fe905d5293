"""The only module that reads the time; a rehearsal may move it, for every process at once."""

import asyncio
import json
import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

REHEARSAL_CHECK = 0.05
HELD_SECONDS = 0.2
"""How long what another holds is left alone."""


class Clock(Protocol):
    """Where `now` comes from, and how to wait for a moment."""

    def now(self) -> datetime:
        """Return the present moment, UTC."""

    def real(self) -> datetime:
        """Return real time whatever the rehearsal says: for what a stranger has signed by their own clock."""

    async def sleep_until(self, moment: datetime | None, woken: asyncio.Event, most: float) -> None:
        """Return at `moment`, when `woken` is set (it is cleared), or after `most` real seconds."""


def wall_clock() -> datetime:
    """Real time whatever the rehearsal says: for signatures that a stranger's clock checks."""
    return datetime.now(UTC)  # noqa: TID251


async def wait_for(woken: asyncio.Event, seconds: float) -> bool:
    """Wait at most `seconds` for the event, clear it, and say whether it was set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(seconds, 0)):
            await woken.wait()
    was_set = woken.is_set()
    woken.clear()
    return was_set


async def rest_until(
    clock: Clock, looked_at: datetime, moment: datetime | None, woken: asyncio.Event, most: float
) -> None:
    """
    Sleep like `Clock.sleep_until`, for a loop that has just found nothing it could take.

    What was due when it looked and could not be taken is held by another, who is at it: asking
    again at once would only keep both busy. What has fallen due since is not made to wait.
    """
    if moment is not None and moment <= looked_at:
        await clock.sleep_until(None, woken, min(most, HELD_SECONDS))
    else:
        await clock.sleep_until(moment, woken, most)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment, UTC."""
        return wall_clock()

    def real(self) -> datetime:
        """Return the present moment, UTC."""
        return wall_clock()

    async def sleep_until(self, moment: datetime | None, woken: asyncio.Event, most: float) -> None:
        """Return at `moment`, when `woken` is set, or after `most` seconds."""
        left = most if moment is None else (moment - self.now()).total_seconds()
        await wait_for(woken, min(left, most))


class RehearsalClock:
    """
    A clock that follows a file, so that several processes share one moved time.

    The file holds `{"real": …, "shown": …, "speed": …}`: the shown time equals
    `shown` when the real time was `real`, and runs `speed` times as fast since.
    Without the file it shows the real time. Meant for trying out and for tests.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._real = self._shown = wall_clock()
        self._speed = 1.0

    def now(self) -> datetime:
        """Return the shown moment, UTC."""
        self._read()
        return self._shown + (wall_clock() - self._real) * self._speed

    def real(self) -> datetime:
        """Return real time, UTC, however far the shown one was moved."""
        return wall_clock()

    def set(self, shown: datetime, speed: float = 1.0) -> None:
        """Make every process that follows the file show `shown` from now on."""
        state = {"real": wall_clock().isoformat(), "shown": shown.isoformat(), "speed": speed}
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(state))
        draft.replace(self._path)

    def advance(self, by: timedelta) -> None:
        """Jump forward (or, with a negative length, back), keeping the speed."""
        self.set(self.now() + by, self._speed)

    async def sleep_until(self, moment: datetime | None, woken: asyncio.Event, most: float) -> None:
        """Return at the shown `moment`; a jump of the clock is noticed within 50 ms."""
        loop = asyncio.get_running_loop()
        end = loop.time() + most
        while (left := end - loop.time()) > 0:
            if moment is not None and moment <= self.now():
                return
            if await wait_for(woken, min(left, REHEARSAL_CHECK)):
                return

    def _read(self) -> None:
        try:
            state = os.stat(self._path)  # noqa: PTH116  (a Path object per look costs more)
        except FileNotFoundError:
            return
        stamp = (state.st_mtime_ns, state.st_ino)
        if stamp == self._stamp:
            return
        text = json.loads(self._path.read_text())
        self._real = datetime.fromisoformat(text["real"])
        self._shown = datetime.fromisoformat(text["shown"])
        self._speed = float(text["speed"])
        self._stamp = stamp
