"""`hotline pg`: PostgreSQL's own programs on the service's database: psql, pg_dump, pg_restore."""

import os
from typing import Annotated

import typer
from sqlalchemy import make_url

from schemas.errors import Misconfigured
from services.cli.reach import Data, reach, told
from services.postgres.binaries import find_binaries
from services.resources import database_url


def run_program(
    program: Annotated[str, typer.Argument(help="psql, pg_dump, pg_restore …")],
    arguments: Annotated[list[str] | None, typer.Argument(help="What it is told.")] = None,
    data: Data = None,
) -> None:
    """
    Run one of PostgreSQL's programs on the service's database, as in `hotline pg psql`.

    Its options are handed on; after `--` also those this command has itself.
    """
    with told():
        path = find_binaries() / program
        if os.sep in program or not path.exists():
            raise Misconfigured(f"PostgreSQL has no program {program}.")
        url = make_url(database_url(reach(data)))
        place = {
            "PGHOST": url.host or url.query.get("host"),
            "PGPORT": url.port,
            "PGUSER": url.username,
            "PGPASSWORD": url.password,
            "PGDATABASE": url.database,
        }
        given = {name: str(value) for name, value in place.items() if value is not None}
        os.execve(path, [program, *(arguments or [])], {**os.environ, **given})  # noqa: S606
