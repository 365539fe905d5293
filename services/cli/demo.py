"""`hotline demo`: a realistic day of Haikou against a running service."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console

from schemas.errors import Misconfigured
from services.cli.reach import Data, Json, opened, run, settings_of
from services.demo.play import Play


def play_demo(
    speed: Annotated[float, typer.Option(min=1, help="How many times as fast as life.")] = 600,
    hours: Annotated[float, typer.Option(min=0.01, help="How much of a day to play.")] = 24,
    scale: Annotated[float, typer.Option(min=0.001, help="Share of Haikou's calls.")] = 1.0,
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

    async def work() -> dict[str, Any]:
        async with opened(data) as resources:
            file = settings_of(data).data / "url"
            address = url or (file.read_text() if file.exists() else None)
            if address is None:
                raise Misconfigured("Say with --url where the service is.")
            play = Play(hours, speed, scale, seed)
            summary = await play.run(address, resources, Console(stderr=as_json))
            return {"sent": play.sent, "refused": play.refused, **summary}

    closing = run(work)
    if as_json:
        typer.echo(json.dumps(closing, ensure_ascii=False))
