"""The time, and waiting for a moment; moved by a rehearsal for every process at once."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.clock import HELD_SECONDS, RehearsalClock, SystemClock, rest_until, wait_for, wall_clock
from tests.command_line import app

LONG = 3600.0
SOON = 30.0
LATE = datetime(2027, 2, 5, 9, 0, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clock.json"


def shows(clock: RehearsalClock, moment: datetime) -> bool:
    return moment <= clock.now() < moment + A_MINUTE


def test_real_time_is_aware_and_in_utc() -> None:
    assert wall_clock().utcoffset() == SystemClock().now().utcoffset() == timedelta()


async def test_a_sleeper_wakes_at_its_moment() -> None:
    clock = SystemClock()
    moment = clock.now() + timedelta(milliseconds=50)
    async with asyncio.timeout(SOON):
        await clock.sleep_until(moment, asyncio.Event(), LONG)
    assert clock.now() >= moment - timedelta(milliseconds=5)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=400)])
async def test_a_moment_that_has_passed_is_not_waited_for(file: Path, late: timedelta) -> None:
    for clock in (SystemClock(), RehearsalClock(file)):
        async with asyncio.timeout(SOON):
            await clock.sleep_until(clock.now() - late, asyncio.Event(), LONG)


async def test_a_bell_wakes_a_sleeper_and_is_then_quiet(file: Path) -> None:
    for clock in (SystemClock(), RehearsalClock(file)):
        bell = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, bell.set)
        async with asyncio.timeout(SOON):
            await clock.sleep_until(None, bell, LONG)
        assert not bell.is_set()


async def test_a_bell_that_rang_before_is_heard(file: Path) -> None:
    for clock in (SystemClock(), RehearsalClock(file)):
        bell = asyncio.Event()
        bell.set()
        async with asyncio.timeout(SOON):
            await clock.sleep_until(clock.now() + timedelta(days=1), bell, LONG)


async def test_nobody_sleeps_longer_than_the_most(file: Path) -> None:
    for clock in (SystemClock(), RehearsalClock(file)):
        async with asyncio.timeout(SOON):
            await clock.sleep_until(clock.now() + timedelta(days=1), asyncio.Event(), 0.05)
            await clock.sleep_until(None, asyncio.Event(), 0.05)


async def test_waiting_says_whether_it_was_woken() -> None:
    bell = asyncio.Event()
    assert not await wait_for(bell, 0.01)
    assert not await wait_for(bell, -1)
    bell.set()
    assert await wait_for(bell, -1)


def test_without_its_file_a_rehearsal_shows_real_time(file: Path) -> None:
    assert shows(RehearsalClock(file), wall_clock() - timedelta(seconds=1))


def test_every_process_that_follows_the_file_shows_the_moved_time(file: Path) -> None:
    ours, theirs = RehearsalClock(file), RehearsalClock(file)
    ours.set(LATE)
    assert shows(ours, LATE)
    assert shows(theirs, LATE)
    theirs.advance(timedelta(days=1))
    assert shows(ours, LATE + timedelta(days=1))
    ours.advance(timedelta(days=-2))
    assert shows(theirs, LATE - timedelta(days=1))


def test_a_process_that_starts_later_shows_the_same_time(file: Path) -> None:
    RehearsalClock(file).set(LATE)
    assert shows(RehearsalClock(file), LATE)


def test_time_runs_at_the_speed_that_is_set(file: Path) -> None:
    clock = RehearsalClock(file)
    set_at = wall_clock() - timedelta(seconds=10)
    file.write_text(json.dumps({"real": set_at.isoformat(), "shown": LATE.isoformat(), "speed": 600}))
    before, shown, after = wall_clock(), clock.now(), wall_clock()
    assert LATE + 600 * (before - set_at) <= shown <= LATE + 600 * (after - set_at)
    clock.set(LATE, speed=0)
    assert clock.now() == clock.now() == LATE


def test_a_jump_keeps_the_speed(file: Path) -> None:
    clock = RehearsalClock(file)
    clock.set(LATE, speed=0)
    clock.advance(timedelta(hours=1))
    assert clock.now() == LATE + timedelta(hours=1)


async def test_a_jump_wakes_who_sleeps_until_a_moment_before_it(file: Path) -> None:
    ours, theirs = RehearsalClock(file), RehearsalClock(file)
    ours.set(LATE)
    sleeper = asyncio.create_task(ours.sleep_until(LATE + timedelta(days=7), asyncio.Event(), LONG))
    done, _ = await asyncio.wait([sleeper], timeout=0.2)
    assert not done
    theirs.advance(timedelta(days=7))
    async with asyncio.timeout(SOON):
        await sleeper


def test_nobody_ever_reads_half_a_file(file: Path) -> None:
    ours, theirs = RehearsalClock(file), RehearsalClock(file)
    for minute in range(300):
        ours.set(LATE + timedelta(minutes=minute), speed=0)
        assert LATE <= theirs.now() <= LATE + timedelta(minutes=minute)
    assert [each.name for each in file.parent.iterdir()] == ["clock.json"]


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=400)])
async def test_a_loop_that_could_take_nothing_of_what_is_due_rests_before_it_looks_again(
    late: timedelta,
) -> None:
    clock, loop = SystemClock(), asyncio.get_running_loop()
    begun = loop.time()
    looked_at = clock.now()
    await rest_until(clock, looked_at, looked_at - late, asyncio.Event(), LONG)
    assert HELD_SECONDS - 0.01 <= loop.time() - begun < SOON


class Asked(SystemClock):
    """Real time, that notes until when somebody would sleep and lets nobody wait."""

    until: datetime | None
    most: float

    async def sleep_until(self, moment: datetime | None, woken: asyncio.Event, most: float) -> None:
        self.until, self.most = moment, most


async def test_what_fell_due_after_a_loop_had_looked_does_not_wait() -> None:
    clock = Asked()
    looked_at = clock.now() - timedelta(seconds=1)
    fell_due = looked_at + timedelta(milliseconds=1)
    await rest_until(clock, looked_at, fell_due, asyncio.Event(), LONG)
    assert (clock.until, clock.most) == (fell_due, LONG)


def moved(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["clock", "--data", str(folder), *arguments], prog_name="hotline")


def test_a_rehearsals_time_is_moved_ahead_by_command_and_never_back(file: Path) -> None:
    clock = RehearsalClock(file)
    clock.set(LATE)
    said = moved(file.parent, "--by", "3d")
    assert said.exit_code == 0, said.output
    assert shows(clock, LATE + timedelta(days=3))
    assert said.stdout.startswith("2027-02-08T17:00:0")  # as it is in the city
    assert moved(file.parent, "--to", "2027-03-01T08:30").exit_code == 0
    assert shows(clock, datetime(2027, 3, 1, 0, 30, tzinfo=UTC))
    assert moved(file.parent, "--to", "2027-02-01T08:30").exit_code == 1
    assert moved(file.parent, "--by", "a while").exit_code == 2
    assert shows(clock, datetime(2027, 3, 1, 0, 30, tzinfo=UTC))


def test_time_that_is_no_rehearsals_is_not_moved(tmp_path: Path) -> None:
    refused = moved(tmp_path, "--by", "1d")
    assert refused.exit_code == 1
    assert "--rehearsal" in refused.output
    assert list(tmp_path.iterdir()) == []
