"""`hotline contracts`: the published contracts, written from the code and held against it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from services.cli.reach import fail, told
from services.contracts import files
from services.contracts.api import api_of
from services.roles import Role

Folder = Annotated[Path, typer.Option(help="Where they are kept.")]
DOCS = Path("docs/contracts")


def contract_commands(roles: Sequence[Role]) -> typer.Typer:
    """Return the commands about what these roles promise."""
    contracts = typer.Typer(
        no_args_is_help=True, help="Write the published contracts, check and release them."
    )

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
            wrong = [
                f"{each} is not what the code says" for each in files.differing(files.contracts(), folder)
            ]
            broken = files.breaks_of_released(folder, api_of(roles))
        wrong += [f"{each}. That breaks what was released" for each in broken]
        for each in wrong:
            typer.echo(each)
        if wrong:
            fail(f"{len(wrong)} faults; `hotline contracts write` writes the files anew.")
        typer.echo("The contracts are what the code says, and break nothing.")

    @contracts.command("release")
    def release_contracts(folder: Folder = DOCS) -> None:
        """Promise today's events and API from now on, unless one breaks what was promised."""
        with told():
            files.release(folder, api_of(roles))
        typer.echo(f"Released in {folder / files.RELEASED} and {files.RELEASED_API}")

    return contracts
