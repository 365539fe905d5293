"""`hotline contracts`: the published contracts, written from the code and held against it."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.reach import fail, told
from services.contracts import files

Folder = Annotated[Path, typer.Option(help="Where they are kept.")]
DOCS = Path("docs/contracts")

contracts = typer.Typer(no_args_is_help=True, help="Write the published contracts, check and release them.")


@contracts.command("write")
def write_contracts(folder: Folder = DOCS) -> None:
    """Write what the code says today: JSON Schemas and asyncapi.json."""
    written = files.contracts()
    files.write(written, folder)
    typer.echo(f"{len(written)} files in {folder}")


@contracts.command("check")
def check_contracts(folder: Folder = DOCS) -> None:
    """Exit with 1 when a file is not what the code says, or what was released is broken."""
    with told():
        wrong = [f"{each} is not what the code says" for each in files.differing(files.contracts(), folder)]
        wrong += [f"{each}. That breaks what was released" for each in files.breaks_of_released(folder)]
    for each in wrong:
        typer.echo(each)
    if wrong:
        fail(f"{len(wrong)} faults; `hotline contracts write` writes the files anew.")
    typer.echo("The contracts are what the code says, and break nothing.")


@contracts.command("release")
def release_contracts(folder: Folder = DOCS) -> None:
    """Promise today's schemas of events from now on, unless one breaks what was promised."""
    with told():
        files.release(folder)
    typer.echo(f"Released in {folder / files.RELEASED}")
