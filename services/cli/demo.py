"""`hotline demo`: a realistic day of Haikou against a running service."""

import json
from datetime import time
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from schemas.errors import Misconfigured, Unavailable
from services.cli.reach import Data, Json, opened, run, settings_of
from services.demo.play import Play


def play_demo(
    speed: Annotated[float, typer.Option(min=1, help="How many times as fast as life.")] = 600,
    hours: Annotated[float, typer.Option(min=0.01, help="How much of a day to play.")] = 24,
    scale: Annotated[float, typer.Option(min=0.001, help="Share of Haikou's calls.")] = 1.0,
    begins: Annotated[
        str, typer.Option(metavar="HH:MM", help="When, the next weekday, where the time may be moved.")
    ] = "08:00",
    seed: Annotated[int, typer.Option(help="The same seed plays the same day.")] = 1,
    url: Annotated[str | None, typer.Option(help="The service. [default: the embedded one]")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """
    Play a day of calls, with departments that sign, return, answer late or not at all.

    Needs a service that runs; start it with `up --rehearsal` to see its clock,
    and so its cards, run at the same speed.
    """
    try:
        first = time.fromisoformat(begins)
    except ValueError:
        raise typer.BadParameter("a time of day has the form HH:MM", param_hint="--begins") from None

    async def work() -> dict[str, Any]:
        async with opened(data) as resources:
            file = settings_of(data).data / "url"
            address = url or (file.read_text() if file.exists() else None)
            if address is None:
                raise Misconfigured("Say with --url where the service is.")
            play = Play(first, hours, speed, scale, seed)
            try:
                return await play.run(address, resources, Console(stderr=as_json))
            except httpx.HTTPError as fault:
                raise Unavailable(f"The service at {address} does not answer: {fault}") from fault

    closing = run(work)
    if as_json:
        typer.echo(json.dumps(closing, ensure_ascii=False))
