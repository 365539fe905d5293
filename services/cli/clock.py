"""`hotline clock`: see and move the time of a rehearsal."""

import re
from datetime import datetime, timedelta
from typing import Annotated

import typer

from schemas.errors import Misconfigured
from services.cli.reach import CLOCK_FILE, Data, settings_of, told
from services.clock import RehearsalClock
from services.settings import Settings

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_LENGTH = re.compile(r"([0-9]{1,4})([mhd])")


def move_clock(
    by: Annotated[str | None, typer.Option(help="How far ahead: 90m, 8h, 3d.")] = None,
    to: Annotated[
        datetime | None, typer.Option(help="Till when, in the city's time.", formats=["%Y-%m-%dT%H:%M"])
    ] = None,
    data: Data = None,
) -> None:
    """
    Show the time of a rehearsal, after it was moved ahead if --by or --to says so.

    Needs `up --rehearsal` on that data folder; what falls due meanwhile happens at once.
    """
    if by is not None and to is not None:
        raise typer.BadParameter("say --by or --to")
    ahead = _length(by)
    with told():
        settings = settings_of(data)
        clock = _clock(settings)
        now = clock.now()
        wanted = to.replace(tzinfo=settings.zone) if to else now + ahead
        if wanted < now:
            raise Misconfigured(
                "A rehearsal's time is only moved ahead: its tickets would be dated in the future."
            )
        if wanted > now:
            clock.advance(wanted - now)
        typer.echo(clock.now().astimezone(settings.zone).isoformat(timespec="seconds"))


def _length(by: str | None) -> timedelta:
    found = _LENGTH.fullmatch(by or "0m")
    if found is None:
        raise typer.BadParameter("a length is like 90m, 8h or 3d", param_hint="--by")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _clock(settings: Settings) -> RehearsalClock:
    """Return the clock that is followed there; raises `Misconfigured` where time cannot be moved."""
    file = settings.rehearsal_clock or settings.data / CLOCK_FILE
    if not file.exists():
        raise Misconfigured(f"No rehearsal runs on {settings.data}: start one with `hotline up --rehearsal`.")
    return RehearsalClock(file)
