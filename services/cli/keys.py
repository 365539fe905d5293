"""`hotline keys`: API keys, made, listed and revoked while the service runs."""

import json
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from services.cli.reach import Data, Json, opened, run
from services.departments import check_known
from services.resources import Resources, open_resources
from services.security import CallerRole, KeyStore
from services.settings import Settings

FIRST = (CallerRole.AGENT, CallerRole.SUPERVISOR, CallerRole.ADMIN)

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")


@keys.command("add")
def add_key(
    role: Annotated[CallerRole, typer.Option(help="What its holder may do.")],
    department: Annotated[str | None, typer.Option(help="The department, for role department.")] = None,
    name: Annotated[str | None, typer.Option(help="Who holds it. [default: the role]")] = None,
    person: Annotated[
        str | None, typer.Option(help="Whose it alone is: all keys of a person count as one of two people.")
    ] = None,
    post: Annotated[str | None, typer.Option(help="That person's post.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a key and print it, this once; only its hash is stored."""
    if (role is CallerRole.DEPARTMENT) != (department is not None):
        raise typer.BadParameter("--department goes with --role department, and only with it")
    if (person is None) != (post is None):
        raise typer.BadParameter("--person and --post go together")

    async def work() -> tuple[UUID, str]:
        async with opened(data) as resources, resources.database.transaction() as connection:
            if department is not None:
                await check_known(department, connection)
            return await _add(connection, resources, name or str(role), role, department, person, post)

    key_id, key = run(work)
    shown = {"id": str(key_id), "role": str(role), "department": department, "key": key}
    typer.echo(json.dumps(shown, ensure_ascii=False) if as_json else key)


@keys.command("list")
def list_keys(data: Data = None, as_json: Json = False) -> None:
    """List keys: who holds them, not the keys themselves."""

    async def work() -> list[dict[str, str | None]]:
        async with opened(data) as resources, resources.database.transaction() as connection:
            rows = await KeyStore(connection, "").all()
        return [
            {
                "id": str(row.id),
                "name": row.name,
                "role": row.role,
                "department": row.department,
                "person": row.person,
                "post": row.post,
                "created_at": row.created_at.isoformat(),
                "revoked_at": row.revoked_at and row.revoked_at.isoformat(),
            }
            for row in rows
        ]

    found = run(work)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    typer.echo(f"{'ID':<36}  {'STATE':<7}  {'ROLE':<10}  HOLDER")
    for row in found:
        state = "revoked" if row["revoked_at"] else "open"
        typer.echo(
            f"{row['id']}  {state:<7}  {row['role']:<10}  {row['department'] or row['name']}{_whose(row)}"
        )


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[UUID, typer.Argument(help="As `keys list` shows it.")], data: Data = None
) -> None:
    """Revoke a key; running processes stop taking it within five seconds."""

    async def work() -> None:
        async with opened(data) as resources, resources.database.transaction() as connection:
            await KeyStore(connection, "").revoke(key_id, resources.clock.now())

    run(work)
    typer.echo("Revoked.")


def _whose(row: dict[str, str | None]) -> str:
    """Return whose a key is, to be shown behind who holds it."""
    known = [each for each in (row["person"], row["post"]) if each]
    return f" ({', '.join(known)})" if known else ""


async def first_keys(settings: Settings) -> Sequence[tuple[str, str]]:
    """Make a first set of keys, all or none, when there is none yet; return them by name."""
    async with open_resources(settings) as resources, resources.database.transaction() as connection:
        if await KeyStore(connection, "").all():
            return []
        return [(str(role), (await _add(connection, resources, "first", role, None))[1]) for role in FIRST]


async def _add(
    connection: AsyncConnection,
    resources: Resources,
    name: str,
    role: CallerRole,
    department: str | None,
    person: str | None = None,
    post: str | None = None,
) -> tuple[UUID, str]:
    store = KeyStore(connection, resources.settings.api_key_pepper.get_secret_value())
    return await store.add(name, role, department, resources.clock.now(), person, post)
