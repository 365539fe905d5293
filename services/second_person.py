"""What takes two people is not done by one with two keys."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.tables import api_keys


async def one_person(connection: AsyncConnection, actor: str, *others: str) -> bool:
    """
    Say whether an actor, as histories name it, is one person with any of the others.

    Keys that name a person are that person's, whatever their roles and names; one that names none is
    told from others by role and name.
    """
    if actor in others:
        return True
    mine = await _people(connection, actor)
    return any([mine & await _people(connection, other) for other in others])


async def _people(connection: AsyncConnection, actor: str) -> frozenset[str]:
    role, _, name = actor.partition(":")
    whose = select(func.coalesce(api_keys.c.person, actor)).where(
        api_keys.c.role == role, func.coalesce(api_keys.c.department, api_keys.c.name) == name
    )
    return frozenset((await connection.scalars(whose)).all())
