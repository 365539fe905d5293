"""`hotline dead-letters`: events no consumer could handle, shown and brought back."""

import json
from dataclasses import asdict

import typer

from services.bus.deadletters import DeadLetter, dead_letters_of
from services.cli.reach import Data, Json, opened, run

dead_letters = typer.Typer(no_args_is_help=True, help="Show events set apart, and bring them back.")


@dead_letters.command("list")
def list_dead_letters(data: Data = None, as_json: Json = False) -> None:
    """List what was set apart, with the consumer, the error code and the reason."""

    async def work() -> list[DeadLetter]:
        async with opened(data) as resources:
            return await dead_letters_of(resources).all()

    found = run(work)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False))
        return
    for each in found:
        typer.echo(
            f"{each.event_id}  {each.ticket}  {each.type}  {each.consumer}  {each.code}  {each.reason}"
        )
    typer.echo(f"{len(found)} dead letters")


@dead_letters.command("replay")
def replay_dead_letters(data: Data = None) -> None:
    """Give every dead letter to the bus again; consumers that had handled it skip it."""

    async def work() -> int:
        async with opened(data) as resources:
            return await dead_letters_of(resources).replay()

    typer.echo(f"{run(work)} brought back")
