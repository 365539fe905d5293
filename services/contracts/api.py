"""The API's description, of an app that is never served and opens nothing."""

from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr

from services.http import create_app
from services.resources import open_resources
from services.role import backing
from services.roles import Role, introduce
from services.settings import Settings

NOWHERE = SecretStr("postgresql+asyncpg://nowhere/none")


async def described(roles: Sequence[Role]) -> dict[str, Any]:
    """Return the description of an API with every face of these roles."""
    every = [*roles, backing]
    async with open_resources(Settings(database_url=NOWHERE)) as resources:
        introduce(every, resources)
        return create_app([face for role in every for face in role.faces], resources).openapi()
