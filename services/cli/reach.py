"""How a command reaches the service: its settings, its database, its errors."""

import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import uvloop
from pydantic import ValidationError
from pydantic_settings import SettingsError

from schemas.errors import HotlineError, Misconfigured
from schemas.problem import what_is_wrong
from services.postgres import running_url
from services.resources import Resources, open_resources
from services.settings import Settings

FAILED = 1
INTERRUPTED = 130

CLOCK_FILE = "clock.json"

Data = Annotated[
    Path | None, typer.Option(help="Folder of the embedded service. [default: var, or HOTLINE_DATA]")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

T = TypeVar("T")


def settings_of(data: Path | None) -> Settings:
    """Return the settings with the data folder a command names; raises `Misconfigured` when it is a file."""
    settings = Settings() if data is None else Settings(data=data)
    folder = settings.data.resolve()
    if folder.exists() and not folder.is_dir():
        raise Misconfigured(f"{folder} is not a folder. Choose another with --data, or HOTLINE_DATA.")
    return settings.model_copy(update={"data": folder})


def reach(data: Path | None) -> Settings:
    """
    Return settings that lead to a database: the configured one, or a running embedded one.

    Raises `Misconfigured` when neither is there. A rehearsal's clock is followed.
    """
    settings = settings_of(data)
    if settings.database_url is not None:
        return settings
    url = running_url(settings.data)
    if url is None:
        raise Misconfigured(
            f"No service runs on {settings.data}. Start one with `hotline up`, or set HOTLINE_DATABASE_URL."
        )
    return with_database(settings, url)


def with_database(settings: Settings, url: str) -> Settings:
    """Return settings that use this database, and the rehearsal's clock if one is set there."""
    found = settings.data / CLOCK_FILE
    clock = settings.rehearsal_clock or (found if found.exists() else None)
    return Settings(**{**_given(settings), "database_url": url, "rehearsal_clock": clock})


def _given(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in Settings.model_fields}


@asynccontextmanager
async def opened(data: Path | None) -> AsyncIterator[Resources]:
    """Yield the resources of the service a command reaches."""
    async with open_resources(reach(data)) as resources:
        yield resources


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a command's work in an event loop."""
    with told():
        return uvloop.run(work())


@contextmanager
def told() -> Iterator[None]:
    """Turn errors into one line on stderr and an exit code."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except Exception as fault:
        first = _first(fault)
        if isinstance(first, ValidationError):
            place = "__".join(str(each) for each in first.errors()[0]["loc"]).upper()
            fail(f"HOTLINE_{place}: {what_is_wrong(first.errors()[0])}.")
        if isinstance(first, (HotlineError, SettingsError, OSError)):
            fail(str(first))
        raise


def fail(message: str) -> None:
    """Say what is wrong and end the command."""
    sys.stderr.write(f"hotline: {message}\n")
    raise typer.Exit(FAILED)


def _first(fault: BaseException) -> BaseException:
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault
